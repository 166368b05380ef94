"""Erosion, dilation and what is made of them, for flat elements and elements with weights."""
