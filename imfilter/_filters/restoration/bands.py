"""Filters that are given by their response to frequencies: Butterworth's, and the homomorphic filter."""

import math
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from imfilter._base import arguments
from imfilter._filters.restoration import cosines
from imfilter._filters.restoration.family import Border, Samples
from imfilter._filters.restoration.spectra import Periodic

LOW, HIGH, BAND = "low", "high", "band"
KINDS = (LOW, HIGH, BAND)
#: Samples that are added beyond the border, relative to the period of the lowest cutoff.
_PERIODS = 2.0
#: Smallest cutoff in cycles a sample from which the number of these samples is computed.
_SHORTEST = 1e-300


class Settings(NamedTuple):
    """A response: the cutoffs in cycles a unit, the order, and distances between samples."""

    cutoffs: tuple[float, ...]
    order: float
    kind: str
    squared: bool
    spacing: tuple[float, ...]
    gains: tuple[float, float] = (0.0, 1.0)  # of low and of high frequencies
    offset: float = 0.0

    def response(self, frequencies: list[npt.NDArray[np.float64]]) -> npt.NDArray[np.float64]:
        """Return the response to the frequencies along all axes."""
        found = self._low(frequencies, self.cutoffs[0])
        other = self._low(frequencies, self.cutoffs[1]) if self.kind == BAND else None
        if self.kind != LOW:
            np.subtract(1, found, out=found)  # 1 where the part is infinite
        if other is not None:
            found *= other
        if not self.squared:
            np.sqrt(found, out=found)
        low, high = self.gains
        if (low, high) != (0.0, 1.0):
            found *= high - low
            found += low
        return found

    def _low(self, frequencies: list[npt.NDArray[np.float64]], cutoff: float) -> npt.NDArray[np.float64]:
        """Return the low pass of a cutoff. In units near it, its square is not too small."""
        unit = 2.0 ** math.frexp(cutoff)[1]
        with np.errstate(over="ignore"):
            waves = ((f / s / unit) ** 2 for f, s in zip(frequencies, self.spacing, strict=True))
            square: npt.NDArray[np.float64] = np.asarray(sum(waves, np.zeros(1)))
            square /= (cutoff / unit) ** 2
            np.power(square, self.order, out=square)
            square += 1
        return np.divide(1, square, out=square)

    def reach(self, lengths: tuple[int, ...]) -> tuple[int, ...]:
        """Return how many samples are added beyond the border."""
        return tuple(
            int(min(n, np.ceil(_PERIODS / max(self.cutoffs[0] * s, _SHORTEST))))
            for n, s in zip(lengths, self.spacing, strict=True)
        )


def _settings(
    lengths: tuple[int, ...],
    order: tuple[int, ...],
    cutoff: Any,
    steep: Any,
    kind: Any,
    squared: Any,
    spacing: Any,
) -> Settings:
    """Check the arguments."""
    kind = arguments.word(kind, "kind", KINDS)
    if kind == BAND:
        given = arguments.each(cutoff, None, "cutoff")
        if len(given) != 2:
            raise ValueError(f"cutoff must be two numbers for kind='band', got {arguments.brief(cutoff)}")
    else:
        given = (cutoff,)
    cutoffs = tuple(arguments.number(c, "cutoff") for c in given)
    if min(cutoffs) <= 0:
        raise ValueError(f"cutoff must be positive, got {min(cutoffs)}")
    if list(cutoffs) != sorted(set(cutoffs)):
        raise ValueError(f"cutoff must be two numbers, the lower one first, got {arguments.brief(cutoff)}")
    power = arguments.number(steep, "order")
    if power <= 0:
        raise ValueError(f"order must be positive, got {power}")
    steps = arguments.spacings(spacing, len(order))
    return Settings(cutoffs, power, kind, arguments.flag(squared, "squared"), tuple(steps[i] for i in order))


def _passed(
    settings: Settings, samples: Samples, counts: Samples | None, border: Border, cval: float
) -> Samples:
    """Return what the response lets through, of an image in which absent samples are filled."""
    waves = cosines.domain(samples.shape, border.mode, settings.reach(samples.shape))
    values = waves.extended(samples, border.mode, cval)
    if counts is not None:
        values = cosines.filled(values, waves.extended(counts, *border.of_counts), 1.0, waves, border.workers)
    response = settings.response(waves.frequencies())
    return waves.cropped(waves.filtered(values, response, border.workers, overwritten=True))


def _covered(settings: Settings, counts: Samples, border: Border) -> Samples:
    """Return the share of the filter's weights that is present."""
    waves = Periodic(counts.shape, border.mode, settings.reach(counts.shape))
    response = settings.response(waves.frequencies())
    return waves.covered(response, counts, border.of_counts, border.workers)


class Butterworth:
    """Butterworth's filter."""

    modes: tuple[str, ...] = ()
    scales = True

    def checked(self, lengths: tuple[int, ...], order: tuple[int, ...], *own: Any) -> Settings:
        """Check the arguments."""
        return _settings(lengths, order, *own)

    def filtered(
        self, settings: Settings, samples: Samples, counts: Samples | None, border: Border
    ) -> Samples:
        """Return the result."""
        return _passed(settings, samples, counts, border, border.cval)

    def covered(self, settings: Settings, counts: Samples, border: Border) -> Samples:
        """Return the share of the filter's weights that is present."""
        return _covered(settings, counts, border)


class Homomorphic:
    """Butterworth's filter of the logarithm."""

    modes: tuple[str, ...] = ()
    scales = False

    def checked(self, lengths: tuple[int, ...], order: tuple[int, ...], *own: Any) -> Settings:
        """Check the arguments."""
        cutoff, low_gain, high_gain, steep, offset, spacing = own
        gains = arguments.number(low_gain, "low_gain"), arguments.number(high_gain, "high_gain")
        for name, gain in zip(("low_gain", "high_gain"), gains, strict=True):
            if gain < 0:
                raise ValueError(f"{name} must be at least 0, got {gain}")
        more = arguments.number(offset, "offset")
        if more < 0:
            raise ValueError(f"offset must be at least 0, got {more}")
        made = _settings(lengths, order, cutoff, steep, HIGH, True, spacing)
        return made._replace(gains=gains, offset=more)

    def filtered(
        self, settings: Settings, samples: Samples, counts: Samples | None, border: Border
    ) -> Samples:
        """Return the result."""
        offset = settings.offset
        present = samples if counts is None else samples[counts > 0]
        lowest = float(present.min())
        if lowest + offset <= 0:
            raise ValueError(f"image must be above -offset, {-offset}, for logarithms, got {lowest}")
        if border.mode in ("zero", "constant"):
            if border.cval + offset <= 0:
                if border.mode == "zero":
                    raise ValueError(f"offset must be greater than 0 with mode='zero', got {offset}")
                raise ValueError(f"cval must be above -offset, {-offset}, for logarithms, got {border.cval}")
            lowest = min(lowest, border.cval)
        there = samples if counts is None else np.where(counts > 0, samples, lowest)
        there += offset
        outside = float(np.log(border.cval + offset)) if border.mode in ("zero", "constant") else 0.0
        with np.errstate(over="ignore"):
            found = _passed(settings, np.log(there, out=there), counts, border, outside)
            np.exp(found, out=found)
        found -= offset
        return found

    def covered(self, settings: Settings, counts: Samples, border: Border) -> Samples:
        """Return the share of the weights that is present, of the filter of the logarithm."""
        return _covered(settings, counts, border)


BUTTERWORTH, HOMOMORPHIC = Butterworth(), Homomorphic()
