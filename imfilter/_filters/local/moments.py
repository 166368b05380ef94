"""Means and variances of windows, merged along one axis after the other.

The mean of a line is kept as one of its samples plus a small rest. So the means of two lines are subtracted
without the error of a large common offset.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt


class Step(NamedTuple):
    """Taps that are merged: their offsets along z, y and x, their weights, and the tap of the centre."""

    offsets: npt.NDArray[np.int64]
    weights: npt.NDArray[np.float64]
    centre: int
    extent: tuple[int, int, int]

    @classmethod
    def of_line(cls, axis: int, taps: npt.NDArray) -> "Step":
        """Return the step along an axis: 0, 1 or 2 for z, y or x."""
        offsets = np.zeros((len(taps), 3), np.int64)
        offsets[:, axis] = np.arange(len(taps))
        extent = tuple(len(taps) - 1 if a == axis else 0 for a in range(3))
        return cls(offsets, np.asarray(taps, np.float64), len(taps) // 2, extent)  # type: ignore[arg-type]

    @classmethod
    def of_footprint(cls, inside: npt.NDArray[np.bool_]) -> "Step":
        """Return the step for a footprint over z, y and x."""
        offsets = np.argwhere(inside).astype(np.int64)
        middle = np.array([n // 2 for n in inside.shape])
        centre = int(np.abs(offsets - middle).sum(1).argmin())
        z, y, x = (n - 1 for n in inside.shape)
        return cls(offsets, np.ones(len(offsets)), centre, (z, y, x))


class Moments(NamedTuple):
    """One sample of each window, the mean minus this sample, the variance, and how much is present."""

    sample: npt.NDArray
    rest: npt.NDArray | None
    spread: npt.NDArray | None
    counts: npt.NDArray | None

    @classmethod
    def of(cls, samples: npt.NDArray, rest: npt.NDArray | None, counts: npt.NDArray | None) -> "Moments":
        """Return windows of single samples. Absent samples become 0."""
        if counts is not None:
            samples = np.where(counts > 0, samples, 0.0)
            rest = None if rest is None else np.where(counts > 0, rest, 0.0)
        return cls(samples, rest, None, counts)


def split(samples: npt.NDArray) -> tuple[npt.NDArray, npt.NDArray | None]:
    """Return samples as float64, and what float64 does not hold of them."""
    values = samples.astype(np.float64)
    kind = samples.dtype
    if kind.kind in "iu" and kind.itemsize == 8:
        low = samples & kind.type(2047)  # the other 53 bits fit into float64
        return (samples - low).astype(np.float64), low.astype(np.float64)
    if kind.kind == "f" and kind.itemsize > 8:
        with np.errstate(all="ignore"):
            rest = (samples - values).astype(np.float64)
        return values, np.where(np.isfinite(rest), rest, 0.0)
    return values, None


@np.errstate(all="ignore")
def merged(moments: Moments, step: Step) -> Moments:
    """Return the moments of the windows of a step."""
    shape = [n - e for n, e in zip(moments.sample.shape[1:4], step.extent, strict=True)]

    def at(array: npt.NDArray, tap: int) -> npt.NDArray:
        z, y, x = (slice(o, o + n) for o, n in zip(step.offsets[tap], shape, strict=True))
        return array[:, z, y, x]

    taps = range(len(step.weights))
    weights: list[npt.NDArray | float] = step.weights.tolist()
    counts = None
    if moments.counts is None:
        total: npt.NDArray | float = float(step.weights.sum())
        own = at(moments.sample, step.centre)
    else:
        weights = [step.weights[t] * at(moments.counts, t) for t in taps]
        total = counts = sum(weights)
        own = np.full(counts.shape, -np.inf)
        for t in taps:
            np.fmax(own, np.where(weights[t] > 0, at(moments.sample, t), -np.inf), out=own)
        own[counts == 0] = 0.0

    def apart(tap: int) -> npt.NDArray:
        value = at(moments.sample, tap) - own
        value = value if moments.rest is None else value + at(moments.rest, tap)
        return value if counts is None else np.where(weights[tap] > 0, value, 0.0)

    def mean(values: list[npt.NDArray]) -> npt.NDArray:
        return sum(w * v for w, v in zip(weights, values, strict=True)) / total

    away = [apart(t) for t in taps]
    rest = mean(away)
    squares = [(a - rest) ** 2 for a in away]
    if moments.spread is not None:
        squares = [s + at(moments.spread, t) for t, s in enumerate(squares)]
    if counts is not None:
        squares = [np.where(w > 0, s, 0.0) for w, s in zip(weights, squares, strict=True)]
    spread = mean(squares)
    if counts is not None:
        rest, spread = (np.where(counts > 0, a, 0.0) for a in (rest, spread))
    return Moments(own, rest, spread, counts)
