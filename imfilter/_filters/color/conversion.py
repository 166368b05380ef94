"""Colour spaces: how pixels are converted, for any type and layout."""

import functools
import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from imfilter._base import dtypes
from imfilter._base.loops import ArrayLayout, offsets
from imfilter._base.program import Job, Program, layout_workspace, pitch
from imfilter._filters.color.kernels import conversion
from imfilter._filters.color.kernels.rows import COLOR_JOB, slide_color
from imfilter._simd import lines
from imfilter._simd.vector import BYTES

_Array = npt.NDArray

#: Pixels that are converted together: their lines are in the first-level cache.
_TILE = 512
#: Multiply-adds a pixel, roughly, to tell whether an image is worth a second thread.
_WORK = 60
#: Kernels and tables of a job that not every way to compute has.
_OPTIONAL = (*("fetch", "join", "part", "place", "table"),)


class Recipe(NamedTuple):
    """What is done to a pixel."""

    formulas: tuple[int, ...]  # one after the other, by their numbers in `colors`
    numbers: tuple[float, ...] = ()  # that they are told
    channels: int = 3  # of the result
    decoded: bool = False  # whether samples are looked up in a table of decoded values first


def gray(weights: tuple[float, ...], image: np.dtype, result: np.dtype) -> Recipe:
    """Return how to weigh the channels."""
    if image == result == np.uint8:
        # OpenCV's weights, in units of 2**-15 and of sum 1, and halves up: sums are exact in float32, with a
        # bias that only halves can tell from none.
        unit = 2.0**-15
        red, green = (round(w / unit) * unit for w in weights[:2])
        return Recipe((conversion.GRAY,), (red, green, 1.0 - red - green, unit / 2), channels=1)
    return Recipe((conversion.GRAY,), (*weights, 0.0), channels=1)


def to_lab(image: np.dtype) -> Recipe:
    """Return how to go from sRGB to L*a*b*."""
    integers = image.kind == "u"
    return Recipe((conversion.LAB,) if integers else (conversion.LINEAR, conversion.LAB), decoded=integers)


def from_lab(result: np.dtype) -> Recipe:
    """Return how to go from L*a*b* to sRGB, whose full scale is 1 or the largest integer."""
    scale = float(np.iinfo(result).max) if result.kind == "u" else 1.0
    return Recipe((conversion.FROM_LAB,), (scale,))


TO_LCH, FROM_LCH = Recipe((conversion.LCH,)), Recipe((conversion.FROM_LCH,))


def convert(
    image: _Array, axis: int, recipe: Recipe, dtype: np.dtype, out: _Array | None, workers: int | None
) -> _Array:
    """Return the pixels of an image, whose channels are along `axis`, converted to a dtype; or fill `out`."""
    source = dtypes.readable(image)
    polar = recipe in (TO_LCH, FROM_LCH)
    real = dtypes.FLOAT64 if polar else dtypes.working(image.dtype, dtype)  # angles have no other formulas
    shape = image.shape if recipe.channels == 3 else image.shape[:axis] + image.shape[axis + 1 :]
    native = dtypes.direct_target(dtype, real)
    result = dtypes.target(out, image, shape, native)
    pixels = _channels_last(result, axis) if recipe.channels == 3 else result[..., None]
    source = _channels_last(source, axis)
    _program(ArrayLayout.of(source), ArrayLayout.of(pixels), recipe, real).run(source, pixels, workers)
    if result is out or (out is None and dtype == native):
        return result
    if out is None:
        out = dtypes.empty(shape, dtype)
    dtypes.place(result, out)
    return out


def _channels_last(array: _Array, axis: int) -> _Array:
    """Return the array with its channels last: moving an axis takes 4 us, and most often is not needed."""
    return array if axis == array.ndim - 1 else np.moveaxis(array, axis, -1)


@functools.lru_cache(maxsize=64)
def _program(source: ArrayLayout, target: ArrayLayout, recipe: Recipe, real: np.dtype) -> Program:
    """Lay out how pixels are fetched, converted and placed."""
    line, rows = _loops(source, target)
    length = math.prod(source.shape[a] for a in line)
    size, width, wide = real.itemsize, source.dtype.itemsize, target.dtype.itemsize
    source_x, target_x = (side.strides[line[-1]] if line else 0 for side in (source, target))
    source_c, target_c = source.strides[-1], target.strides[-1]
    parted = source_c == width and source_x == 3 * width
    joined = recipe.channels == 3 and target_c == wide and target_x == 3 * wide
    packed = target_x == wide
    tile = min(_TILE, length)
    n_tiles = -(-length // tile)
    step = pitch(tile * size + BYTES)
    job = Job(COLOR_JOB, *_OPTIONAL)
    job |= {
        "length": length,
        "n_tiles": n_tiles,
        "tile": tile,
        "pitch": step,
        "channels": recipe.channels,
        "source_x": source_x,
        "source_c": source_c,
        "source_packed": source_x == width,
        "target_x": target_x,
        "target_c": target_c,
        "target_packed": packed,
        "n_steps": len(recipe.formulas),
        # Float32 to L*a*b* at 4K took 60 ms without, 54 with the first, 39 with the second and 32 with both
        # (Cascade Lake, one thread).
        "ahead": source_x if parted else 0,
        "places": target_x if joined or (packed and recipe.channels == 1) else 0,
    }
    job["batch"] = offsets(source, target, rows)
    job["steps"] = np.array([conversion.convert.address(real, f) for f in recipe.formulas], np.int64)
    job["numbers"] = np.array(recipe.numbers)
    if recipe.decoded:
        job["table"] = _decoded(source.dtype).astype(real)
        job["fetch"] = conversion.look_up.address(real, source.dtype)
    elif parted:
        job["part"] = conversion.part.address(real, source.dtype)
    else:
        job["fetch"] = lines.fetch.address(real, source.dtype)
    if joined:
        job["join"] = conversion.join.address(real, target.dtype)
    else:
        job["place"] = lines.place.address(real, target.dtype)
    workspace = layout_workspace(job, {"lines": 3 * step, "spare": tile * wide})
    count = len(job["batch"])
    return job.program(
        slide_color, lines=n_tiles * count, work=length * count * _WORK, rows=1, workspace=workspace
    )


def _loops(source: ArrayLayout, target: ArrayLayout) -> tuple[list[int], list[int]]:
    """Return which axes of pixels are one line in both, and which are loops around it."""
    axes = [a for a in range(len(source.shape) - 1) if source.shape[a] > 1]
    line = axes[-1:]
    while len(line) < len(axes):
        inner, outer = line[0], axes[-1 - len(line)]
        if any(s.strides[outer] != s.strides[inner] * s.shape[inner] for s in (source, target)):
            break
        line.insert(0, outer)
    return line, axes[: len(axes) - len(line)]


@functools.cache
def _decoded(dtype: np.dtype) -> _Array:
    """Return what every value of an unsigned type is when decoded from sRGB."""
    values = np.arange(np.iinfo(dtype).max + 1) / np.iinfo(dtype).max
    return np.where(values > 0.04045, ((values + 0.055) / 1.055) ** 2.4, values / 12.92)
