"""Conversion of pixels between colour spaces, for any type and layout."""

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
from imfilter._simd.registers import BYTES

_Array = npt.NDArray

#: Number of pixels that are converted together. Their lines stay in the first-level cache.
_TILE = 512
#: Approximate number of multiply-adds per pixel, to decide whether to use a second thread.
_WORK = 60
#: Kernels and tables that only some jobs have.
_OPTIONAL = (*("fetch", "join", "part", "place", "table"),)


class Recipe(NamedTuple):
    """The steps that convert a pixel."""

    formulas: tuple[int, ...]  # in order, by their numbers in `conversion`
    numbers: tuple[float, ...] = ()  # parameters of the formulas
    channels: int = 3  # of the result
    decoded: bool = False  # whether a table of decoded values is applied to the samples first


def gray(weights: tuple[float, ...], image: np.dtype, result: np.dtype) -> Recipe:
    """Return the conversion to grey with these weights."""
    if image == result == np.uint8:
        # OpenCV's weights are multiples of 2**-15 with sum 1. Sums are exact in float32. The bias rounds
        # halves up and changes no other result.
        unit = 2.0**-15
        red, green = (round(w / unit) * unit for w in weights[:2])
        return Recipe((conversion.GRAY,), (red, green, 1.0 - red - green, unit / 2), channels=1)
    return Recipe((conversion.GRAY,), (*weights, 0.0), channels=1)


def to_lab(image: np.dtype) -> Recipe:
    """Return the conversion from sRGB to L*a*b*."""
    integers = image.kind == "u"
    return Recipe((conversion.LAB,) if integers else (conversion.LINEAR, conversion.LAB), decoded=integers)


def from_lab(result: np.dtype) -> Recipe:
    """Return the conversion from L*a*b* to sRGB. The full scale of sRGB is 1 or the largest integer."""
    scale = float(np.iinfo(result).max) if result.kind == "u" else 1.0
    return Recipe((conversion.FROM_LAB,), (scale,))


TO_LCH, FROM_LCH = Recipe((conversion.LCH,)), Recipe((conversion.FROM_LCH,))


def convert(
    image: _Array, axis: int, recipe: Recipe, dtype: np.dtype, out: _Array | None, workers: int | None
) -> _Array:
    """Return the converted pixels of an image in `dtype`, in `out` if given. Channels are along `axis`."""
    source = dtypes.readable(image)
    polar = recipe in (TO_LCH, FROM_LCH)
    real = dtypes.FLOAT64 if polar else dtypes.working(image.dtype, dtype)  # angles need float64
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
    """Return the array with its channels last. If they are last, return it unchanged: moving takes 4 us."""
    return array if axis == array.ndim - 1 else np.moveaxis(array, axis, -1)


@functools.lru_cache(maxsize=64)
def _program(source: ArrayLayout, target: ArrayLayout, recipe: Recipe, real: np.dtype) -> Program:
    """Return the program that reads, converts and writes pixels."""
    line, rows = _loops(source, target)
    length = math.prod(source.shape[a] for a in line)
    size, source_size, target_size = real.itemsize, source.dtype.itemsize, target.dtype.itemsize
    source_x, target_x = (side.strides[line[-1]] if line else 0 for side in (source, target))
    source_c, target_c = source.strides[-1], target.strides[-1]
    source_interleaved = source_c == source_size and source_x == 3 * source_size
    target_interleaved = recipe.channels == 3 and target_c == target_size and target_x == 3 * target_size
    packed = target_x == target_size
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
        "source_packed": source_x == source_size,
        "target_x": target_x,
        "target_c": target_c,
        "target_packed": packed,
        "n_steps": len(recipe.formulas),
        # Prefetch of the image and of the result. Float32 to L*a*b* at 4K took 60 ms without both, 54 ms with
        # "ahead", 39 ms with "places" and 32 ms with both (Cascade Lake, one thread).
        "ahead": source_x if source_interleaved else 0,
        "places": target_x if target_interleaved or (packed and recipe.channels == 1) else 0,
    }
    job["batch"] = offsets(source, target, rows)
    job["steps"] = np.array([conversion.convert.address(real, f) for f in recipe.formulas], np.int64)
    job["numbers"] = np.array(recipe.numbers)
    if recipe.decoded:
        job["table"] = _decoded(source.dtype).astype(real)
        job["fetch"] = conversion.look_up.address(real, source.dtype)
    elif source_interleaved:
        job["part"] = conversion.part.address(real, source.dtype)
    else:
        job["fetch"] = lines.fetch.address(real, source.dtype)
    if target_interleaved:
        job["join"] = conversion.join.address(real, target.dtype)
    else:
        job["place"] = lines.place.address(real, target.dtype)
    workspace = layout_workspace(job, {"lines": 3 * step, "spare": tile * target_size})
    count = len(job["batch"])
    return job.program(
        slide_color, lines=n_tiles * count, work=length * count * _WORK, rows=1, workspace=workspace
    )


def _loops(source: ArrayLayout, target: ArrayLayout) -> tuple[list[int], list[int]]:
    """Return the axes of pixels that form one line in both arrays, and the axes of the loops around it."""
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
    """Return the decoded sRGB value of every value of an unsigned type."""
    values = np.arange(np.iinfo(dtype).max + 1) / np.iinfo(dtype).max
    return np.where(values > 0.04045, ((values + 0.055) / 1.055) ** 2.4, values / 12.92)
