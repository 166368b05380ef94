"""Tests of histograms of oriented gradients."""
