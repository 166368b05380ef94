"""Weighted sums and running means of float64 samples in a fixed order, without fused multiply-adds."""
