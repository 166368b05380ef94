"""Morphology: the shapes of objects.

Objects are the samples that are not 0. `distance` measures how far each is from the background. `skeleton`
and `thin` reduce objects to lines.

Examples
--------
>>> import imfilter
>>> imfilter.morphology.distance([0, 1, 1, 1, 1, 0])
array([0., 1., 2., 2., 1., 0.], dtype=float32)
"""

from imfilter.morphology.distances import distance
from imfilter.morphology.thinning import skeleton, thin

__all__ = [
    "distance",
    "skeleton",
    "thin",
]
