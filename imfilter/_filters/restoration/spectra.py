"""Fourier transforms of whole images, and the periodic images that they need.

Blocks of lines are transformed by one thread each. The blocks depend on the shape alone, so the results do
not depend on the number of threads.
"""

import functools
import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import scipy.fft

from imfilter._base import threads

#: Samples of a block of lines.
_BLOCK = 1 << 16
#: Samples that one thread transforms alone.
_ALONE = 1 << 16
#: Share of the weights of a Gaussian that must be present for a value. Growth of its standard deviation
#: where less is.
_LEAST, _GROWTH = 1e-3, 4.0


def _along(
    values: npt.NDArray, axis: int, length: int, kind: npt.DTypeLike, workers: int | None,
    transform: Callable[[npt.NDArray], npt.NDArray],
) -> npt.NDArray:  # fmt: skip
    """Return the transforms of all lines along an axis."""
    if values.ndim == 1:
        return transform(values)
    other = 1 if axis == 0 else 0
    shape = tuple(length if a == axis else n for a, n in enumerate(values.shape))
    found = np.empty(shape, kind)
    n = shape[other]
    step = max(1, _BLOCK * n // max(values.size, 1))
    lead = (slice(None),) * other

    def task(start: int, stop: int) -> None:
        for block in range(start, stop):
            where = (*lead, slice(block * step, (block + 1) * step))
            found[where] = transform(values[where])

    threads.run(task, -(-n // step), 1 if values.size < _ALONE else workers)
    return found


def forward(values: npt.NDArray[np.float64], workers: int | None) -> npt.NDArray[np.complex128]:
    """Return the half of the transform of real values that `irfftn` needs."""
    last = values.ndim - 1
    found = _along(
        values, last, values.shape[-1] // 2 + 1, np.complex128, workers,
        functools.partial(scipy.fft.rfft, axis=last, workers=1),
    )  # fmt: skip
    for axis in range(last):
        transform = functools.partial(scipy.fft.fft, axis=axis, workers=1)
        found = _along(found, axis, found.shape[axis], np.complex128, workers, transform)
    return found


def backward(
    spectrum: npt.NDArray[np.complex128], length: int, workers: int | None
) -> npt.NDArray[np.float64]:
    """Return the real values of a transform. `length` is that of the last axis."""
    last = spectrum.ndim - 1
    for axis in range(last):
        transform = functools.partial(scipy.fft.ifft, axis=axis, workers=1)
        spectrum = _along(spectrum, axis, spectrum.shape[axis], np.complex128, workers, transform)
    return _along(
        spectrum, last, length, np.float64, workers,
        functools.partial(scipy.fft.irfft, n=length, axis=last, workers=1),
    )  # fmt: skip


def filtered(values: npt.NDArray, response: npt.NDArray, workers: int | None) -> npt.NDArray[np.float64]:
    """Return periodic values, filtered by a response."""
    spectrum = forward(values, workers)
    spectrum *= response
    return backward(spectrum, values.shape[-1], workers)


def frequencies(shape: tuple[int, ...]) -> list[npt.NDArray[np.float64]]:
    """Return the frequencies along each axis in cycles a sample, ready to broadcast."""
    last = len(shape) - 1
    found = []
    for axis, n in enumerate(shape):
        along = scipy.fft.rfftfreq(n) if axis == last else scipy.fft.fftfreq(n)
        found.append(along.reshape([-1 if a == axis else 1 for a in range(len(shape))]))
    return found


def transfer(kernel: npt.NDArray, shape: tuple[int, ...], workers: int | None) -> npt.NDArray[np.complex128]:
    """Return the response of a convolution. Taps beyond the period are added to those within it.

    The centre of a kernel of k taps is at ``(k - 1) // 2``.
    """
    wrapped = np.zeros(shape)
    index = [(np.arange(k) - (k - 1) // 2) % n for k, n in zip(kernel.shape, shape, strict=True)]
    np.add.at(wrapped, np.ix_(*index), kernel)
    return forward(wrapped, workers)


class Extended(NamedTuple):
    """A periodic image, and where the given one is in it."""

    values: npt.NDArray[np.float64]
    where: tuple[slice, ...]


def extended(values: npt.NDArray[np.float64], mode: str, cval: float, reach: tuple[int, ...]) -> Extended:
    """Return a periodic image that continues beyond the border of the given one.

    The mirrored images are periodic. In others, `reach` samples are added on each side. With 'edge', they
    change from the last sample of the line to the first one, so nothing jumps.
    """
    where = []
    for axis, (n, more) in enumerate(zip(values.shape, reach, strict=True)):
        pads = [(0, 0)] * values.ndim
        if mode == "wrap" or (mode == "mirror" and n == 1):
            where.append(slice(0, n))
            continue
        if mode in ("mirror", "symmetric"):
            pads[axis] = (0, n - 2 if mode == "mirror" else n)
            values = np.pad(values, pads, mode="reflect" if mode == "mirror" else "symmetric")
            where.append(slice(0, n))
            continue
        length = scipy.fft.next_fast_len(n + 2 * more, real=True)
        pads[axis] = (more, length - n - more)
        where.append(slice(more, more + n))
        if mode != "edge":
            values = np.pad(values, pads, constant_values=cval)
            continue
        first, last = values.take([0], axis), values.take([n - 1], axis)
        values = np.pad(values, pads, mode="edge")
        gap = length - n
        share = (np.arange(gap) + 1) / (gap + 1)
        share = share.reshape([-1 if a == axis else 1 for a in range(values.ndim)])
        ramp = last + (first - last) * (share * share * (3 - 2 * share))
        moved, beyond = np.moveaxis(values, axis, 0), np.moveaxis(ramp, axis, 0)
        moved[more + n :], moved[:more] = beyond[: gap - more], beyond[gap - more :]
    return Extended(values, tuple(where))


def filled(
    values: npt.NDArray[np.float64], counts: npt.NDArray[np.float64], sigma: float, workers: int | None
) -> npt.NDArray[np.float64]:
    """Return periodic values whose absent samples are means of those around, weighted by a Gaussian.

    Where too little is near, the Gaussian is wider.
    """
    known = np.where(counts > 0, values, 0)
    found, left = known.copy(), counts <= 0
    square = sum((f * f for f in frequencies(values.shape)), np.zeros(1))
    while left.any():
        if sigma > max(values.shape):
            found[left] = (known * counts).sum() / counts.sum()
            break
        response = np.exp(-2 * (math.pi * sigma) ** 2 * square)
        share = filtered(counts, response, workers)
        here = left & (share > _LEAST)
        found[here] = filtered(known * counts, response, workers)[here] / share[here]
        left &= ~here
        sigma *= _GROWTH
    return found
