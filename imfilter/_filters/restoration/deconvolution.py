"""Deconvolution by the Wiener filter and by Richardson and Lucy."""

import math
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from imfilter._base import arguments
from imfilter._filters.restoration import cosines
from imfilter._filters.restoration.family import Border, Samples
from imfilter._filters.restoration.spectra import MIRRORED, Domain, Periodic

LAPLACIAN, CONSTANT = "laplacian", "constant"
REGULARIZERS = (LAPLACIAN, CONSTANT)
#: Added samples beyond the border, in lengths of the kernel: the inverse of a blur is longer than the blur.
_REACH = 3
#: Blurred samples below this share of the largest sample are not divisors: they are errors of transforms.
_TINY = 1e-12
#: Where less than this share of the kernel's weight reaches the image, a sample stays unknown (Bertero and
#: Boccacci, section 3).
_SEEN = 1e-2

#: Values of a response that are computed at a time.
_VALUES = 1 << 18


def kernel_of(value: Any, order: tuple[int, ...]) -> npt.NDArray[np.float64]:
    """Return a kernel with the axes in ascending order."""
    found = arguments.kernel(value, len(order))
    if isinstance(found, tuple):
        dense = np.ones((1,) * len(found))
        for axis, taps in enumerate(found):
            dense = dense * taps.reshape([-1 if a == axis else 1 for a in range(len(found))])
        found = dense
    return found.transpose(order)


class _WienerSettings(NamedTuple):
    kernel: npt.NDArray[np.float64]
    balance: float
    regularizer: str


class Wiener:
    """The Wiener filter of a blur."""

    modes: tuple[str, ...] = ()
    scales = True

    def checked(self, lengths: tuple[int, ...], order: tuple[int, ...], *own: Any) -> _WienerSettings:
        """Check the arguments."""
        kernel, balance, regularizer = own
        weights = kernel_of(kernel, order)
        if not weights.any():
            raise ValueError(f"kernel must not be zero everywhere, got only zeros in shape {weights.shape}")
        share = arguments.number(balance, "balance")
        if share <= 0:
            raise ValueError(f"balance must be positive, got {share}")
        return _WienerSettings(weights, share, arguments.word(regularizer, "regularizer", REGULARIZERS))

    def filtered(
        self, settings: _WienerSettings, samples: Samples, counts: Samples | None, border: Border
    ) -> Samples:
        """Return the deconvolved image."""
        kernel, workers = settings.kernel, border.workers
        reach = tuple(_REACH * k for k in kernel.shape)
        waves = cosines.domain(samples.shape, border.mode, reach, kernel)
        plain = cosines.domain(samples.shape, border.mode, reach)
        values = plain.extended(samples, border.mode, border.cval)
        if counts is not None:
            there = plain.extended(counts, *border.of_counts)
            values = cosines.filled(values, there, max(1.0, max(kernel.shape) / 4), plain, workers)
        if border.mode in MIRRORED:  # then the kernel may need more samples than the filling
            values = waves.extended(values, border.mode, border.cval)
        response = self._response(settings, waves, workers)
        return waves.cropped(waves.filtered(values, response, workers, overwritten=True))

    def covered(self, settings: _WienerSettings, counts: Samples, border: Border) -> Samples:
        """Return the share of the filter's weights that is present."""
        waves = Periodic(counts.shape, border.mode, tuple(_REACH * k for k in settings.kernel.shape))
        response = self._response(settings, waves, border.workers)
        return waves.covered(response, counts, border.of_counts, border.workers)

    def _response(self, settings: _WienerSettings, waves: Domain, workers: int | None) -> npt.NDArray:
        """Return the response of the inverse filter."""
        found = waves.transfer(settings.kernel, workers)
        first, *others = (2 - 2 * np.cos(2 * math.pi * f) for f in waves.frequencies())
        step = max(1, _VALUES * len(found) // max(found.size, 1))
        for start in range(0, len(found), step):
            blur = found[start : start + step]
            power: float | npt.NDArray = settings.balance
            if settings.regularizer == LAPLACIAN:
                bends = np.zeros(1) + first[start : start + step]
                power = settings.balance * sum(others, bends) ** 2
            size = np.abs(blur)
            size *= size
            size += power
            size[size <= 0] = 1  # where a power is 0, its blur is 0 too, and so is the quotient
            np.conj(blur, out=blur)
            blur /= size
        return found


class _LucySettings(NamedTuple):
    kernel: npt.NDArray[np.float64]
    iterations: int


class RichardsonLucy:
    """Deconvolution by Richardson and Lucy: the most likely image for Poisson noise, by iterations."""

    modes: tuple[str, ...] = ("shrink",)
    scales = True

    def checked(self, lengths: tuple[int, ...], order: tuple[int, ...], *own: Any) -> _LucySettings:
        """Check the arguments."""
        kernel, iterations = own
        weights = kernel_of(kernel, order)
        if weights.min() < 0:
            raise ValueError(f"kernel must have no negative weights, got {weights.min()}")
        if not weights.any():
            raise ValueError(f"kernel must not be zero everywhere, got only zeros in shape {weights.shape}")
        return _LucySettings(weights, arguments.integer(iterations, "iterations", least=1))

    def filtered(
        self, settings: _LucySettings, samples: Samples, counts: Samples | None, border: Border
    ) -> Samples:
        """Return the image after all iterations.

        The image x is multiplied by ``H'(c*y/Hx) / H'c``: H is the blur, y the observed image and c how much
        its samples count. Beyond the border c is 0 with 'shrink', but x continues as far as the kernel.
        """
        kernel, workers = settings.kernel, border.workers
        odd = all(k % 2 for k in kernel.shape)
        waves = (
            cosines.domain(samples.shape, border.mode, kernel.shape, kernel)
            if odd
            else Periodic(samples.shape, border.mode, kernel.shape)
        )
        observed = waves.extended(np.maximum(samples, 0, out=samples), border.mode, max(border.cval, 0.0))
        count = np.ones(1)
        if counts is not None or border.mode == "shrink":
            given = np.broadcast_to(1.0, samples.shape) if counts is None else counts
            count = waves.extended(given, *border.of_counts)
        count = np.broadcast_to(count, observed.shape)
        peak = float(np.where(count > 0, observed, 0).max())
        if peak == 0:
            return np.zeros(samples.shape)
        # One response serves both ways, and arrays are written in place: each is as large as a period.
        blur = waves.transfer(kernel, workers)
        observed = np.multiply(observed, count, out=observed)
        mean = waves.total(observed) / waves.total(count) / float(kernel.sum())
        weight = waves.filtered(np.ascontiguousarray(count), np.conj(blur, out=blur), workers)
        seen = weight > _SEEN * kernel.sum() * float(count.max())
        weight[~seen] = 1
        found = np.where(seen, mean, 0.0)
        del count, seen
        for _ in range(settings.iterations):
            ratio = waves.filtered(found, np.conj(blur, out=blur), workers)
            np.maximum(ratio, _TINY * peak, out=ratio)
            np.divide(observed, ratio, out=ratio)
            step = waves.filtered(ratio, np.conj(blur, out=blur), workers, overwritten=True)
            np.maximum(step, 0, out=step)
            step /= weight
            found *= step
            del ratio, step
        return waves.cropped(found)

    def covered(self, settings: _LucySettings, counts: Samples, border: Border) -> Samples:
        """Return the share of the kernel's weight that reaches samples that are present."""
        kernel = settings.kernel
        waves = Periodic(counts.shape, border.mode, kernel.shape)
        back = waves.transfer(kernel / kernel.sum(), border.workers).conj()
        return waves.cropped(waves.filtered(waves.extended(counts, *border.of_counts), back, border.workers))


WIENER, RICHARDSON_LUCY = Wiener(), RichardsonLucy()
