"""Equalisation of the histograms of tiles, with limited contrast."""
