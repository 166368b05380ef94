"""Statistics of the neighbourhood: variance, standard deviation and entropy."""

from __future__ import annotations

from typing import Literal

from imfilter._base.keywords import Common, hinted
from imfilter._filters.local import entropy, spread
from imfilter.typing import ArrayLike, Axes, DTypeLike, Mask, Mode, Nan, NDArray, PerAxis


@hinted
def local_variance(
    image: ArrayLike,
    size: PerAxis[int] = 3,
    *,
    window: Literal["box", "gaussian"] = "box",
    sigma: PerAxis[float] | None = None,
    footprint: ArrayLike | None = None,
    mode: Mode = "mirror",
    cval: float = 0.0,
    mask: Mask = None,
    nan: Nan = "propagate",
    min_coverage: float = 0.0,
    axes: Axes | None = None,
    channel_axis: int | None = None,
    dtype: DTypeLike | None = None,
    out: NDArray | None = None,
    workers: int | None = None,
) -> NDArray:
    """Return the variance."""
    return spread.apply(
        image,
        False,
        size,
        window,
        sigma,
        footprint,
        Common(mode, cval, axes, channel_axis, dtype, out, workers, mask, nan, min_coverage),
    )


@hinted
def local_std(
    image: ArrayLike,
    size: PerAxis[int] = 3,
    *,
    window: Literal["box", "gaussian"] = "box",
    sigma: PerAxis[float] | None = None,
    footprint: ArrayLike | None = None,
    mode: Mode = "mirror",
    cval: float = 0.0,
    mask: Mask = None,
    nan: Nan = "propagate",
    min_coverage: float = 0.0,
    axes: Axes | None = None,
    channel_axis: int | None = None,
    dtype: DTypeLike | None = None,
    out: NDArray | None = None,
    workers: int | None = None,
) -> NDArray:
    """Return the standard deviation."""
    return spread.apply(
        image,
        True,
        size,
        window,
        sigma,
        footprint,
        Common(mode, cval, axes, channel_axis, dtype, out, workers, mask, nan, min_coverage),
    )


@hinted
def local_entropy(
    image: ArrayLike,
    size: PerAxis[int] = 3,
    *,
    footprint: ArrayLike | None = None,
    levels: int = 256,
    value_range: tuple[float, float] | None = None,
    mode: Mode = "mirror",
    cval: float = 0.0,
    mask: Mask = None,
    nan: Nan = "propagate",
    min_coverage: float = 0.0,
    axes: Axes | None = None,
    channel_axis: int | None = None,
    dtype: DTypeLike | None = None,
    out: NDArray | None = None,
    workers: int | None = None,
) -> NDArray:
    """Return the entropy."""
    return entropy.apply(
        image,
        size,
        footprint,
        levels,
        value_range,
        Common(mode, cval, axes, channel_axis, dtype, out, workers, mask, nan, min_coverage),
    )
