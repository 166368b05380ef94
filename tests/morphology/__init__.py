"""Tests of morphology."""
