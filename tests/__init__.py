"""Tests of imfilter."""
