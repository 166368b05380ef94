"""Fourier transforms of whole images, and the periodic images that they need.

Blocks of lines are transformed by one thread each. The blocks depend on the shape alone, so the results do
not depend on the number of threads.
"""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt
import scipy.fft

from imfilter._base import strips
from imfilter._base.program import address

#: Samples of a block of lines.
_BLOCK = 1 << 16
#: Samples that one thread transforms alone.
_ALONE = 1 << 16


def along(
    values: npt.NDArray, axis: int, length: int, kind: npt.DTypeLike, workers: int | None,
    transform: Callable[[npt.NDArray], npt.NDArray], out: npt.NDArray | None = None,
) -> npt.NDArray:  # fmt: skip
    """Return the transforms of all lines along an axis, in `out` or a new array.

    `out` may be `values`, or memory in which each line starts where that of `values` does.
    """
    if values.ndim == 1:
        found = transform(values)
        if out is None:
            return found
        out[...] = found
        return out
    other = 1 if axis == 0 else 0
    shape = tuple(length if a == axis else n for a, n in enumerate(values.shape))
    found = np.empty(shape, kind) if out is None else out
    n = shape[other]
    step = max(1, _BLOCK * n // max(values.size, 1))
    lead = (slice(None),) * other

    def strip(first: int, stop: int) -> None:
        where = (*lead, slice(first, stop))
        found[where] = transform(values[where])

    strips.each(strip, n, step, 1 if values.size < _ALONE else workers)
    return found


def forward(
    values: npt.NDArray[np.float64], workers: int | None, out: npt.NDArray[np.complex128] | None = None
) -> npt.NDArray[np.complex128]:
    """Return the half of the transform of real values that `irfftn` needs, in `out` or a new array."""
    last = values.ndim - 1
    found = along(
        values, last, values.shape[-1] // 2 + 1, np.complex128, workers,
        functools.partial(scipy.fft.rfft, axis=last, workers=1), out,
    )  # fmt: skip
    for axis in range(last):
        transform = functools.partial(scipy.fft.fft, axis=axis, workers=1)
        found = along(found, axis, found.shape[axis], np.complex128, workers, transform, found)
    return found


def backward(
    spectrum: npt.NDArray[np.complex128], length: int, workers: int | None
) -> npt.NDArray[np.float64]:
    """Return the real values of a transform, in its memory. `length` is that of the last axis.

    Each line of values starts where that of the transform does; see `_spectrum_of`.
    """
    last = spectrum.ndim - 1
    for axis in range(last):
        transform = functools.partial(scipy.fft.ifft, axis=axis, workers=1)
        spectrum = along(spectrum, axis, spectrum.shape[axis], np.complex128, workers, transform, spectrum)
    return along(
        spectrum, last, length, np.float64, workers,
        functools.partial(scipy.fft.irfft, n=length, axis=last, workers=1),
        spectrum.view(np.float64)[..., :length],
    )  # fmt: skip


def _spectrum_of(values: npt.NDArray[np.float64]) -> npt.NDArray[np.complex128] | None:
    """Return the transform in whose memory `backward` has written values. None: they are elsewhere."""
    base, shape = values.base, (*values.shape[:-1], values.shape[-1] // 2 + 1)
    if not isinstance(base, np.ndarray) or base.dtype != np.complex128 or base.shape != shape:
        return None
    return base if address(base) == address(values) and base.strides[:-1] == values.strides[:-1] else None


class Domain(Protocol):
    """A basis of waves for images that continue beyond their border, in which filters are products."""

    @property
    def periods(self) -> tuple[int, ...]:
        """The period of the images along each axis."""

    def extended(self, values: npt.NDArray, mode: str, cval: float) -> npt.NDArray[np.float64]:
        """Return the samples that stand for an image of the shape of this domain."""

    def cropped(self, values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Return the image of such samples."""

    def frequencies(self) -> list[npt.NDArray[np.float64]]:
        """Return the frequencies along each axis in cycles a sample, ready to broadcast."""

    def transfer(self, kernel: npt.NDArray, workers: int | None) -> npt.NDArray:
        """Return the response of a convolution. The centre of a kernel of k taps is at ``(k - 1) // 2``."""

    def filtered(
        self, values: npt.NDArray, response: npt.NDArray, workers: int | None, *, overwritten: bool = False
    ) -> npt.NDArray[np.float64]:
        """Return samples, filtered by a response. `overwritten`: whether the values may be."""

    def total(self, values: npt.NDArray[np.float64]) -> float:
        """Return the sum over a period."""


@dataclass(frozen=True)
class Periodic:
    """Fourier transforms of whole periods.

    The mirrored images are periodic. To others, `reach` samples are added on each side. With 'edge', they
    change from the last sample of the line to the first one, so nothing jumps.
    """

    shape: tuple[int, ...]
    mode: str
    reach: tuple[int, ...]

    @property
    def periods(self) -> tuple[int, ...]:
        """The period of the images along each axis."""
        return tuple(self._period(n, more) for n, more in zip(self.shape, self.reach, strict=True))

    def _period(self, n: int, more: int) -> int:
        if self.mode == "wrap" or (self.mode == "mirror" and n == 1):
            return n
        if self.mode in MIRRORED:
            return 2 * n - 2 * (self.mode == "mirror")
        length: int = scipy.fft.next_fast_len(n + 2 * more, real=True)
        return length

    def _before(self, more: int) -> int:
        """Return the number of samples before the image."""
        return 0 if self.mode == "wrap" or self.mode in MIRRORED else more

    def extended(self, values: npt.NDArray, mode: str, cval: float) -> npt.NDArray[np.float64]:
        """Return the image over a period. `mode` is that of this domain, or a constant."""
        for axis, (n, more, period) in enumerate(zip(self.shape, self.reach, self.periods, strict=True)):
            if period == n:
                continue
            before, gap = self._before(more), period - n
            pads = [(0, 0)] * values.ndim
            pads[axis] = before, gap - before
            if mode in MIRRORED:
                values = np.pad(values, pads, mode="reflect" if mode == "mirror" else "symmetric")
                continue
            if mode != "edge":
                values = np.pad(values, pads, constant_values=cval)
                continue
            first, last = values.take([0], axis), values.take([n - 1], axis)
            values = np.pad(values, pads, mode="edge")
            share = (np.arange(gap) + 1) / (gap + 1)
            share = share.reshape([-1 if a == axis else 1 for a in range(values.ndim)])
            ramp = last + (first - last) * (share * share * (3 - 2 * share))
            moved, beyond = np.moveaxis(values, axis, 0), np.moveaxis(ramp, axis, 0)
            moved[more + n :], moved[:more] = beyond[: gap - more], beyond[gap - more :]
        return values

    def cropped(self, values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Return the image of a period."""
        starts = map(self._before, self.reach)
        return values[tuple(slice(start, start + n) for start, n in zip(starts, self.shape, strict=True))]

    def frequencies(self) -> list[npt.NDArray[np.float64]]:
        """Return the frequencies along each axis in cycles a sample, ready to broadcast."""
        last = len(self.shape) - 1
        waves = [
            scipy.fft.rfftfreq(n) if axis == last else scipy.fft.fftfreq(n)
            for axis, n in enumerate(self.periods)
        ]
        return broadcast(waves)

    def transfer(self, kernel: npt.NDArray, workers: int | None) -> npt.NDArray[np.complex128]:
        """Return the response of a convolution. Taps beyond the period are added to those within it."""
        wrapped = np.zeros(self.periods)
        index = [(np.arange(k) - (k - 1) // 2) % n for k, n in zip(kernel.shape, self.periods, strict=True)]
        np.add.at(wrapped, np.ix_(*index), kernel)
        return forward(wrapped, workers)

    def filtered(
        self, values: npt.NDArray, response: npt.NDArray, workers: int | None, *, overwritten: bool = False
    ) -> npt.NDArray[np.float64]:
        """Return samples, filtered by a response. `overwritten`: whether the values may be."""
        spectrum = forward(values, workers, _spectrum_of(values) if overwritten else None)
        spectrum *= response
        return backward(spectrum, values.shape[-1], workers)

    def total(self, values: npt.NDArray[np.float64]) -> float:
        """Return the sum over a period."""
        return float(values.sum())

    def covered(
        self,
        response: npt.NDArray,
        counts: npt.NDArray[np.float64],
        border: tuple[str, float],
        workers: int | None,
    ) -> npt.NDArray[np.float64]:
        """Return the share of the weights of a response that is present, by their magnitudes."""
        *lead, last = self.periods
        spectrum = np.broadcast_to(response, (*lead, last // 2 + 1)).astype(np.complex128)
        weights = np.abs(backward(spectrum, last, workers))
        weights /= weights.sum()
        values = self.extended(counts, *border)
        return self.cropped(self.filtered(values, forward(weights, workers), workers))


#: Borders that mirror the image.
MIRRORED = "mirror", "symmetric"


def broadcast(along_axes: list[npt.NDArray[np.float64]]) -> list[npt.NDArray[np.float64]]:
    """Return lines along each axis, ready to broadcast."""
    n = len(along_axes)
    return [line.reshape([-1 if a == axis else 1 for a in range(n)]) for axis, line in enumerate(along_axes)]
