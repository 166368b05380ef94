"""Compiled loops of morphology: distances and thinning."""
