"""Linear filters of `scipy.ndimage`: which engine computes them.

Results that are floats come from the fast engine. Integer results are truncated after each axis, as in SciPy,
so they depend on the last bit: they come from sums in SciPy's order. So do images with samples that are not
finite, because SciPy also multiplies them by weights of 0, and carries them along in running sums.
"""

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.ndimage import gaussian_filter1d  # the original, also if it is replaced later

from imfilter._base.keywords import Common
from imfilter._compat import ndimage_arguments as arguments
from imfilter._compat.serving import Elsewhere
from imfilter._filters.linear import apply as linear
from imfilter._filters.linear.operators import Operator, separable
from imfilter._filters.ordered import lines, windows
from imfilter._filters.ordered.taps import EPSILON

#: Most products that sums in SciPy's order compute.
_MOST_PRODUCTS = 1 << 40
_ONE = np.ones(1)


class Line(NamedTuple):
    """A kernel along an axis: its weights, the samples before its centre, and the border."""

    axis: int
    weights: npt.NDArray
    before: int
    mode: str


class Fast:
    """A filter of the fast engine for images of one shape and type. It is prepared by the first image."""

    def __init__(
        self,
        build: linear.Build,
        taps: Sequence[npt.NDArray],
        spans: Sequence[int],
        kernels: Any,
        *,
        watch: bool,
    ) -> None:
        axes, befores, modes = zip(*kernels, strict=True)
        self._build, self._taps, self._axes, self._mode = build, tuple(taps), axes, modes[0]
        self._watch = watch
        self._pads: Any = "same"
        if any(b != n // 2 for n, b in zip(spans, befores, strict=True)):
            self._pads = tuple((b, n - 1 - b) for n, b in zip(spans, befores, strict=True))
        #: By the constant: the parts of complex samples have two.
        self._prepared: dict[float, Callable[[npt.NDArray, npt.NDArray], bool]] = {}

    def run(self, image: npt.NDArray, cval: float, out: npt.NDArray) -> bool:
        """Write the result, unless a sample is not finite and would matter. Return whether it is written."""
        level = cval if self._mode == "constant" else 0.0
        made = self._prepared.get(level)
        if made is None:
            common = Common(self._mode, level, self._axes, out=out)
            geometry = linear.Geometry(padding=self._pads)
            made = linear.prepared(image, self._build, self._taps, common, geometry, watch=self._watch)
            self._prepared[level] = made
        return made(image, out)


def fits(out: npt.NDArray, modes: Sequence[str], cval: float) -> bool:
    """Tell whether the fast engine may compute a result, apart from samples that are not finite."""
    usual = out.dtype.kind == "f" and 0 < len(modes) <= arguments.MOST_AXES and len(set(modes)) == 1
    return usual and (modes[0] != "constant" or math.isfinite(cval))


class Lines:
    """A correlation along one axis after the other. `running` kernels are means: their weights are equal."""

    complex_result = False

    def __init__(self, kernels: Sequence[Line], cval: Any, *, running: bool = False) -> None:
        self.kernels, self.cval, self.running = tuple(kernels), cval, running
        order = sorted(kernels, key=lambda line: line.axis)
        taps = [line.weights for line in order]
        where = [(line.axis, line.before, line.mode) for line in order]
        self._fast = None
        if order:
            # Without weights of 0 and running sums, NaN and infinity give the same results as in SciPy.
            watch = running or any((t == 0).any() for t in taps)
            self._fast = Fast(_separable, taps, [len(t) for t in taps], where, watch=watch)
        #: Taps of the longest kernel, if one is odd. In a shorter image, the engine adds taps that read the
        #: same sample, and the derivative of a constant is no longer exactly 0.
        odd = any(len(line.weights) > 1 and _is_odd(line.weights) for line in kernels)
        self.odd_taps = max(len(line.weights) for line in kernels) if odd else 0
        self._each: tuple[Lines, ...] = ()
        # SciPy filters one axis after the other, so the constant is that of each axis.
        borders = {line.mode for line in kernels}
        if len(borders) > 1 or (len(kernels) > 1 and "constant" in borders and cval != 0):
            self._each = tuple(Lines([kernel], cval, running=running) for kernel in kernels)

    @property
    def stepwise(self) -> bool:
        """Whether one axis must follow the other."""
        return bool(self._each)

    def run(self, image: npt.NDArray, out: npt.NDArray) -> None:
        """Write the result to `out`."""
        if image.dtype.kind == "c":
            _by_parts(self.run_real, image, self.cval, out)
        else:
            self.run_real(image, arguments.number(self.cval), out)

    def run_real(self, image: npt.NDArray, cval: float, out: npt.NDArray) -> None:
        """Do the same for real samples and another constant."""
        if len(self.kernels) > 1:
            arguments.check_steps(out)
        if self._each:
            for line in self._each:
                line.run_real(image, cval, out)
                image = out
            return
        if self._fast is None:
            np.copyto(out, image, casting="unsafe")
            return
        whole = min(image.shape) >= self.odd_taps
        usual = whole and fits(out, [line.mode for line in self.kernels], cval)
        if not (usual and self._fast.run(image, cval, out)):
            self.in_order(image, cval, out)

    def in_order(self, image: npt.NDArray, cval: float, out: npt.NDArray) -> None:
        """Write the result of sums in SciPy's order. Every bit is the same, also of floats."""
        if not self.kernels:
            np.copyto(out, image, casting="unsafe")
        for axis, weights, before, mode in self.kernels:
            sides = lines.Sides(before, len(weights) - 1 - before, mode, cval)
            if self.running:
                lines.uniform(image, len(weights), axis, out, sides, None)
            else:
                lines.correlate(image, weights, axis, out, sides, None)
            image = out


class Window:
    """A correlation with a kernel over all axes of the image."""

    complex_result = False

    def __init__(self, weights: npt.NDArray, befores: Sequence[int], mode: str, cval: Any) -> None:
        self._weights, self._befores, self._mode, self.cval = weights, tuple(befores), mode, cval
        axes = [a for a, n in enumerate(weights.shape) if n > 1]
        self._modes = [mode] * len(axes)
        self._fast = None
        sizes = np.abs(weights)
        if axes and np.isfinite(weights).all() and not ((sizes > 0) & (sizes <= EPSILON)).any():
            kernel = weights.reshape([weights.shape[a] for a in axes])
            where = [(a, befores[a], mode) for a in axes]
            # SciPy leaves out weights of 0 here, as the engine does.
            self._fast = Fast(_dense, (kernel,), kernel.shape, where, watch=False)

    def run(self, image: npt.NDArray, out: npt.NDArray) -> None:
        """Write the result to `out`."""
        if image.dtype.kind == "c":
            _by_parts(self.run_real, image, self.cval, out)
        else:
            self.run_real(image, arguments.number(self.cval), out)

    def run_real(self, image: npt.NDArray, cval: float, out: npt.NDArray) -> None:
        """Do the same for real samples and another constant."""
        if self._fast is not None and fits(out, self._modes, cval) and self._fast.run(image, cval, out):
            return
        if self._weights.size * image.size > _MOST_PRODUCTS:
            raise Elsewhere("the window is too large")
        windows.correlate(image, self._weights, out, self._befores, self._mode, cval, None)


class OfComplexWeights:
    """A correlation with complex weights: one with their real parts, and one with their imaginary parts."""

    complex_result = True

    def __init__(self, filters: tuple[Lines | Window, Lines | Window]) -> None:
        self._filters = filters

    def run(self, image: npt.NDArray, out: npt.NDArray) -> None:
        """Write the result to `out`."""
        of_complex = image.dtype.kind == "c"
        kind = out.dtype if of_complex else out.real.dtype
        first, second = (np.empty(image.shape, kind) for _ in self._filters)
        for each, to in zip(self._filters, (first, second), strict=True):
            each.run(image, to)
        if of_complex:
            out.real, out.imag = first.real - second.imag, first.imag + second.real
        else:
            out.real, out.imag = first, second


class Combined:
    """The sum of derivatives along each axis, or the root of the sum of their squares."""

    complex_result = False

    def __init__(self, filters: Sequence[Lines], *, squared: bool) -> None:
        self._filters, self._squared = tuple(filters), squared
        self._fast, self._modes = _fused(self._filters, squared=squared)

    def run(self, image: npt.NDArray, out: npt.NDArray) -> None:
        """Write the result to `out`. As in SciPy, what is added has the type of the result."""
        arguments.check_steps(out)
        if not self._filters or np.may_share_memory(image, out):
            raise Elsewhere("there is no axis, or output overlaps the image")
        whole = min(image.shape) >= max((each.odd_taps for each in self._filters), default=0)
        if self._fast is not None and whole and image.dtype.kind != "c":
            cval = arguments.number(self._filters[0].cval)
            if fits(out, self._modes, cval) and self._fast.run(image, cval, out):
                return
        for number, each in enumerate(self._filters):
            found = np.empty(out.shape, out.dtype) if number else out
            each.run(image, found)
            if self._squared:
                np.multiply(found, found, found)
            if number:
                out += found
        if self._squared:
            np.sqrt(out, out, casting="unsafe")


def _is_odd(weights: npt.NDArray) -> bool:
    """Tell whether a kernel is a derivative of odd order: minus its mirror image."""
    return bool(weights.any()) and bool((weights == -weights[::-1]).all())


def _fused(filters: tuple[Lines, ...], *, squared: bool) -> tuple[Fast | None, list[str]]:
    """Return all filters in one pass of the fast engine, or None, and the borders along their axes."""
    kernels = [line for each in filters for line in each.kernels]
    borders = {line.axis: line.mode for line in kernels}
    if len(filters) < 2 or any(each.stepwise or not each.kernels for each in filters):
        return None, []
    if len({line.mode for line in kernels}) > 1 or any(
        line.before != len(line.weights) // 2 for line in kernels
    ):
        return None, []
    axes, spans, taps = sorted(borders), dict.fromkeys(borders, 1), []
    for each in filters:
        along = {line.axis: line.weights for line in each.kernels}
        taps += [along.get(axis, _ONE) for axis in axes]
    for line in kernels:
        spans[line.axis] = max(spans[line.axis], len(line.weights))
    where = [(axis, spans[axis] // 2, borders[axis]) for axis in axes]
    build = _magnitude if squared else _sum
    return Fast(build, taps, [spans[axis] for axis in axes], where, watch=True), list(borders.values())


def _by_parts(
    run: Callable[[npt.NDArray, float, npt.NDArray], None], image: npt.NDArray, cval: Any, out: npt.NDArray
) -> None:
    """Filter the real and the imaginary part, each by itself."""
    level, found = complex(cval), []
    for part, number in ((image.real, level.real), (image.imag, level.imag)):
        found.append(np.empty(image.shape, out.real.dtype))
        run(np.ascontiguousarray(part), number, found[-1])
    out.real, out.imag = found


def _separable(ndim: int, axes: tuple[int, ...], *taps: npt.NDArray) -> Operator:
    return separable(taps)


def _sum(ndim: int, axes: tuple[int, ...], *taps: npt.NDArray) -> Operator:
    return separable(*_terms(axes, taps))


def _magnitude(ndim: int, axes: tuple[int, ...], *taps: npt.NDArray) -> Operator:
    return separable(*_terms(axes, taps), norm=True)


def _terms(axes: tuple[int, ...], taps: tuple[npt.NDArray, ...]) -> list[tuple[npt.NDArray, ...]]:
    """Return the taps of each term, one array for each axis."""
    return [taps[i : i + len(axes)] for i in range(0, len(taps), len(axes))]


def _dense(ndim: int, axes: tuple[int, ...], kernel: npt.NDArray) -> Operator:
    return Operator(dense=kernel)


@functools.lru_cache(256, typed=True)
def gaussian_weights(sigma: float | np.generic, order: int, radius: int) -> npt.NDArray:
    """Return SciPy's taps of a Gaussian or its derivative: what it answers to an impulse, reversed."""
    impulse = np.zeros(4 * radius + 1)
    impulse[2 * radius] = 1.0
    answer = gaussian_filter1d(impulse, sigma, order=order, mode="constant", radius=radius)
    weights = np.ascontiguousarray(answer[radius : 3 * radius + 1][::-1])
    weights.flags.writeable = False
    return weights
