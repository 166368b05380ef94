"""The arithmetic of convolution layers: products of blocks of an image with weights, and their gradients."""
