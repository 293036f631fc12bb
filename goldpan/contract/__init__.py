"""WORDS: what the outside world sees of Goldpan; imports nothing of ours."""
