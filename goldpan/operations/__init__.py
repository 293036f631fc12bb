"""VERBS: everything a caller can ask; permission first, then one transaction. No HTTP, no clock, no environment."""
