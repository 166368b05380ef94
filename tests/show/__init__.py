"""Tests of pictures of kernels, feature maps and patches."""
