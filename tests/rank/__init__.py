"""Tests of medians, percentiles, minima and maxima."""
