"""Thresholds, which divide an image into foreground and background: ``image > threshold``.

A threshold of the whole image is a number: `otsu`, `li`, `yen`, `triangle`, `isodata`, `minimum` and `mean`.
`multi_otsu` returns several. A threshold for each sample is an array: `niblack`, `sauvola` and `local`.

Examples
--------
>>> import imfilter
>>> import numpy as np
>>> image = np.array([10, 11, 80, 12, 90], np.uint8)
>>> image > imfilter.threshold.otsu(image)
array([False, False,  True, False,  True])
"""

from typing import NoReturn

from imfilter.threshold.classes import li, multi_otsu, otsu, yen
from imfilter.threshold.neighbourhoods import local, niblack, sauvola
from imfilter.threshold.shapes import isodata, mean, minimum, triangle

__all__ = [
    "isodata",
    "li",
    "local",
    "mean",
    "minimum",
    "multi_otsu",
    "niblack",
    "otsu",
    "sauvola",
    "triangle",
    "yen",
]


def __getattr__(name: str) -> NoReturn:
    from imfilter._base.suggestions import attribute_error

    raise attribute_error(__name__, name, __all__)
