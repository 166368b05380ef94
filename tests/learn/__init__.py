"""Tests of kernels fitted to data."""
