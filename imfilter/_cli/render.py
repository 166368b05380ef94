"""Conversion of filter results to the values of a file. The rule is the same for every image."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from imfilter._base import dtypes, tones

from .._files.fit import made_in_rows, saturated
from .._files.formats import Format
from .._files.image import full_scale
from . import reach

#: Largest reach of a filter for which a test edge is created.
_LONGEST_STEP = 1 << 19
#: Samples that are converted together. Their intermediate arrays stay in the second-level cache: a million
#: samples take 1.0 ms, and 2.0 ms or more as a whole.
_IN_CACHE = 1 << 16


def target_dtype(
    kind: Format, dtype: np.dtype[Any], wanted: str | None, *, scaled: bool, limits: bool = True
) -> np.dtype[Any] | None:
    """Return the type of the file, or None if the filter decides (``.npy``).

    It is the type of the input if the format supports it. Otherwise it is the nearest supported type. For
    floats, this requires that the values are `scaled` to the type. `limits` says whether the command has
    options for that.
    """
    if wanted is not None:
        if not kind.holds(wanted):
            raise ValueError(f"{kind.name} cannot hold {wanted}; it holds {', '.join(kind.dtypes)}")
        return np.dtype(wanted)
    if not kind.picture:
        return None
    if kind.holds(dtype):
        return dtype
    if dtype.kind == "b" or dtype == np.uint16:
        return np.dtype(np.uint8)
    if not scaled and not limits:
        raise ValueError(
            f"{kind.name} cannot hold {dtype}; give --dtype {' or '.join(kind.dtypes)} to round and "
            "saturate, or write .tif or .npy"
        )
    if not scaled:
        whole = f"or --dtype {' or '.join(kind.dtypes)} to round and saturate, "
        raise ValueError(
            f"{kind.name} cannot hold {dtype}; give --full-scale (the value of white, for example 1 or 255) "
            f"or --range LOW,HIGH (the values of black and white), {'' if dtype.kind == 'f' else whole}"
            "or write .tif or .npy"
        )
    return np.dtype(np.uint16 if kind.holds("uint16") else np.uint8)


def depth_scale(source: np.dtype[Any], target: np.dtype[Any]) -> float:
    """Return the scale factor between 8 and 16 bits. It is 1 for all other pairs."""
    if {source, target} == {np.dtype(np.uint8), np.dtype(np.uint16)}:
        return full_scale(target) / full_scale(source)
    return 1.0


class Tone(NamedTuple):
    """Conversion of a filter result to a value of the file.

    Parameters
    ----------
    target : dtype or None
        The type of the file. None: values are not changed.
    scale : float
        Factor, after `black` has been subtracted.
    black : float
        The value that becomes 0.
    signed : bool
        Move 0 to mid-grey, in integers.
    nodata : float or None
        The value of the file for NaN, if the type has it. None: NaN, and 0 in integers.
    """

    target: np.dtype[Any] | None
    scale: float = 1.0
    black: float = 0.0
    signed: bool = False
    nodata: float | None = None

    def of(self, values: NDArray[Any], *, magnitude: bool = False) -> NDArray[Any]:
        """Return the values of the file: scaled, rounded half to even and saturated.

        With `magnitude`, the absolute values are scaled, and `values` may be overwritten.
        """
        if self.target is None:
            return values
        hollow = 0.0
        if self.nodata is not None and dtypes.holds(self.target, self.nodata):
            hollow = self.nodata
        made = tones.scaled(
            values,
            self.target,
            black=self.black,
            factor=self.scale,
            offset=self._grey,
            hollow=hollow,
            magnitude=magnitude,
        )
        if made is not None:
            return made
        if not magnitude:
            return made_in_rows(values, self._of, _IN_CACHE)
        return made_in_rows(values, lambda rows: self._of(np.abs(rows, out=rows)), _IN_CACHE)

    @property
    def _grey(self) -> int:
        """The value that 0 becomes."""
        if self.target is None or not self.signed or self.target.kind not in "ui":
            return 0
        ends = np.iinfo(self.target)
        return (int(ends.max) + int(ends.min) + 1) // 2

    def _of(self, values: NDArray[Any]) -> NDArray[Any]:
        assert self.target is not None
        number = values.dtype.type if values.dtype.kind == "f" else np.float64
        hollow = None
        if self.nodata is not None and values.dtype.kind == "f" and dtypes.holds(self.target, self.nodata):
            hollow = np.isnan(values)
        if self.black:
            values = values - number(self.black)
        if self.scale != 1.0:
            values = values * number(self.scale)
        if self._grey:
            values = values + number(self._grey)
        result = saturated(values, self.target)
        if hollow is not None and hollow.any():
            result = result.copy() if result is values else result
            result[hollow] = self.nodata
        return result


def pictured(
    values: NDArray[Any], target: np.dtype[Any], edge: float, *, signed: bool, nodata: float | None = None
) -> NDArray[Any]:
    """Show a derivative in integers.

    Parameters
    ----------
    values : ndarray
        Raw responses, which are overwritten.
    target : dtype
        An integer type.
    edge : float
        The response to a full-scale straight edge. It becomes white.
    signed : bool
        Show zero as mid-grey and the edge as white or black, instead of the absolute value.
    nodata : float or None
        The value of the file for NaN.
    """
    white = full_scale(target)
    if signed:
        return Tone(target, white / 2 / edge, signed=True, nodata=nodata).of(values)
    tone = Tone(target, white / edge, nodata=nodata)
    return tone.of(values, magnitude=True)


def edge_response(
    call: Callable[[NDArray[Any]], NDArray[Any]], dtype: np.dtype[Any], ndim: int, options: Mapping[str, Any]
) -> float:
    """Return the largest response of a filter to a straight edge across any axis, from 0 to full scale.

    The function filters an edge in the type of the image, with the same options. So no kernel for another
    type is compiled. The other axes have length 1, because values do not change along an edge.
    """
    length = 2 * math.ceil(min(reach.of(options), _LONGEST_STEP)) + 4
    best = 0.0
    for axis in range(ndim):
        shape = [1] * ndim
        shape[axis] = length
        step = np.zeros(length, dtype)
        step[length // 2 :] = np.array(full_scale(dtype)).astype(dtype)
        best = max(best, float(np.abs(call(step.reshape(shape))).max()))
    return best or 1.0


def edge_in_cell(call: Callable[[NDArray[Any]], NDArray[Any]], size: Any, white: float) -> float:
    """Return the brightness of a picture of a descriptor for a straight edge to `white` through a cell."""
    cell, best = np.broadcast_to(size, 2), 0.0
    for axis in (0, 1):
        step = np.zeros([3 * n for n in cell])
        np.moveaxis(step, axis, 0)[cell[axis] + cell[axis] // 2 :] = white
        best = max(best, float(call(step).max()))
    return best or 1.0
