"""imfilter against OpenCV, SciPy and scikit-image, in one process: `python -m benchmarks`."""
