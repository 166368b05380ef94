"""Tests of restoration."""
