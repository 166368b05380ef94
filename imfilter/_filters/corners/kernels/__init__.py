"""Pixel loops of the family; they import `imfilter._simd` and each other alone."""
