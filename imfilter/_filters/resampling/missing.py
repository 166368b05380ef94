"""Sums of images in which samples are absent.

An absent sample counts as the mean of the samples that are present in the window, weighted by the magnitudes
of the weights. With sums P and N over samples times how much they count, of the positive and the negative
weights, and p and n over how much they count, the result is ``P - N + (P + N)/(p + n) * (1 - p + n)``.
"""

import itertools
import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from imfilter._base.missing import Presence
from imfilter._filters.resampling.tables import Table

#: Sums samples in float64 with tables.
Summed = Callable[[npt.NDArray, tuple[Table, ...]], npt.NDArray]


class Place(NamedTuple):
    """The axes of the tables, and the number of axes of the image."""

    axes: tuple[int, ...]
    ndim: int


def resampled(
    image: npt.NDArray,
    presence: Presence,
    tables: tuple[Table, ...],
    place: Place,
    cval: float,
    summed: Summed,
) -> tuple[npt.NDArray, npt.NDArray[np.bool_]]:
    """Return the sums, and where too little is present. The constant beyond the border is present."""
    counts = presence.at(image, ...).astype(np.float64)
    filled = np.where(counts > 0, image, image.dtype.type(0)).astype(np.float64) * counts
    total: dict[bool, Any] = {True: 0.0, False: 0.0}
    there: dict[bool, Any] = {True: 0.0, False: 0.0}
    size: Any = 0.0
    for signs in itertools.product((1.0, -1.0), repeat=len(tables)):
        parts = tuple(table.of_sign(sign) for table, sign in zip(tables, signs, strict=True))
        whole, constant = _totals(parts, place)
        if whole.any():
            positive = math.prod(signs) > 0
            total[positive] = total[positive] + summed(filled, parts) + cval * constant
            there[positive] = there[positive] + summed(counts, parts) + constant
            size = size + whole
    present = there[True] + there[False]
    with np.errstate(all="ignore"):
        mean = (total[True] + total[False]) / present
        found = total[True] - total[False] + mean * (1 - there[True] + there[False])
    few = ~(present > 0) | (present < presence.least(size))
    return found, few


def _totals(parts: tuple[Table, ...], place: Place) -> tuple[npt.NDArray, npt.NDArray]:
    """Return the sum of the weights of each output, and the part of it that belongs to the constant."""
    whole, inside = np.ones((1,) * place.ndim), np.ones((1,) * place.ndim)
    for axis, table in zip(place.axes, parts, strict=True):
        shape = [-1 if a == axis else 1 for a in range(place.ndim)]
        output = np.repeat(np.arange(table.outputs), np.diff(table.starts))
        samples = np.bincount(output, table.weights, table.outputs)
        inside = inside * samples.reshape(shape)
        whole = whole * (samples + table.constants).reshape(shape)
    return whole, whole - inside
