"""Maxima, minima and means of windows, cells and whole images, with the window rules of PyTorch."""
