"""Morphology: erosion and dilation, reconstruction, regions, distances and thinning.

Grey and binary images have the same functions: an image of bool gives bool. An element is an array of 0
and 1, such as `disk`, `ball`, `diamond`, `octagon`, `rectangle`, `line` and `star` return. Its origin is at
``length // 2`` along each axis. Samples beyond the border do not count: the default is ``mode="shrink"``.

`reconstruction` grows a seed below a limit. `fill_holes`, `clear_border`, `h_maxima`, `local_maxima`,
`area_opening` and their opposites find, keep or remove regions. `distance` measures how far each sample that
is not 0 is from the nearest 0. `skeleton` and `thin` reduce objects to lines.

Examples
--------
>>> import numpy as np
>>> from imfilter import morphology
>>> morphology.opening(np.array([0, 5, 0, 7, 7, 7, 0]), np.ones(3))
array([0, 0, 0, 7, 7, 7, 0])
"""

from typing import NoReturn

from imfilter.morphology.differences import black_tophat, gradient, white_tophat
from imfilter.morphology.distances import distance
from imfilter.morphology.elements import Element, ball, diamond, disk, line, octagon, rectangle, star
from imfilter.morphology.geodesic import clear_border, fill_holes, reconstruction
from imfilter.morphology.grey import dilation, erosion
from imfilter.morphology.openings import closing, opening
from imfilter.morphology.patterns import hit_or_miss
from imfilter.morphology.regional import h_maxima, h_minima, local_maxima, local_minima
from imfilter.morphology.sizes import area_closing, area_opening
from imfilter.morphology.thinning import skeleton, thin

__all__ = [
    "Element",
    "area_closing",
    "area_opening",
    "ball",
    "black_tophat",
    "clear_border",
    "closing",
    "diamond",
    "dilation",
    "disk",
    "distance",
    "erosion",
    "fill_holes",
    "gradient",
    "h_maxima",
    "h_minima",
    "hit_or_miss",
    "line",
    "local_maxima",
    "local_minima",
    "octagon",
    "opening",
    "reconstruction",
    "rectangle",
    "skeleton",
    "star",
    "thin",
    "white_tophat",
]


def __getattr__(name: str) -> NoReturn:
    from imfilter._base.suggestions import attribute_error

    raise attribute_error(__name__, name, __all__)
