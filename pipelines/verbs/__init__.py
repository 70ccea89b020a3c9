"""Verbs that need the checkout: run, demo, report."""
