"""Tests of weighted sums of neighbours: correlation, its algorithms, and the filters made of it."""
