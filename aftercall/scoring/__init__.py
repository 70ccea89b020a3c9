"""Turns to scores: scorecards, the fold, evidence, and the batch path that equals it."""
