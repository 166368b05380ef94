"""Tests of filters of series."""
