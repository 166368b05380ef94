"""Pyramids: images of half the size, and what each level loses."""

import itertools
from typing import Any

import numpy as np
import numpy.typing as npt

from imfilter._base import arguments, dtypes
from imfilter._base.keywords import Common
from imfilter._filters.resampling import apply, tables
from imfilter._filters.resampling.tables import Table

GAUSSIAN, LAPLACIAN = "gaussian", "laplacian"
KINDS = GAUSSIAN, LAPLACIAN


def taken(image: npt.ArrayLike, levels: Any, kind: str, common: Common) -> list[npt.NDArray]:
    """Return the levels of a pyramid, the largest first."""
    array = arguments.image(image)
    axes = arguments.axes(array, common.axes, common.channel_axis)
    common = common._replace(axes=axes, channel_axis=None)
    most = (min(array.shape[a] for a in axes) - 1).bit_length()
    if levels is not None:
        most = arguments.integer(levels, "levels", least=0, most=64)
    found = [array.astype(array.dtype.newbyteorder("="))]
    for _ in range(most):
        found.append(apply.apply(found[-1], _reduced, (), common))
    if kind == LAPLACIAN:
        for i, (level, smaller) in enumerate(itertools.pairwise(found)):
            found[i] = _difference(level, _expanded(smaller, level.shape, axes, common))
    return found


def added_up(pyramid: Any, common: Common) -> npt.NDArray:
    """Return the image of the levels of a Laplacian pyramid."""
    if not isinstance(pyramid, list | tuple) or not pyramid:
        raise TypeError(f"pyramid must be a list of arrays, got {arguments.brief(pyramid)}")
    levels = [arguments.image(level, f"pyramid[{i}]") for i, level in enumerate(pyramid)]
    image = levels[-1]
    axes = arguments.axes(image, common.axes, common.channel_axis, "pyramid[-1]")
    common = common._replace(axes=axes, channel_axis=None)
    if len(levels) == 1:
        return image.copy()
    wanted = _wide(image.dtype)
    shapes = [level.shape for level in levels]
    for i, (larger, smaller) in enumerate(itertools.pairwise(shapes)):
        halved = tuple((n + 1) // 2 if a in axes else n for a, n in enumerate(larger))
        if halved != smaller:
            raise ValueError(f"pyramid[{i + 1}] must have shape {halved} after {larger}, got {smaller}")
        if levels[i].dtype != wanted:
            raise ValueError(f"pyramid[{i}] must have dtype {wanted}, got {levels[i].dtype}")
    for level in reversed(levels[:-1]):
        expanded = _expanded(image, level.shape, axes, common)
        image = (expanded.astype(wanted) + level).astype(image.dtype)
    return image


def _reduced(lengths: tuple[int, ...], mode: str) -> tuple[Table, ...]:
    return tuple(tables.reduced(n, mode) for n in lengths)


def _doubled(lengths: tuple[int, ...], mode: str, *outputs: int) -> tuple[Table, ...]:
    return tuple(tables.expanded(n, m, mode) for n, m in zip(lengths, outputs, strict=True))


def _expanded(
    image: npt.NDArray, shape: tuple[int, ...], axes: tuple[int, ...], common: Common
) -> npt.NDArray:
    """Return a level in the size of the level before it."""
    return apply.apply(image, _doubled, tuple(shape[a] for a in axes), common)


def _wide(dtype: np.dtype) -> np.dtype:
    """Return the type of differences of samples of a type."""
    if dtype.kind == "f":
        return np.promote_types(dtype, dtypes.FLOAT32 if dtype.itemsize == 2 else dtypes.FLOAT64)
    size = 1 if dtype.kind == "b" else min(2 * dtype.itemsize, 8)
    return np.dtype(f"i{size}")


def _difference(a: npt.NDArray, b: npt.NDArray) -> npt.NDArray:
    """Return the difference of samples in a type that holds it. 64-bit integers wrap."""
    wide = _wide(a.dtype)
    return np.subtract(a.astype(wide), b.astype(wide))
