"""Kernels along an axis that are symmetric or antisymmetric about a tap, and how they are summed."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from typing import NamedTuple, Self

import numpy as np
import numpy.typing as npt

from imfilter._filters.linear.kernels.constants import MOST_PLACES, Parity, looped, written_out
from imfilter._filters.linear.kernels.symmetric_sums import ABOUT, ABOUT_OWN, CENTRED, EVEN, HALF, ODD
from imfilter._filters.linear.operators import Taps

#: Largest difference of taps from their mirror images, relative to the largest tap. Sums may differ from 0
#: and 1 by a small multiple of it, relative to the sum of the magnitudes.
_ROUNDING = 1e-15


#: Most taps of one layer and of several layers, and most layers, that unrolled code sums. The two kernels of
#: gaussian 5, 41 taps, take 0.5 s to compile. 256x256 float32 then took 190 instead of 200 us, float64 335
#: instead of 358 (Sapphire Rapids, one thread).
_STRAIGHT, _STRAIGHT_LAYERS, _MOST_LAYERS = 49, 49, 3

#: Most taps of all kernels of a window that unrolled code sums.
_STRAIGHT_WINDOW = 27

#: Axes of a window: rows, planes and columns. Kernels have axes z, y, x.
_ROWS_FIRST = (1, 0, 2)


class Half(NamedTuple):
    """One half of a kernel along an axis: `taps` are those before the centre, the outermost first.

    `used` are the taps that are read. None of them is zero, except the centre.
    """

    used: tuple[int, ...]
    form: int
    taps: tuple[float, ...]
    centre: float

    @property
    def alone(self) -> Self:
        """The same for a sum about the layer's own reference, for layers whose references differ in size."""
        return self._replace(form=ABOUT_OWN) if self.form == ABOUT else self

    @property
    def centred(self) -> Self:
        """The same for a sum without a reference, for results that are rounded to integers."""
        return self._replace(form=CENTRED) if self.form in (ABOUT, ABOUT_OWN) else self

    @property
    def pattern(self) -> Half:
        """The same for any weights."""
        return _blank(self.used, self.form)

    @property
    def adjoining(self) -> bool:
        """Whether all taps between the first and the last are read."""
        return self.used[-1] - self.used[0] + 1 == len(self.used)

    @property
    def nearly_adjoining(self) -> bool:
        """Whether fewer taps between the first and the last are left out than are read."""
        return self.used[-1] - self.used[0] + 1 <= 2 * len(self.used)

    @property
    def filled(self) -> Self:
        """The same with taps of weight 0 in place of the taps that are left out."""
        weights = dict(zip(self.used, self.taps, strict=False))
        places = range(self.used[0], self.used[-1] + 1)
        below = places[: len(places) // 2]
        return self._replace(used=tuple(places), taps=tuple(weights.get(i, 0.0) for i in below))

    @property
    def whole(self) -> float:
        """The sum of all taps; exactly 0 or 1 if it differs from that only by rounding."""
        return 0.0 if self.form == ODD else whole((*self.taps, *self.taps, self.centre))


def whole(taps: Sequence[float]) -> float:
    """Return the sum of taps; exactly 0 or 1 if it differs from that only by rounding."""
    total = math.fsum(taps)
    meant = round(total) if -0.5 <= total <= 1.5 else total
    apart, limit = abs(total - meant), 16 * _ROUNDING
    # The magnitudes add up to at least the total, which is enough for the taps of a mean.
    return meant if apart <= limit * abs(total) or apart <= limit * sum(map(abs, taps)) else total


def level(taps: Taps) -> float:
    """Return the sum of taps that average samples; 1 for taps that compare samples."""
    return whole(taps.tolist()) if average(taps) else 1.0


def average(taps: Taps) -> bool:
    """Tell whether taps average samples: their sum is most of the sum of their magnitudes."""
    return abs(whole(taps.tolist())) > 0.5 * float(np.abs(taps).sum())


class Window(NamedTuple):
    """Kernels over a small window that are symmetric or antisymmetric along rows, planes and columns."""

    shape: tuple[int, int, int]
    kernels: tuple[Parity, ...]
    weights: tuple[float, ...]


def window(components: list[Taps]) -> Window | None:
    """Return kernels of axes z, y, x as a symmetric window; None if they are large or not symmetric."""
    shape = tuple([components[0].shape[axis] for axis in _ROWS_FIRST])
    if len(components) > _MOST_LAYERS or len(components) * math.prod(shape) > _STRAIGHT_WINDOW:
        return None
    if not all(n % 2 for n in shape):
        return None
    corner, mirrored = _mirrored(shape)
    if len(corner) > MOST_PLACES:
        return None
    parities, weights = [], list[float]()
    for component in components:
        taps = component.transpose(_ROWS_FIRST).ravel().tolist()
        limit = _ROUNDING * max(map(abs, taps))
        signs = [_sign(taps, pairs, limit) for pairs in mirrored]
        if 0 in signs:
            return None
        for sign, pairs in zip(signs, mirrored, strict=True):
            if sign < 0:  # the middle of an antisymmetric kernel is 0, except for rounding
                for near, far in pairs:
                    taps[near] = 0.0 if near == far else taps[near]
        about = len(components) == 1 and taps[len(taps) // 2] != 0
        # A difference is the far side minus the near side, so the weights get the far side's sign.
        turned = math.prod(-1 for sign, n in zip(signs, shape, strict=True) if sign < 0)
        near_taps = [taps[place] for place in corner]
        bits = sum(1 << i for i, value in enumerate(near_taps) if value != 0)
        parities.append(Parity((signs[0] < 0, signs[1] < 0, signs[2] < 0), bits, about))
        weights += [whole(taps), *(turned * value for value in near_taps)]
    return Window(shape, tuple(parities), tuple(weights))


@functools.cache  # of the few small shapes
def _mirrored(shape: tuple[int, ...]) -> tuple[list[int], list[list[tuple[int, int]]]]:
    """Return the positions of a corner with the middles, and the pairs of mirrored positions of each axis."""
    places = np.arange(math.prod(shape)).reshape(shape)
    corner = places[tuple(slice((n + 1) // 2) for n in shape)].ravel().tolist()
    pairs = []
    for axis, n in enumerate(shape):
        near, far = places.swapaxes(0, axis), np.flip(places, axis).swapaxes(0, axis)
        half = slice((n + 1) // 2)
        pairs.append(list(zip(near[half].ravel().tolist(), far[half].ravel().tolist(), strict=True)))
    return corner, pairs


def _sign(taps: list[float], pairs: list[tuple[int, int]], limit: float) -> int:
    """Return 1 for taps with symmetric `pairs`, -1 for antisymmetric ones, 0 for others."""
    if all(abs(taps[near] - taps[far]) <= limit for near, far in pairs):
        return 1
    return -1 if all(abs(taps[near] + taps[far]) <= limit for near, far in pairs) else 0


def halved(taps: Taps) -> Half | None:
    """Return the half of a kernel that is symmetric or antisymmetric about a tap; None for other kernels."""
    values = taps.tolist()
    if len(values) % 2 and values == values[::-1] and 0.0 not in values:  # the usual case
        middle = len(values) // 2
        return Half(tuple(range(len(values))), ABOUT, tuple(values[:middle]), values[middle])
    nonzero = [i for i, value in enumerate(values) if value != 0]
    if not nonzero or (nonzero[0] + nonzero[-1]) % 2:
        return None
    limit = _ROUNDING * max(map(abs, values))
    if abs(abs(values[nonzero[0]]) - abs(values[nonzero[-1]])) > limit:
        return None
    middle = (nonzero[0] + nonzero[-1]) // 2
    below = [i for i in nonzero if i < middle]
    mirrored = [2 * middle - i for i in reversed(below)]
    if mirrored != [i for i in nonzero if i > middle]:
        return None
    used, centre = (*below, middle, *mirrored), values[middle]
    low, high = [values[i] for i in below], [values[2 * middle - i] for i in below]
    if all(abs(a - b) <= limit for a, b in zip(low, high, strict=True)):
        return Half(used, ABOUT if centre != 0 else EVEN, tuple(low), centre)
    if 2 * abs(centre) <= limit and all(abs(a + b) <= limit for a, b in zip(low, high, strict=True)):
        return Half(used, ODD, tuple(high), 0.0)
    return None


def half_of(read: npt.NDArray[np.bool_], form: int) -> Half:
    """Return the half of any weights, from the taps that are not zero; see `halved`."""
    nonzero = np.flatnonzero(read).tolist()
    middle = (nonzero[0] + nonzero[-1]) // 2
    below = tuple([i for i in nonzero if i < middle])
    used = (*below, middle, *(2 * middle - i for i in reversed(below)))
    return _blank(used, form)


def _blank(used: tuple[int, ...], form: int) -> Half:
    """Return a half of any weights."""
    return Half(used, form, (0.0,) * (len(used) // 2), 0.0)


def records(
    halves: Sequence[Half], firsts: Sequence[int], step: int, real: np.dtype, begin: int = 0
) -> npt.NDArray:
    """Return the records of layers that are `step` bytes apart; see `HALF`.

    Their lines begin at `firsts`. Their weights begin at number `begin` of the table; see `weights`.
    """
    found = []
    for i, (half, first) in enumerate(zip(halves, firsts, strict=True)):
        found.append((i * step, first, len(half.taps), half.form, begin * real.itemsize))
        begin += len(half.taps) + 2
    return np.array(found, HALF)


def weights(halves: Sequence[Half], *, summed: bool) -> list[float]:
    """Return the weights of layers, for `symmetric`.

    If they are `summed`, the first layer with a common reference has the sum of all taps of such layers.
    """
    found: list[float] = []
    about = [half for half in halves if half.form == ABOUT]
    for half in halves:
        first_of_many = summed and len(about) > 1 and half is about[0]
        total = whole([other.whole for other in about]) if first_of_many else half.whole
        found += [total, half.centre, *half.taps]
    return found


def number(halves: Sequence[Half], firsts: Sequence[int]) -> int:
    """Return the number that tells the compiler how such layers are summed."""
    most = _STRAIGHT if len(halves) == 1 else _STRAIGHT_LAYERS
    if len(halves) > _MOST_LAYERS or sum(len(half.used) for half in halves) > most:
        return looped({half.form for half in halves})
    return written_out([(f, len(h.taps), h.form) for f, h in zip(firsts, halves, strict=True)])
