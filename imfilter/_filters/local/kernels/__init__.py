"""Pixel loops of the family. They import only `imfilter._simd` and each other."""
