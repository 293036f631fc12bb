"""RULES: pure functions on frozen values; no clock, no randomness, no I/O, nothing from the rooms above."""
