"""Compiled loops of thresholds: histograms, the best classes of a histogram, its smoothing, local thresholds."""
