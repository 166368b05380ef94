"""Cosine transforms of mirrored images, and the choice of a transform.

A mirrored image is a sum of cosines, and so is its product with a response that is real. The cosines need
the samples of the image only: a quarter of the samples of a period in two axes, an eighth in three. With N
samples from one mirror to the other, the waves have k/(2*N) cycles a sample:

- 'mirror': ``cos(pi*k*i/N)`` for k from 0 to N, the DCT of type 1, and N is one less than the samples;
- 'symmetric': ``cos(pi*k*(2*i + 1)/(2*N))`` for k below N, the DCT of type 2.

A core of a Zen 4 takes 0.13 s for a Butterworth filter of 1080 x 1920 samples with 'symmetric', where whole
periods take 0.42 s, and 0.39 s where they take 0.83 s with 'mirror'.

A kernel of an even number of taps has its centre between two samples, so a result that undoes it is half a
sample away: at the positions of the other type.
"""

import functools
import math
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import scipy.fft

from imfilter._filters.restoration import spectra
from imfilter._filters.restoration.spectra import Domain, Periodic

#: Share of the weights of a Gaussian that must be present for a value. Growth of its standard deviation
#: where less is.
_LEAST, _GROWTH = 1e-3, 4.0
#: Largest difference of mirrored taps, relative to the largest tap, that is a rounding error.
_ROUNDED = 8 * np.finfo(np.float64).eps


def domain(
    shape: tuple[int, ...], mode: str, reach: tuple[int, ...], kernel: npt.NDArray | None = None
) -> Domain:
    """Return the waves of an image. Filters are real and even, except by a `kernel`."""
    if mode in spectra.MIRRORED and (kernel is None or _mirrored(kernel)):
        halves = (False,) * len(shape) if kernel is None else tuple(k % 2 == 0 for k in kernel.shape)
        return Cosines(shape, mode, halves)
    return Periodic(shape, mode, reach)


def _mirrored(kernel: npt.NDArray) -> bool:
    """Tell whether a kernel is its own mirror image along each axis."""
    most = _ROUNDED * np.abs(kernel).max()
    return all(bool((np.abs(kernel - np.flip(kernel, a)) <= most).all()) for a in range(kernel.ndim))


@dataclass(frozen=True)
class Cosines:
    """Cosine transforms of images that continue as their mirror images.

    Where `halves` is True, `filtered` returns samples half a sample later.
    """

    shape: tuple[int, ...]
    mode: str
    halves: tuple[bool, ...] = field(default=())

    def _half_period(self, axis: int) -> int:
        return self.shape[axis] - (self.mode == "mirror")

    @property
    def periods(self) -> tuple[int, ...]:
        """The period of the images along each axis."""
        return tuple(max(2 * self._half_period(axis), 1) for axis in range(len(self.shape)))

    def extended(self, values: npt.NDArray, mode: str, cval: float) -> npt.NDArray[np.float64]:
        """Return the image."""
        return values

    def cropped(self, values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Return the image."""
        return values

    def frequencies(self) -> list[npt.NDArray[np.float64]]:
        """Return the frequencies along each axis in cycles a sample, ready to broadcast."""
        return spectra.broadcast(
            [np.arange(n) / period for n, period in zip(self.shape, self.periods, strict=True)]
        )

    def transfer(self, kernel: npt.NDArray, workers: int | None) -> npt.NDArray[np.float64]:
        """Return the response of a convolution without its delay: it is real."""
        found = kernel.astype(np.float64)
        for axis, n in enumerate(self.shape):
            half = self._half_period(axis)
            if half == 0:
                found = found.sum(axis, keepdims=True)
                continue
            taps = found.shape[axis]
            away = np.abs(2 * np.arange(taps) - (taps - 1)) // 2 % (2 * half)
            even = taps % 2 == 0
            place = np.where(away < half + 1 - even, away, 2 * half - even - away)
            shape = list(found.shape)
            shape[axis] = half + 1 - even
            folded = np.zeros(shape)
            np.add.at(np.moveaxis(folded, axis, 0), place, np.moveaxis(found, axis, 0))
            inner = slice(None) if even else slice(1, half)
            folded[(slice(None),) * axis + (inner,)] *= 0.5  # the transform counts them twice
            waves = _transformed(folded, 2 if even else 1, axis, workers)
            found = _first(waves, axis, n)
        return found

    def filtered(
        self, values: npt.NDArray, response: npt.NDArray, workers: int | None, *, overwritten: bool = False
    ) -> npt.NDArray[np.float64]:
        """Return samples, filtered by a response. `overwritten`: whether the values may be."""
        type_of = 1 if self.mode == "mirror" else 2
        axes = [axis for axis in range(values.ndim) if self._half_period(axis)]
        for axis in axes:
            values = _transformed(values, type_of, axis, workers, overwritten=overwritten)
            overwritten = True
        values = values * response if not axes else np.multiply(values, response, out=values)
        values *= 1 / math.prod(2 * self._half_period(axis) for axis in axes)
        for axis in axes:
            values = self._back(values, axis, workers)
        return values

    def _back(self, values: npt.NDArray, axis: int, workers: int | None) -> npt.NDArray[np.float64]:
        """Return the samples of sums of cosines along an axis."""
        half = bool(self.halves) and self.halves[axis]
        if self.mode == "mirror":
            if not half:
                return _transformed(values, 1, axis, workers, overwritten=True)
            found = _transformed(_first(values, axis, self.shape[axis] - 1), 3, axis, workers)
            return np.concatenate([found, found.take([-1], axis)], axis)
        if not half:
            return _transformed(values, 3, axis, workers, overwritten=True)
        more = np.concatenate([values, np.zeros_like(values.take([0], axis))], axis)
        lead = (slice(None),) * axis
        return _transformed(more, 1, axis, workers)[(*lead, slice(1, None))]

    def total(self, values: npt.NDArray[np.float64]) -> float:
        """Return the sum over a period."""
        for axis in reversed(range(values.ndim)):
            n = values.shape[axis]
            weights = np.full(n, 2.0)
            if self.mode == "mirror":
                weights[0] = weights[-1] = 1.0
            values = values @ weights
        return float(values)


def _first(values: npt.NDArray, axis: int, count: int) -> npt.NDArray:
    """Return the first values along an axis, followed by zeros."""
    n = values.shape[axis]
    if n < count:
        pads = [(0, count - n if a == axis else 0) for a in range(values.ndim)]
        return np.pad(values, pads)
    return values[(*(slice(None),) * axis, slice(0, count))]


def _transformed(
    values: npt.NDArray, type_of: int, axis: int, workers: int | None, *, overwritten: bool = False
) -> npt.NDArray[np.float64]:
    """Return the cosine transforms of all lines along an axis, in place of the values if `overwritten`."""
    if values.shape[axis] == 1 and type_of == 3:
        return values
    transform = functools.partial(scipy.fft.dct, type=type_of, axis=axis, workers=1)
    out = values if overwritten else None
    return spectra.along(values, axis, values.shape[axis], np.float64, workers, transform, out)


def filled(
    values: npt.NDArray[np.float64],
    counts: npt.NDArray[np.float64],
    sigma: float,
    waves: Domain,
    workers: int | None,
) -> npt.NDArray[np.float64]:
    """Return values whose absent samples are means of those around, weighted by a Gaussian.

    Where too little is near, the Gaussian is wider.
    """
    known = np.where(counts > 0, values, 0)
    found, left = known.copy(), counts <= 0
    square = sum((f * f for f in waves.frequencies()), np.zeros(1))
    while left.any():
        if sigma > max(waves.periods):
            found[left] = waves.total(known * counts) / waves.total(counts)
            break
        response = np.exp(-2 * (math.pi * sigma) ** 2 * square)
        share = waves.filtered(counts, response, workers)
        here = left & (share > _LEAST)
        found[here] = waves.filtered(known * counts, response, workers)[here] / share[here]
        left &= ~here
        sigma *= _GROWTH
    return found
