"""Tests of the scripts in samples/."""
