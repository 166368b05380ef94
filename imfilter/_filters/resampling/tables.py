"""The weights of each output along one axis."""

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from imfilter._base import borders
from imfilter._base.memo import once, remembered

#: Where the first and the last output are: the ends of the axis fit, or the centres of the last samples.
CENTRES, CORNERS = "centres", "corners"
ALIGNMENTS = CENTRES, CORNERS
AREA, LINEAR, CUBIC, LANCZOS, NEAREST = "area", "linear", "cubic", "lanczos", "nearest"
METHODS = AREA, LINEAR, CUBIC, LANCZOS, NEAREST
#: Distance of the last samples that a kernel weighs, before it is widened.
_SUPPORT = {LINEAR: 1.0, CUBIC: 2.0, LANCZOS: 3.0}
#: Largest number of bits of a weight that is counted.
_MOST_BITS = 16
#: Overlaps of an output and a sample up to this size are rounding errors.
_ROUNDED = 1e-9
_Reals = npt.NDArray[np.float64]
_Whole = npt.NDArray[np.int64]


class Facts(NamedTuple):
    """What the arithmetic depends on; see the properties of `Table`."""

    most: int
    bits: int
    picks: bool
    grows: bool
    identity: bool


class _Taps(NamedTuple):
    """The fields of a table."""

    length: int  # samples of the axis
    starts: _Whole
    samples: _Whole
    weights: _Reals
    constants: _Reals
    about: _Whole
    factor: int = 0  # not 0: each output is the mean of so many samples, without gaps
    whole: "Facts | None" = None  # of the table of which this is a part, which has the same arithmetic


class Table(_Taps):
    """The taps of all outputs of an axis, one output after the other.

    The taps of output i are numbers ``starts[i]`` to ``starts[i + 1]`` of `samples` and `weights`.
    `constants` is the weight of the constant beyond the border, and `about` the sample of largest weight.
    """

    @property
    def outputs(self) -> int:
        """The number of outputs."""
        return len(self.about)

    @once
    def most(self) -> int:
        """The largest number of taps of an output."""
        if self.whole is not None:
            return self.whole.most
        return int(np.diff(self.starts).max())

    @once
    def picks(self) -> bool:
        """Whether every output is a sample."""
        if self.whole is not None:
            return self.whole.picks
        return len(self.samples) == self.outputs and bool((self.weights == 1).all())

    @property
    def grows(self) -> bool:
        """Whether there are at least 4 outputs for 3 samples."""
        if self.whole is not None:
            return self.whole.grows
        return 4 * self.length <= 3 * self.outputs

    @once
    def identity(self) -> bool:
        """Whether every output is the sample at its place. The only output of a part may be, by chance."""
        if self.whole is not None and not self.whole.identity:
            return False
        return self.picks and np.array_equal(self.samples, np.arange(self.length))

    @once
    def bits(self) -> int:
        """The number of bits behind the point of all weights. It is large if a weight is negative, too."""
        if self.whole is not None:
            return self.whole.bits
        return _MOST_BITS if (self.weights < 0).any() else self.places

    @once
    def places(self) -> int:
        """The number of bits behind the point of all weights, or `_MOST_BITS` if it is as large or larger."""
        scaled = self.weights * 2.0**_MOST_BITS
        if self.constants.any() or (scaled != np.rint(scaled)).any():
            return _MOST_BITS
        shared = int(np.gcd.reduce(scaled.astype(np.int64), initial=1 << _MOST_BITS))
        return _MOST_BITS - ((shared & -shared).bit_length() - 1)

    @once
    def gain(self) -> float:
        """The largest sum of the magnitudes of the weights of an output."""
        output = np.repeat(np.arange(self.outputs), np.diff(self.starts))
        return float(np.bincount(output, np.abs(self.weights), 1).max())

    def part(self, start: int, stop: int) -> tuple[_Whole, "Table"]:
        """Return the samples that some outputs read, in order, and the table of the outputs for them."""
        first, last = self.starts[start], self.starts[stop]
        samples, about = self.samples[first:last], self.about[start:stop]
        read = np.unique(np.concatenate([samples, about]))
        return read, Table(
            len(read),
            self.starts[start : stop + 1] - first,
            np.searchsorted(read, samples),
            self.weights[first:last],
            self.constants[start:stop],
            np.searchsorted(read, about),
            self.factor,
            Facts(self.most, self.bits, self.picks, self.grows, self.identity),
        )

    def beside(self) -> "Table":
        """Return the table without the taps of the samples of largest weight."""
        output = np.repeat(np.arange(self.outputs), np.diff(self.starts))
        other = self.samples != self.about[output]
        starts = np.concatenate([[0], np.cumsum(other)])[self.starts]
        return self._replace(starts=starts, samples=self.samples[other], weights=self.weights[other])

    def of_sign(self, sign: float) -> "Table":
        """Return the magnitudes of the weights of one sign."""
        weights, constants = (np.maximum(sign * w, 0.0) for w in (self.weights, self.constants))
        return self._replace(weights=weights, constants=constants)


def exact(axes: tuple[Table, ...], samples: np.dtype, real: np.dtype) -> bool:
    """Return whether `real` holds the sums of integers exactly, and their differences from a reference."""
    if any(axis.places == _MOST_BITS for axis in axes):
        return False
    bits = 8 * samples.itemsize + 1 + sum(axis.places for axis in axes)
    return math.prod(axis.gain for axis in axes) * 2.0**bits <= 2.0 ** (np.finfo(real).nmant + 1)


@remembered(sum)
def of(
    lengths: tuple[int, int], method: str, align: str, mode: str, *, antialias: bool, sharpness: float
) -> Table:
    """Return the table of an axis of so many samples and outputs.

    `sharpness` is the parameter of the cubic kernel.
    """
    length, outputs = lengths
    step = length / outputs
    if method == AREA:
        first = np.arange(outputs) * step
        begin = np.floor(first + _ROUNDED).astype(np.int64)
        places = begin[:, None] + np.arange(math.ceil(step) + 1)
        end = first[:, None] + step
        weights = (np.minimum(places + 1, end) - np.maximum(places, first[:, None])) / step
        weights[weights < _ROUNDED] = 0.0
        factor = 0 if length % outputs else length // outputs
        return of_places(length, np.minimum(places, length - 1), _unit(weights))._replace(factor=factor)
    at = (np.arange(outputs) + 0.5) * step - 0.5
    if align == CORNERS:
        step = (length - 1) / (outputs - 1) if outputs > 1 else 0.0
        at = np.arange(outputs) * step
    if method == NEAREST:
        places = np.clip(np.floor(at + 0.5), 0, length - 1).astype(np.int64)[:, None]
        return of_places(length, places, np.ones(places.shape))
    wide = max(step, 1.0) if antialias else 1.0
    reach = _SUPPORT[method] * wide
    begin = np.floor(at - reach).astype(np.int64) + 1
    places = begin[:, None] + np.arange(math.ceil(2 * reach))
    weights = _kernel(method, sharpness)((places - at[:, None]) / wide)
    if mode == "shrink":
        weights[(places < 0) | (places >= length)] = 0.0
    return of_places(length, places, _unit(weights), mode)


def _kernel(method: str, a: float) -> Callable[[_Reals], _Reals]:
    """Return the interpolating kernel as a function of the distance in samples."""

    def linear(x: _Reals) -> _Reals:
        return np.maximum(1.0 - np.abs(x), 0.0)

    def cubic(x: _Reals) -> _Reals:
        x = np.abs(x)
        near = ((a + 2) * x - (a + 3)) * x * x + 1
        far = ((a * x - 5 * a) * x + 8 * a) * x - 4 * a
        return np.where(x < 1, near, np.where(x < 2, far, 0.0))

    def lanczos(x: _Reals) -> _Reals:
        found: _Reals = np.where(np.abs(x) < 3, np.sinc(x) * np.sinc(x / 3), 0.0)
        found[(x == np.rint(x)) & (x != 0)] = 0.0  # sin(pi*x) is not exactly 0 there
        return found

    return {LINEAR: linear, CUBIC: cubic, LANCZOS: lanczos}[method]


def _unit(weights: _Reals) -> _Reals:
    """Return weights of each output that add up to 1."""
    return weights / weights.sum(1, keepdims=True)


def expanded(length: int, outputs: int, mode: str) -> Table:
    """Return the table that doubles an axis with the binomial weights of Burt and Adelson."""
    i = np.arange(outputs)
    odd = i % 2 == 1
    places = (i // 2)[:, None] + np.arange(-1, 2)
    weights = np.where(odd[:, None], [0.0, 0.5, 0.5], [0.125, 0.75, 0.125])
    if mode == "shrink":
        weights[(places < 0) | (places >= length)] = 0.0
    return of_places(length, places, _unit(weights), mode)


def reduced(length: int, mode: str) -> Table:
    """Return the table that halves an axis with the binomial weights of Burt and Adelson."""
    places = 2 * np.arange(-(-length // 2))[:, None] + np.arange(-2, 3)
    weights = np.tile(np.array([1.0, 4.0, 6.0, 4.0, 1.0]) / 16, (len(places), 1))
    if mode == "shrink":
        weights[(places < 0) | (places >= length)] = 0.0
    return of_places(length, places, _unit(weights), mode)


def of_places(length: int, places: _Whole, weights: _Reals, mode: str = "edge") -> Table:
    """Return the table of taps at padded `places`. Taps of an output that read one sample become one."""
    before, after = max(0, -int(places.min())), max(0, int(places.max()) - length + 1)
    if before or after:
        border = borders.outside(length, before, after, "zero" if mode == "shrink" else mode)
        everywhere = np.concatenate([border[:before], np.arange(length), border[before:]])
        places = everywhere[places + before]
    constants = np.where(places < 0, weights, 0.0).sum(1)
    output = np.broadcast_to(np.arange(len(places))[:, None], places.shape)
    used = (weights != 0) & (places >= 0)
    keys, number = np.unique(output[used] * np.int64(length) + places[used], return_inverse=True)
    summed = np.bincount(number, weights[used], len(keys)).astype(np.float64)
    outputs, samples = keys // length, keys % length
    starts = np.searchsorted(outputs, np.arange(len(places) + 1)).astype(np.int64)
    about = np.zeros(len(places), np.int64)
    order = np.lexsort((-np.arange(len(keys)), np.abs(summed), outputs))
    filled = starts[1:] > starts[:-1]
    about[filled] = samples[order[starts[1:][filled] - 1]]
    return Table(length, starts, samples.astype(np.int64), summed, constants, about)
