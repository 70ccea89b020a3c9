"""Coaching's batch side: what the strongest agents do differently."""
