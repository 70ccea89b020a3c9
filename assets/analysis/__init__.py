"""Answers from the marts: effect, handle-time split, behaviour trends."""
