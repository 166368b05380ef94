"""Restoration: the background under a rolling ball, and deconvolution."""
