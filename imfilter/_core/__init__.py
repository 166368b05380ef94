"""Decisions without pixel loops: checks, borders, dtypes, plans, threads and compilation."""
