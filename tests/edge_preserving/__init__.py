"""Tests of the bilateral and the guided filter."""
