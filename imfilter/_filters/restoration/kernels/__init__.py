"""Loops of the rolling ball."""
