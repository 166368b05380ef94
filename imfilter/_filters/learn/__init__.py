"""Learning of kernels from examples, by least squares over windows of an image."""
