"""Windows of functions that a user writes."""
