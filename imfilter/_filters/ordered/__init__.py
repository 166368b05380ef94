"""Sums in float64 in the order of the loops of `scipy.ndimage`, so that results have the same bits.

Correlations along one axis, over windows of any shape, and running means.
"""
