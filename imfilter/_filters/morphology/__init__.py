"""Morphology: erosion, dilation and what is made of them; distances, thinning, and reconstruction."""
