"""Thresholds: histograms of images, the criteria that choose a threshold, and local means and deviations."""
