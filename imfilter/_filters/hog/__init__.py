"""Histograms of oriented gradients: votes of pixels, cells, and normalised blocks of cells."""
