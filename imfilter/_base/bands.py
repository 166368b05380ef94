"""Bands of an image: parts of the result that are computed by themselves, from the samples near them."""

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from imfilter._base import threads

#: Bytes of the samples of a band. Filters that make a few arrays of this size need less than 8 MB.
_BYTES = 1 << 20
#: A band is at least this number of times as long as the samples that are needed on each side of it.
_LONG = 8

#: The index of a part of an array.
Where = tuple[slice, ...]


class Band(NamedTuple):
    """The results of a band, the samples near it, and where the results are among those of these samples."""

    where: Where
    near: Where
    inner: Where


def of(shape: Sequence[int], itemsize: int, reach: Sequence[int]) -> list[Band]:
    """Return the bands of an image, or none if it is computed as a whole.

    reach: for each axis the number of samples on each side that a result depends on, or -1 if the axis is not
    cut. The samples near a band end at those of the image, so a border is where it is in the image.
    """
    if 0 in shape:
        return []
    least = {a: max(1, _LONG * far) for a, far in enumerate(reach) if far >= 0}
    other = {a: math.prod(shape) // shape[a] * itemsize for a in least}
    small = [a for a in least if other[a] * least[a] <= _BYTES] or sorted(
        least, key=lambda a: other[a] * least[a]
    )
    if not small:
        return []
    axis = small[0]
    n, far = shape[axis], reach[axis]
    number = n // max(_BYTES // other[axis], least[axis])
    if number < 2:
        return []
    found, before = [], (slice(None),) * axis
    for i in range(number):
        start, stop = n * i // number, n * (i + 1) // number
        first, last = max(start - far, 0), min(stop + far, n)
        inner = slice(start - first, stop - first)
        found.append(Band((*before, slice(start, stop)), (*before, slice(first, last)), (*before, inner)))
    return found


#: The results of an array, and where too few samples are present for a result; None: nowhere.
Found = tuple[npt.NDArray, npt.NDArray[np.bool_] | None]


def run(
    bands: list[Band],
    compute: Callable[[Band], Found],
    target: npt.NDArray,
    workers: int | None,
    *,
    wanted: bool,
) -> Found:
    """Write the results of all bands to `target`. ``compute(band)`` returns those of the samples near it.

    If not `wanted`, do not return where too few samples are present.
    """
    few = np.zeros(target.shape, bool) if wanted else None
    any_few = [False] * len(bands)

    def work(start: int, stop: int) -> None:
        for number in range(start, stop):
            band = bands[number]
            found, unknown = compute(band)
            target[band.where] = found[band.inner]
            if few is not None and unknown is not None:
                few[band.where] = unknown[band.inner]
                any_few[number] = bool(few[band.where].any())

    threads.run(work, len(bands), workers, max(1, len(bands) // 16))
    return target, few if any(any_few) else None
