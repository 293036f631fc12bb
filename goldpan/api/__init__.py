"""DOOR: HTTP. Translates requests to operations and their results to shapes; decides nothing itself."""
