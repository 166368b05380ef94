"""Canny's edges: derivatives, suppression of non-maxima, and thresholds with hysteresis, row by row."""
