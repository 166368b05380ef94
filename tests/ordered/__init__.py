"""Tests of sums in the order of SciPy."""
