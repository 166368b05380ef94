"""Tests of resizing and of pyramids."""
