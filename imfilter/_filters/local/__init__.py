"""Statistics of windows: the variance and the entropy.

The image is cut into pieces. Each piece is copied with its border, so the loops see no border.
"""
