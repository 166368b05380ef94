"""Morphology: reconstruction and what stands on it, in linear time, block by block."""
