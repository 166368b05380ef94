"""Tests of convolution layers and of stacks of them."""
