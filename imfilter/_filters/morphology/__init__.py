"""Morphology of images: distances and thinning."""
