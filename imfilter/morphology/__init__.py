"""Morphology: reconstruction, holes, the border, extrema, areas and patterns.

Examples
--------
>>> from imfilter import morphology
>>> morphology.fill_holes([True, False, True, False])
array([ True,  True,  True, False])
"""

from imfilter.morphology.geodesic import clear_border, fill_holes, reconstruction
from imfilter.morphology.patterns import hit_or_miss
from imfilter.morphology.regional import h_maxima, h_minima, local_maxima, local_minima
from imfilter.morphology.sizes import area_closing, area_opening

__all__ = [
    "area_closing",
    "area_opening",
    "clear_border",
    "fill_holes",
    "h_maxima",
    "h_minima",
    "hit_or_miss",
    "local_maxima",
    "local_minima",
    "reconstruction",
]
