"""Tests of the pages that a reader sees: README, documentation and gallery."""
