"""Compliance packs in shadow over what the lake holds."""
