"""Corners: the structure tensor and its measures, and peaks at a distance from each other."""
