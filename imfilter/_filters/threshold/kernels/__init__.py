"""Compiled loops of thresholds: histograms, their best classes, their smoothing, and local thresholds."""
