"""Sums of images in which samples are absent.

An absent sample counts as the mean of the samples that are present in the window, weighted by the magnitudes
of the weights. With sums P and N over samples times how much they count, of the positive and the negative
weights, and p and n over how much they count, the result is ``P - N + (P + N)/(p + n) * (1 - p + n)``.
"""

import itertools
import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from imfilter._base.missing import Presence
from imfilter._filters.resampling.tables import Table

#: Sums samples in float64 with tables, and a constant beyond the border.
Summed = Callable[[npt.NDArray, tuple[Table, ...], float], npt.NDArray]


def resampled(
    image: npt.NDArray, presence: Presence, tables: tuple[Table, ...], cval: float, summed: Summed
) -> tuple[npt.NDArray, npt.NDArray[np.bool_]]:
    """Return the sums, and where too little is present."""
    counts = presence.at(image, ...)
    filled = np.where(counts > 0, image, image.dtype.type(0)).astype(np.float64) * counts
    counts = counts.astype(np.float64)
    total = {sign: _sums(filled, tables, cval, summed, sign) for sign in (True, False)}
    there = {sign: _sums(counts, tables, 1.0, summed, sign) for sign in (True, False)}
    size = _sums(np.ones(image.shape), tables, 1.0, summed, positive=True)
    size = size + _sums(np.ones(image.shape), tables, 1.0, summed, positive=False)
    present = there[True] + there[False]
    with np.errstate(all="ignore"):
        mean = (total[True] + total[False]) / present
        found = total[True] - total[False] + mean * (1 - there[True] + there[False])
    return found, ~(present > 0) | (present < presence.least(size))


def _sums(
    samples: npt.NDArray, tables: tuple[Table, ...], cval: float, summed: Summed, positive: bool
) -> npt.NDArray:
    """Return the sums of the magnitudes of the positive or the negative weights."""
    found: npt.NDArray | None = None
    for signs in itertools.product((1.0, -1.0), repeat=len(tables)):
        parts = tuple(table.of_sign(sign) for table, sign in zip(tables, signs, strict=True))
        if (math.prod(signs) > 0) == positive and all(p.weights.any() or p.constants.any() for p in parts):
            one = summed(samples, parts, cval)
            found = one if found is None else found + one
    if found is not None:
        return found
    return np.zeros(1)
