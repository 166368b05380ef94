"""Filters of time series, causal or not: windows, means, medians, exponential means, and pipelines of them.

Every filter also takes one sample after the other.
"""
