"""Linear filters of `scipy.ndimage`: which engine computes them.

Results that are floats come from the fast engine. Integer results are truncated after each axis, as in SciPy,
so they depend on the last bit: they come from sums in SciPy's order. So do images with samples that are not
finite, because SciPy also multiplies them by weights of 0, and carries them along in running sums.
"""

import functools
import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.ndimage import gaussian_filter1d  # the original, also if it is replaced later

from imfilter._base.keywords import Common
from imfilter._compat import ndimage_arguments as arguments
from imfilter._compat import parts
from imfilter._compat.serving import Elsewhere
from imfilter._filters.linear import apply as linear
from imfilter._filters.linear.operators import Operator, separable
from imfilter._filters.ordered import lines, windows


class Line(NamedTuple):
    """A kernel along an axis: its weights, the samples before its centre, and the border."""

    axis: int
    weights: npt.NDArray
    before: int
    mode: str


def along_axes(
    array: npt.NDArray, kernels: Sequence[Line], cval: float, out: npt.NDArray, *, running: bool = False
) -> npt.NDArray:
    """Correlate along one axis after the other. `running` kernels are means: all their weights are equal."""
    if not kernels:
        np.copyto(out, array, casting="unsafe")
        return out
    if len(kernels) > 1:
        arguments.check_steps(out)
    if len({line.mode for line in kernels}) > 1:  # then each axis by itself, like the functions of one axis
        for kernel in kernels:
            array = along_axes(array, [kernel], cval, out, running=running)
        return out
    order = sorted(kernels, key=lambda line: line.axis)
    taps = tuple(line.weights for line in order)
    if _fast(array, out, [line.mode for line in kernels], cval):
        axes, befores = tuple(line.axis for line in order), [line.before for line in order]
        if _engine(array, _separable, taps, axes, befores, kernels[0].mode, cval, out):
            return out
    source = array
    for axis, weights, before, mode in kernels:
        sides = lines.Sides(before, len(weights) - 1 - before, mode, cval)
        if running:
            lines.uniform(source, len(weights), axis, out, sides, None)
        else:
            lines.correlate(source, weights, axis, out, sides, None)
        source = out
    return out


def along_parts(array: npt.NDArray, kernels: Sequence[Line], cval: Any, out: npt.NDArray) -> npt.NDArray:
    """Do what `along_axes` does, also for complex images."""

    def run(image: npt.NDArray, level: float, to: npt.NDArray) -> None:
        along_axes(image, kernels, level, to)

    return parts.each(run, array, cval, out)


def over_window(
    array: npt.NDArray, weights: npt.NDArray, befores: Sequence[int], mode: str, cval: float, out: npt.NDArray
) -> npt.NDArray:
    """Correlate with a kernel over all axes of the image."""
    axes = tuple(a for a, n in enumerate(weights.shape) if n > 1)
    if _fast(array, out, [mode] * len(axes), cval) and np.isfinite(weights).all():
        kernel = weights.reshape([weights.shape[a] for a in axes])
        places = [befores[a] for a in axes]
        if _engine(array, _dense, (kernel,), axes, places, mode, cval, out):
            return out
    if weights.size * array.size > 1 << 40:
        raise Elsewhere("the window is too large")
    windows.correlate(array, weights, out, tuple(befores), mode, cval, None)
    return out


def _fast(array: npt.NDArray, out: npt.NDArray, modes: Sequence[str], cval: float) -> bool:
    """Tell whether the fast engine may compute a result, apart from samples that are not finite."""
    fits = out.dtype.kind == "f" and 0 < len(modes) <= arguments.MOST_AXES and len(set(modes)) == 1
    return fits and (modes[0] != "constant" or math.isfinite(cval))


def _engine(
    array: npt.NDArray,
    build: linear.Build,
    taps: tuple[npt.NDArray, ...],
    axes: tuple[int, ...],
    befores: Sequence[int],
    mode: str,
    cval: float,
    out: npt.NDArray,
) -> bool:
    """Try the fast engine. Return whether it has written the result."""
    spans = [len(t) for t in taps] if build is _separable else taps[0].shape
    pads: Any = "same"
    if any(b != n // 2 for n, b in zip(spans, befores, strict=True)):
        pads = tuple((b, n - 1 - b) for n, b in zip(spans, befores, strict=True))
    common = Common(mode, cval if mode == "constant" else 0.0, axes, out=out)
    found = linear.apply_finite(array, build, taps, common, linear.Geometry(padding=pads))
    return found is not None


def _separable(ndim: int, axes: tuple[int, ...], *taps: npt.NDArray) -> Operator:
    return separable(taps)


def _dense(ndim: int, axes: tuple[int, ...], kernel: npt.NDArray) -> Operator:
    return Operator(dense=kernel)


@functools.lru_cache(256)
def gaussian_weights(sigma: float, order: int, radius: int) -> npt.NDArray:
    """Return SciPy's taps of a Gaussian or its derivative: what it answers to an impulse, reversed."""
    impulse = np.zeros(4 * radius + 1)
    impulse[2 * radius] = 1.0
    answer = gaussian_filter1d(impulse, sigma, order=order, mode="constant", radius=radius)
    weights = np.ascontiguousarray(answer[radius : 3 * radius + 1][::-1])
    weights.flags.writeable = False
    return weights
