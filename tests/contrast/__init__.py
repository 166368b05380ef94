"""Tests of contrast-limited adaptive histogram equalisation."""
