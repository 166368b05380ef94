"""Kernels learned from examples, by least squares over windows of an image."""
