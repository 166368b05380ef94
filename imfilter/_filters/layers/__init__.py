"""The arithmetic of convolution layers: weighted sums over windows of an image, and their gradients."""
