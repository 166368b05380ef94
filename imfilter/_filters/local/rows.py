"""Where the rows of a piece with its border are: in the image where possible, else in copies.

Rows beyond the upper and the lower border are rows of the image too, or a row of constants. Only columns at
the left and the right border are copied. Without copies of whole pieces, 61 x 61 takes 32.8 ms for 3840x2160
of float32 instead of 37.4, and 5 x 5 takes 13.8 ms instead of 15.0 (processor time of one thread beside other
work, Zen 4).
"""

import functools
import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from imfilter._base import missing
from imfilter._base.program import address
from imfilter._base.store import Store
from imfilter._filters.local.pieces import Cut, Frame, padded

_Addresses = npt.NDArray[np.int64]
#: Least number of bytes of the results of a piece. A smaller copy stays in the second-level cache.
LEAST = 1 << 20
#: Least share of the columns of a piece that must be in the image.
_SHARE = 0.5
#: Most rows of a piece whose places are kept for the next image: to find them takes 30 us.
_KEPT = 1 << 12


class Rows(NamedTuple):
    """The addresses of rows at the first column of a piece, by batch element, plane and row.

    Columns are samples of all channels. From column `low` on and before column `high`, the rows are `inside`
    the image. Neighbouring columns that are read together are read from the rows `before` if their first is
    before `low`, and from the rows `after` if their last is not before `high`, also if it is beyond the
    piece. There may be no memory at the first column of a row.
    """

    inside: _Addresses
    before: _Addresses
    after: _Addresses
    low: int
    high: int
    owners: tuple[npt.NDArray, ...]

    @classmethod
    def of(cls, piece: npt.NDArray) -> "Rows":
        """Return the rows of a contiguous copy of a piece with its border."""
        rows = _of_copy(piece)
        return cls(rows, rows, rows, 0, np.iinfo(np.int64).max, (piece,))


def _of_copy(piece: npt.NDArray) -> _Addresses:
    """Return the addresses of the rows of a contiguous array."""
    first, step = address(piece), piece.strides[2]
    return np.arange(first, first + step * piece[..., 0, 0].size, step)


def _places(
    frame: Frame, cut: Cut, steps: tuple[int, ...]
) -> tuple[_Addresses, npt.NDArray[np.bool_] | None]:
    """Return the bytes from the start of an array to its rows, and which rows are constants, if any."""
    b = steps[0] * np.arange(*cut.batch)
    z, y = (
        missing.rows_of(n, pad.before, pad.after, frame.mode, first, last + pad.before + pad.after)
        for n, pad, (first, last) in zip(frame.shape[1:3], frame.pads[:2], cut[1:3], strict=True)
    )
    found = b[:, None, None] + steps[1] * z[:, None] + steps[2] * y
    beyond = np.broadcast_to((z < 0)[:, None] | (y < 0), found.shape)
    places, of_constants = found.ravel(), beyond.ravel() if beyond.any() else None
    for kept in (places, of_constants):
        if kept is not None:
            kept.flags.writeable = False
    return places, of_constants


_known_places = functools.lru_cache(maxsize=256)(_places)


def readable(frame: Frame, array: npt.NDArray) -> bool:
    """Tell whether rows of an array, which is in the order of the frame, are read in place.

    A window over planes reads each row several times, so it needs a copy: 15 x 15 x 15 in 128x240x256 takes
    63 ms from the rows of the image, and 42 ms from copies (one thread, Zen 4).
    """
    size, n, channels = array.itemsize, *frame.shape[3:]
    *_, step, single = array.strides
    together = (single == size or channels == 1) and (step == size * channels or n == 1)
    return frame.sizes[0] == 1 and array.flags.aligned and together


def in_image(
    frame: Frame, cut: Cut, array: npt.NDArray, constant: float, together: int, store: Store
) -> Rows | None:
    """Return the rows of a piece of an array, which is in the order of the frame, or None.

    together: how many columns are read together.
    """
    size, kind, n, channels = array.itemsize, array.dtype, *frame.shape[3:]
    steps = array.strides[:3]
    if not readable(frame, array):
        return None
    pad, (start, stop) = frame.pads[2], cut.x
    wide = stop - start + pad.before + pad.after
    low, high = max(0, pad.before - start), n + pad.before - start
    if (min(high, wide) - low) * channels < max(_SHARE * wide * channels, together):
        return None
    count = math.prod(last - first + t for (first, last), t in zip(cut[:3], (0, *frame.sizes), strict=False))
    found, beyond = (_known_places if count <= _KEPT else _places)(frame, cut, tuple(steps))
    inside, owners = found + (address(array) + size * channels * (start - pad.before)), [array]
    if beyond is not None:
        row = store.array("constant row", (wide * channels + together,), kind)
        row.fill(constant)
        inside[beyond] = address(row)
        owners.append(row)
    before, after, more = inside, inside, -(-together // channels)
    if low:
        owners.append(padded(frame, cut, array, kind, constant, store, "before", (0, min(low + more, wide))))
        before = _of_copy(owners[-1])
    if (high - wide) * channels < together - 1:  # the last columns are read with others beyond the piece
        first = max(0, high - more)
        owners.append(padded(frame, cut, array, kind, constant, store, "after", (first, wide)))
        after = _of_copy(owners[-1]) - size * channels * first
    return Rows(inside, before, after, low * channels, high * channels, tuple(owners))
