"""Resampling of parts of an image: each part has the samples and weights of the whole."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from numpy.typing import NDArray

from imfilter._base import dtypes
from imfilter._base.keywords import Common
from imfilter._base.plan import settled
from imfilter._filters.resampling import apply as resampling
from imfilter._filters.resampling.tables import Table

Array = NDArray[Any]


def tables(function: Callable[[Array], object], shape: Sequence[int], dtype: Any) -> tuple[Table, ...] | None:
    """Return the tables of the axes of an image that a function resizes, or None if they are not known.

    Nothing is computed, and the image takes no memory.
    """
    call = settled(lambda: function(dtypes.blank(shape, dtype)))
    return resampling.along(call) if isinstance(call, resampling.Call) else None


def by_tables(
    image: Array,
    tables: Sequence[Table],
    *,
    axes: tuple[int, ...] | None = None,
    mode: Any = "edge",
    cval: float = 0.0,
    mask: Any = None,
    nan: Any = "propagate",
    min_coverage: float = 0.0,
    channel_axis: int | None = None,
    dtype: Any = None,
    out: Any = None,
    workers: int | None = None,
    **size: Any,
) -> Array:
    """Return the sums of an image by tables. The arguments about the size are those of the whole image."""
    common = Common(mode, cval, axes, channel_axis, dtype, out, workers, mask, nan, min_coverage)
    return resampling.apply(image, resampling.given, tuple(tables), common)
