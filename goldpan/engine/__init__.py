"""DOOR: THE CLOCK. Durable execution of jobs on DBOS: what starts, repeats, recovers and stops their work."""
