"""Declared studies as assets: what did coaching change?"""
