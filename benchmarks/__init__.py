"""Comparison of imfilter with OpenCV, SciPy and scikit-image, in one process: `python -m benchmarks`."""
