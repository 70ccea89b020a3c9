"""Micro-coaching and self-assessment: what an agent is told after a contact, and what an agent is asked before the score."""
