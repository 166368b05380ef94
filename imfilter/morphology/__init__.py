"""Morphology: erosion, dilation and what is made of them.

Grey and binary images have the same functions: an image of bool gives bool. An element is an array of 0
and 1, such as `disk`, `ball`, `diamond`, `octagon`, `rectangle`, `line` and `star` return. Its origin is at
``length // 2`` along each axis.

`distance` measures how far each sample that is not 0 is from the nearest 0. `skeleton` and `thin` reduce
objects to lines.

Samples beyond the border do not count: the default is ``mode="shrink"``.

Examples
--------
>>> import numpy as np
>>> from imfilter import morphology
>>> morphology.opening(np.array([0, 5, 0, 7, 7, 7, 0]), np.ones(3))
array([0, 0, 0, 7, 7, 7, 0])
"""

from imfilter.morphology.differences import black_tophat, gradient, white_tophat
from imfilter.morphology.distances import distance
from imfilter.morphology.elements import Element, ball, diamond, disk, line, octagon, rectangle, star
from imfilter.morphology.grey import dilation, erosion
from imfilter.morphology.openings import closing, opening
from imfilter.morphology.thinning import skeleton, thin

__all__ = [
    "Element",
    "ball",
    "black_tophat",
    "closing",
    "diamond",
    "dilation",
    "disk",
    "distance",
    "erosion",
    "gradient",
    "line",
    "octagon",
    "opening",
    "rectangle",
    "skeleton",
    "star",
    "thin",
    "white_tophat",
]
