"""Tests of arrays of other libraries."""
