"""What is done to words: normalise, redact, find phrases. The same code for batch and live."""
