"""People beside the machine: agreement, disputes and edits, corrected means, the frozen panel, drift."""
