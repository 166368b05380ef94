"""Canny edges: derivatives, non-maximum suppression, and thresholds with hysteresis, row by row."""
