"""Erosion and dilation by elements with weights: minima of ``f(x+b) - w(b)``, maxima of ``f(x-b) + w(b)``."""

import functools
import math
from typing import Any

import numpy as np
import numpy.typing as npt

from imfilter._base import dtypes, engine, missing
from imfilter._base.loops import ArrayLayout, over_merged
from imfilter._base.missing import Presence
from imfilter._base.program import Program
from imfilter._filters.morphology import taps
from imfilter._filters.morphology.kernels.combine import LARGEST, ORDERED, SMALLEST, weighed
from imfilter._filters.morphology.settings import Found, Settings, new
from imfilter._filters.morphology.structure import Structure
from imfilter._filters.rank import absent, chords
from imfilter._filters.rank.apply import FAMILY, loops_of
from imfilter._filters.rank.footprint import Neighbourhood, key
from imfilter._filters.rank.picks import nth

#: Types of the arithmetic of integers: the largest sample, the largest weight, and a value that no sample
#: reaches by weights.
_INTEGERS = (
    (np.dtype(np.int32), 1 << 16, 1 << 26, 1 << 30),
    (np.dtype(np.int64), 1 << 32, 1 << 58, 1 << 62),
)
#: The largest weight whose quarters float64 represents, and also their sums with integers of 32 bits.
_LARGEST = 1 << 50
#: The number of the kind of the only step.
_WEIGHED = 2


def stage(
    array: npt.NDArray,
    structure: Structure,
    settings: Settings,
    presence: Presence | None,
    dtype: np.dtype,
    out: npt.NDArray | None,
    *,
    dilates: bool,
) -> Found:
    """Erode or dilate an image. A dilation takes the element that is already reflected."""
    there = None if presence is None else presence.present(array)
    few = None if there is None or presence is None else _few(there, structure, settings, presence)
    if dtype.kind != "f":
        structure = structure._replace(weights=_quarters(structure.weights))
    chosen = _arithmetic(array, structure.weights)
    out = new(array, dtype, out)
    if chosen is None:
        cval = settings.cval if settings.mode == "constant" else 0
        border = dtypes.rounded(array.dtype.newbyteorder("="), cval)
        taps.stage(array, there, structure, settings, border, out, dilates=dilates)
    else:
        real, beyond = chosen
        samples = array.astype(real)
        if real.kind == "f" and not dilates and missing.has_nan(samples, settings.workers):
            beyond = math.nan
        beyond = -beyond if dilates and real.kind != "b" else beyond
        if there is not None:
            samples[~there] = beyond
        dtypes.place(_filtered(samples, array.dtype, structure, settings, beyond, dilates=dilates), out)
    if few is not None:
        absent.blank(out, few)
    return out, few


def _few(
    there: npt.NDArray[np.bool_], structure: Structure, settings: Settings, presence: Presence
) -> npt.NDArray[np.bool_] | None:
    """Return where too few samples are present, or None if they are nowhere."""
    fewest = max(1, math.ceil(presence.least(int(np.count_nonzero(structure.inside)))))
    mode = missing.border_of_counts(settings.mode)
    common = settings._replace(mode=mode, cval=1).common()
    enough = engine.apply(FAMILY, there, common, nth, (3, structure.inside, fewest))
    return None if enough.all() else ~enough


def _arithmetic(array: npt.NDArray, weights: npt.NDArray | None) -> tuple[np.dtype, Any] | None:
    """Return the type of the arithmetic and a value beyond all others, or None if no kernel has it."""
    assert weights is not None
    if array.dtype.kind == "f":
        if array.dtype.itemsize > 8:
            return None
        return (dtypes.FLOAT64 if array.dtype.itemsize == 8 else dtypes.FLOAT32), math.inf
    if weights.dtype.kind == "f":
        exact = array.dtype.itemsize <= 4 and np.abs(weights).max() <= _LARGEST
        return (dtypes.FLOAT64, math.inf) if exact else None
    largest = max(abs(int(weights.min())), abs(int(weights.max())))
    bits = 1 if array.dtype.kind == "b" else 8 * array.dtype.itemsize
    for real, most, heaviest, beyond in _INTEGERS:
        if 1 << bits <= most and largest <= heaviest:
            return real, beyond
    return None


def _quarters(weights: npt.NDArray | None) -> npt.NDArray | None:
    """Return weights that give the same integers, rounded half to even, and are whole numbers of quarters.

    Their differences to samples of 32 bits are exact. Weights that are too large for this stay what they are.
    """
    if weights is None or weights.dtype.kind != "f" or np.abs(weights).max() > _LARGEST:
        return weights
    whole = np.floor(weights)
    half = whole + 0.5  # exact, other than the difference of a weight and its whole part
    part = np.where(weights < half, 0.25, np.where(weights > half, 0.75, 0.5))
    return whole + np.where(weights == whole, 0, part)


def _filtered(
    samples: npt.NDArray,
    dtype: np.dtype,
    structure: Structure,
    settings: Settings,
    beyond: Any,
    *,
    dilates: bool,
) -> npt.NDArray:
    """Return the results in the type of the arithmetic. `dtype` is that of the image."""
    real, axes = samples.dtype, settings.axes
    border = beyond
    if settings.mode != "shrink":
        cval = settings.cval if settings.mode == "constant" else 0
        border = dtypes.rounded(dtype.newbyteorder("="), cval)
    border_key = key(real, border, turned=False)  # 0.0 equals -0.0, and NaN not even itself
    assert structure.weights is not None
    heights = structure.weights.astype(real)
    heights = -heights if dilates else heights  # the kernel subtracts

    element = structure.inside.shape, structure.inside.tobytes(), heights.tobytes()

    def run(source: npt.NDArray, target: npt.NDArray) -> bool:
        layouts = ArrayLayout.of(source), ArrayLayout.of(target)
        checks = (False,) if real.kind != "f" else (False,) if math.isnan(border) else (True, False)
        for check in checks:
            which = (LARGEST if dilates else SMALLEST) + ORDERED * (real.kind == "f" and not check)
            program = _program(element, axes, *layouts, settings.mode, border_key, which, check)
            if program.run(source, target, settings.workers):
                return True
        return False

    target = np.empty(samples.shape, real)
    over_merged(run, samples, target, axes)
    return target


@functools.lru_cache(16)
def _program(
    element: tuple[tuple[int, ...], bytes, bytes],
    axes: tuple[int, ...],
    source: ArrayLayout,
    target: ArrayLayout,
    mode: str,
    border_key: int,
    which: int,
    check: bool,
) -> Program:
    """Return the program for an element: its shape, and the contents of its footprint and its heights.

    Bands have few different layouts. Without these programs, they took three times as long.
    """
    real, (shape, inside, heights) = source.dtype, element
    loops = loops_of(shape, axes, source, target)
    footprint, ordered = (
        Neighbourhood(np.frombuffer(content, kind).reshape(shape), 0).along(loops).inside
        for content, kind in ((inside, bool), (heights, real))
    )
    steps = chords.scheduled(_steps(footprint, ordered))
    kernels = {_WEIGHED: weighed.address(real, which)}
    return chords.make(
        steps,
        loops,
        source,
        target,
        mode,
        {_WEIGHED: border_key},
        check_finite=check,
        combine=kernels,
        turn=False,
    )


def _steps(inside: npt.NDArray[np.bool_], heights: npt.NDArray) -> list[chords.Step]:
    """Return the only step: all samples of an element of three axes, each with its weight."""
    planes = [p for p in range(len(inside)) if inside[p].any()]
    steps = [chords.Step((), _WEIGHED, _WEIGHED, plane) for plane in planes]
    found = np.argwhere(inside)
    bits = np.zeros((len(found), 8 // heights.itemsize), heights.dtype)
    bits[:, 0] = heights[inside]  # little-endian: the first bytes of a word
    copies = tuple((planes.index(z), y, x) for z, y, x in found.tolist())
    weights = tuple(bits.view(np.int64)[:, 0].tolist())
    return [*steps, chords.Step(copies, _WEIGHED, _WEIGHED, weights=weights)]
