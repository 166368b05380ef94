"""The times of the frames of films and animations, also after their number has changed."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from fractions import Fraction

from .image import SAMPLING, Image

#: Names in `Image.details`: of films, and of the durations and the number of repetitions of animations.
FILM, ANIMATION = "film", "animation"
_UNSAID = 100  # milliseconds for which browsers show a frame of duration 0
_PRECISE = 100_000  # largest denominator of a rate
#: Returns the time of a frame in seconds, or None if it is not known.
Times = Callable[[int], "Fraction | None"]


def times_of(header: Image) -> Times:
    """Return the times of the frames of a result, by those of the film or of the animation that was read.

    The times of a film are known when its frames have been read.
    """
    film, animation = header.details.get(FILM), header.details.get(ANIMATION)
    known: Sequence[Fraction | None] = ()
    if film is not None:
        known = film["times"]
    elif animation is not None and "durations" in animation:
        known = list(itertools.accumulate(_shown(header), initial=Fraction(0)))
    factor, offset = header.details.get(SAMPLING, {}).get("T", (1.0, 0.0))
    offset = max(offset, 0.0)  # a film starts at its first frame, also if frames are added before it

    def at(number: int) -> Fraction | None:
        place = offset + factor * number
        if place == 0 and known:
            return known[0]
        first = min(math.floor(place), len(known) - 2)  # behind the last frame, its distance goes on
        if first < 0:
            return None
        before, after = known[first], known[first + 1]
        if before is None or after is None:
            return None
        return before + Fraction(place - first) * (after - before)

    return at


def rate_of(header: Image) -> Fraction | None:
    """Return the number of frames a second of a result. None: it is not known, or it is not even."""
    film, durations = header.details.get(FILM), _shown(header)
    rate = None if film is None else Fraction(film["rate"] or 0)
    if not rate and durations and all((1000 * duration).denominator == 1 for duration in durations):
        # Every frame has a time at this rate.
        rate = Fraction(1000, math.gcd(*(int(1000 * duration) for duration in durations)))
    factor, _ = header.details.get(SAMPLING, {}).get("T", (1.0, 0.0))
    if not rate or factor == 1 or not factor:
        return rate or None
    return (rate / Fraction(factor).limit_denominator(_PRECISE)).limit_denominator(_PRECISE)


def _shown(header: Image) -> list[Fraction]:
    """Return how many seconds a player shows each frame of the animation that was read."""
    given = header.details.get(ANIMATION, {}).get("durations", ())
    return [Fraction(duration or _UNSAID) / 1000 for duration in given if 0 <= duration < math.inf]


def durations(header: Image, count: int, which: slice = slice(None)) -> list[float]:
    """Return the durations of the frames of a result in milliseconds, or of those of a slice.

    Frames without a time have the step of the axis T, or 100 ms.
    """
    given = header.details.get(ANIMATION, {}).get("durations", ())
    if len(given) == count:
        found = [*given[which]]
    else:
        step, unit = header.distance("T")
        usual = (step if step and unit in ("s", "ms", "") else 0.1) * (1 if unit == "ms" else 1000)
        times = times_of(header)
        found = []
        for number in range(count)[which]:
            start, end = times(number), times(number + 1)
            found.append(usual if start is None or end is None else max(float(end - start) * 1000, 0.0))
    wrong = [duration for duration in found if not 0 <= duration < math.inf]
    if wrong:
        raise ValueError(f"durations of frames must be 0 ms or more, got {wrong[0]}")
    return found


def rounded(durations: Iterable[float], unit: int, most: int) -> Iterator[int]:
    """Yield durations as multiples of a unit, up to `most`.

    Their sums are rounded, so that errors do not add up: 30 frames a second are 30, 40 and 30 ms in GIF.
    """
    left = 0.0  # of the durations that have not been shown
    for duration in durations:
        left += duration
        shown = max(round(left / unit) * unit, unit if duration > 0 else 0)
        left -= shown
        yield min(shown, most)
