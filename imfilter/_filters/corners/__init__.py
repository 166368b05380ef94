"""Corners: the structure tensor, its corner measures, and peaks at a minimum distance from each other."""
