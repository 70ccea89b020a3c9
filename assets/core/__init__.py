"""From received records to what they mean: interactions, legs, turns, people, coaching."""
