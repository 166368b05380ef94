"""Weighted sums of rows, and of columns in the lane layout."""
