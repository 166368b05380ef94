"""Maxima, minima and means of windows, cells and whole images, with the windows of PyTorch."""
