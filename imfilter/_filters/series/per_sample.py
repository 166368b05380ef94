"""Filtering of one series sample by sample. Each call of the kernel computes one result."""

from collections.abc import Callable
from typing import Protocol

import numpy as np
import numpy.typing as npt

from imfilter._base.program import address

#: Smallest number of samples that a buffer can add to its history. Then the history moves to the front.
_CAPACITY = 1024


class Pushed(Protocol):
    """A filter that gets one sample at a time."""

    def push(self, sample: float) -> float:
        """Add the next sample and return the result."""

    def history(self) -> npt.NDArray[np.float64]:
        """Return a copy of the last samples."""


class PerSampleFilter:
    """The last samples in a buffer, and a kernel that computes a result from them and the next sample.

    A push takes 3 us. The general method, which creates arrays, takes 40 us (2.5 GHz Xeon).
    """

    def __init__(self, history: npt.NDArray[np.float64], call: Callable[[int, int], object]) -> None:
        self._history = len(history)
        self._buffer = np.empty(self._history + max(_CAPACITY, self._history))
        self._buffer[: self._history] = history
        self._at = self._history  # position of the next sample
        self._result = np.empty(())
        self._source, self._target = address(self._buffer), address(self._result)
        self._call = call

    def push(self, sample: float) -> float:
        """Add the next sample and return the result."""
        at = self._at
        if at == len(self._buffer):
            self._buffer[: self._history] = self.history()
            at = self._history
        self._buffer[at] = sample
        self._at = at + 1
        self._call(self._source + 8 * (at - self._history), self._target)
        return self._result.item()

    def history(self) -> npt.NDArray[np.float64]:
        """Return a copy of the last samples."""
        return self._buffer[self._at - self._history : self._at].copy()


class PipelinePerSample:
    """A pipeline of filters. A push through three filters takes 9 us (2.5 GHz Xeon, shared)."""

    def __init__(self, each: list[Pushed]) -> None:
        self.each = each

    def push(self, sample: float) -> float:
        """Add the next sample and return the result."""
        for per_sample in self.each:
            sample = per_sample.push(sample)
        return sample

    def history(self) -> npt.NDArray[np.float64]:
        """Return the last samples of all filters."""
        return np.concatenate([per_sample.history() for per_sample in self.each])
