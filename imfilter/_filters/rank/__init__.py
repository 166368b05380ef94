"""Ranks in windows: medians, percentiles, minima and maxima.

Algorithms: networks of comparisons, histograms of columns, counted bits, and counts of repeated samples.
"""
