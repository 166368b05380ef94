"""Filters by reconstruction: holes, the border, and extrema of some height."""

import math
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from imfilter._base import arguments, dtypes
from imfilter._base.plan import Plan
from imfilter._filters.morphology import components
from imfilter._filters.morphology import neighbours as places
from imfilter._filters.morphology.family import Absent, Block, of_ranks, ranked
from imfilter._filters.morphology.reconstruction import barred, extreme, grow, parts
from imfilter._filters.rank.keys import exact

PLAN = Plan("reconstruction", "sweeps over the rows, then a queue", math.nan)
_BOOL = np.dtype(bool)


class FillHoles:
    """Holes are filled: what no path reaches from the border without a higher sample."""

    plan, ordering = PLAN, True

    def checked(self, array: npt.NDArray, n: int, connectivity: Any) -> npt.NDArray[np.bool_]:
        """Return the neighbours of a sample."""
        return places.checked(connectivity, n, 1)

    def dtype(self, dtype: np.dtype) -> np.dtype:
        """Return the type of the image."""
        return dtype

    def fill(self, settings: npt.NDArray[np.bool_], block: Block, to: Block, absent: Absent) -> None:
        """Fill the holes of a block."""
        if block.dtype.kind == "b":
            to[...] = block
            if absent is not None:
                to[absent] = True
            components.at_border(to, settings, value=False, change=False)
            return
        limits = block if absent is None else barred(block, absent, dilation=False)
        _from_border(limits, to, settings, dilation=False)


class ClearBorder:
    """What is connected to the border is removed."""

    plan, ordering = PLAN, False

    def checked(self, array: npt.NDArray, n: int, connectivity: Any) -> npt.NDArray[np.bool_]:
        """Return the neighbours of a sample."""
        return places.checked(connectivity, n)

    def dtype(self, dtype: np.dtype) -> np.dtype:
        """Return the type of the image."""
        return dtype

    def fill(self, settings: npt.NDArray[np.bool_], block: Block, to: Block, absent: Absent) -> None:
        """Clear the border of a block."""
        if block.dtype.kind == "b":
            to[...] = block
            if absent is not None:
                to[absent] = False
            components.at_border(to, settings, value=True, change=True)
            return
        limits = block if absent is None else barred(block, absent, dilation=True)
        if not exact(block.dtype):
            (places,), values = ranked(limits)
            grown = np.empty(places.shape)
            _from_border(places, grown, settings, dilation=True)
            to[...] = of_ranks(grown, values)
        else:
            _from_border(limits, to, settings, dilation=True)
        for image, found in parts(block, to):
            _subtract(image, found)


def _from_border(limits: Block, to: Block, neighbours: npt.NDArray[np.bool_], *, dilation: bool) -> None:
    """Write the reconstruction from the samples at the border. All others start at the worst value."""
    to[...] = extreme(limits, lowest=dilation)
    for axis in range(limits.ndim):
        for side in (slice(1), slice(-1, None)):
            place = (slice(None),) * axis + (side,)
            to[place] = limits[place]
    grow(to, limits, neighbours, dilation=dilation)


def _subtract(image: npt.NDArray, found: npt.NDArray) -> None:
    """Replace samples that are at most those of the image by the difference, saturated."""
    if image.dtype.kind != "i":
        with np.errstate(invalid="ignore"):  # infinity minus infinity
            np.subtract(image, found, out=found)
        return
    unsigned = np.dtype(f"u{image.dtype.itemsize}")
    difference = image.view(unsigned) - found.view(unsigned)
    found[...] = np.minimum(difference, np.iinfo(image.dtype).max).view(image.dtype)


class Height(NamedTuple):
    """The settings of extrema of some height. `height` has the type of the image, or is None: too large."""

    neighbours: npt.NDArray[np.bool_]
    height: Any


class HighExtrema:
    """The samples of maxima, or minima, of at least some height."""

    plan, ordering = PLAN, False

    def __init__(self, *, maxima: bool) -> None:
        self.maxima = maxima

    def checked(self, array: npt.NDArray, n: int, h: Any, connectivity: Any) -> Height:
        """Check the height."""
        height = arguments.constant(h, "h")
        if not (height > 0 and math.isfinite(height)):
            raise ValueError(f"h must be finite and more than 0, got {arguments.brief(h)}")
        neighbours = places.checked(connectivity, n)
        kind = np.dtype(np.longdouble) if not exact(array.dtype) else dtypes.readable(array[:0]).dtype
        if kind.kind == "f":
            return Height(neighbours, kind.type(height))
        height = math.ceil(height)
        most = np.iinfo(np.dtype(f"u{kind.itemsize}")).max
        return Height(neighbours, None if height > most else np.dtype(f"u{kind.itemsize}").type(height))

    def dtype(self, dtype: np.dtype) -> np.dtype:
        """Return bool."""
        return _BOOL

    def fill(self, settings: Height, block: Block, to: Block, absent: Absent) -> None:
        """Find the extrema of a block."""
        block = block.view(np.uint8) if block.dtype.kind == "b" else block
        limits = block if absent is None else barred(block, absent, dilation=self.maxima)
        present = block if absent is None else block[~absent]
        if settings.height is None or not _spans(present, settings.height):
            to[...] = False
            return
        grown, moved = np.empty_like(block), True
        for own, found in parts(limits, grown):
            self._shift(own, settings.height, found)
            moved = moved and not (own.dtype.kind == "f" and bool((own == found).any()))
        if not exact(block.dtype) or not moved:
            to[...] = self._by_ranks(limits, settings)
            return
        grow(grown, limits, settings.neighbours, dilation=self.maxima)
        shifted = np.empty(0, block.dtype)
        for own, found, result in parts(limits, grown, to):
            shifted = np.empty_like(own) if shifted.size != own.size else shifted
            saturated = self._shift(own, settings.height, shifted)
            np.equal(found, shifted, out=result)
            if saturated is not None:
                result &= ~saturated

    def _by_ranks(self, limits: Block, settings: Height) -> npt.NDArray[np.bool_]:
        """Find the extrema of floats by the order of samples and of lowered samples.

        A height may be too small to change a sample. The lowered sample is still below the sample.
        """
        (places,), values = ranked(limits if self.maxima else -limits)
        with np.errstate(over="ignore", invalid="ignore"):
            lowered = values - settings.height
        own = np.arange(len(values))
        below = np.minimum(np.searchsorted(values, lowered, side="right"), own)  # samples not above it
        lowered_ranks, ranks = below + own, own + np.searchsorted(below, own, side="right")
        if not len(values):
            return np.zeros(limits.shape, bool)
        nan = np.isnan(places)
        index = np.where(nan, 0, places).astype(np.int64)
        seeds, bounds = (np.where(nan, np.nan, r[index].astype(np.float64)) for r in (lowered_ranks, ranks))
        grown = seeds.copy()
        grow(grown, bounds, settings.neighbours, dilation=True)
        return np.asarray(grown == seeds)

    def _shift(self, own: npt.NDArray, height: Any, to: npt.NDArray) -> npt.NDArray[np.bool_] | None:
        """Lower samples by the height, or raise them. Return which would leave the range of their type."""
        if own.dtype.kind == "f":
            (np.subtract if self.maxima else np.add)(own, height, out=to)
            return None
        unsigned, limits = height.dtype, np.iinfo(own.dtype)
        end = limits.min if self.maxima else limits.max
        rest = (own if self.maxima else np.array(end, own.dtype)).astype(own.dtype).view(unsigned)
        edge = np.array(end, own.dtype).view(unsigned) if self.maxima else own.view(unsigned)
        with np.errstate(over="ignore"):
            left = rest - edge
            moved = own.view(unsigned) - height if self.maxima else own.view(unsigned) + height
        over = np.asarray(left < height)
        to[...] = np.where(over, np.array(end, own.dtype), moved.view(own.dtype))
        return over


def _spans(present: npt.NDArray, height: Any) -> bool:
    """Tell whether the range of some samples is at least the height."""
    if not present.size:
        return False
    low, high = extreme(present, lowest=True), extreme(present, lowest=False)
    with np.errstate(invalid="ignore", over="ignore"):
        if present.dtype.kind == "f":
            return bool(high - low >= height)
    return int(high) - int(low) >= int(height)


FILL_HOLES, CLEAR_BORDER = FillHoles(), ClearBorder()
H_MAXIMA, H_MINIMA = HighExtrema(maxima=True), HighExtrema(maxima=False)
