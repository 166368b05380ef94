"""Tests of the functions with the names of other libraries."""
