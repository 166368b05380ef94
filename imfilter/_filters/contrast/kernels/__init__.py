"""Pixel loops of contrast-limited adaptive histogram equalisation."""
