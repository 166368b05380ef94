"""The kernels of morphology."""
