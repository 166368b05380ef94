"""Tests of Canny's edges and of thresholds with hysteresis."""
