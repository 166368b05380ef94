"""Filters of time series, causal or not: windows, means, medians, exponential means, and their pipelines.

Every filter can also process one sample at a time.
"""
