"""Tests of what holds for every filter: arguments, dtypes, borders, caches, threads, docstrings."""
