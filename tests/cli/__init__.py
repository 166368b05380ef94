"""Tests of the command, and how they run it."""
