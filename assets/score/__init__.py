"""Scoring every interaction that has no score of the present epoch."""
