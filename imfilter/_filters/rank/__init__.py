"""Rank filters: medians, percentiles, minima and maxima in windows.

Algorithms: sorting networks, histograms of columns, bit counts in sorted blocks, and counts of repeated
samples.
"""
