"""Calls of a function of a user for rows of windows, whether it is compiled or not."""

from collections.abc import Callable
from dataclasses import dataclass
from types import FunctionType
from typing import Any

import numpy as np
import numpy.typing as npt

from imfilter._base import arguments
from imfilter._base.program import address
from imfilter._filters.generic import functions
from imfilter._filters.generic.kernels.windows import LANES

_Reals = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Rows:
    """Rows of windows that begin at one sample after the other. Places are in bytes of the samples."""

    samples: _Reals  # of one axis
    present: npt.NDArray[np.uint8] | None  # for each sample; None: all are present
    starts: npt.NDArray[np.int64]  # the first sample of each row
    offsets: npt.NDArray[np.int64]  # from the first sample of a window to each of its samples
    count: int  # windows of a row


@dataclass(frozen=True, eq=False)
class UserFunction:
    """A function of a window, its other arguments, and whether it is compiled."""

    function: Any
    args: tuple[Any, ...]
    native: bool
    #: Whether windows may be computed in the lanes of vectors. There a division by 0 is no error.
    vectors: bool = True

    @classmethod
    def checked(cls, function: Any, args: Any, compile: Any) -> "UserFunction":  # noqa: A002  (the argument)
        """Check the arguments."""
        if not callable(function):
            raise TypeError(f"function must be a function of a window, got {arguments.brief(function)}")
        if not isinstance(args, tuple):
            raise TypeError(f"args must be a tuple, got {arguments.brief(args)}")
        native = arguments.flag(compile, "compile")
        return cls(function, _with_defaults(function, args) if native else args, native)

    @property
    def name(self) -> str:
        """The name of the function for messages."""
        return functions.name_of(self.function)

    def loops(self, size: int, outputs: int) -> functions.Compiled | None:
        """Return the compiled loops over windows of `size` samples. None: it is called as Python."""
        return functions.compiled(self.function, size, self.args, outputs) if self.native else None

    def run(
        self,
        loops: functions.Compiled | None,
        rows: Rows,
        found: _Reals,
        fewest: int,
        note: Callable[[int, int], str],
    ) -> None:
        """Write the results to `found`, of shape (outputs, rows, windows), with contiguous rows.

        Windows of fewer than `fewest` present samples are NaN. ``note(row, window)`` is added to an exception
        of the function.
        """
        at = np.zeros(2, np.int64)
        try:
            if loops is None:
                self._in_python(rows, found, fewest, at)
            elif rows.present is None and loops.in_lanes is not None and self.vectors:
                self._in_lanes(loops.in_lanes, rows, found)
            else:
                there = 0 if rows.present is None else address(rows.present)
                job = _job(rows.samples, rows, found, there, fewest, address(at))
                loops.one_by_one(address(job), self.args)
        except Exception as error:
            error.add_note(note(int(at[0]), int(at[1])))
            raise

    def _in_lanes(self, loop: Callable[..., None], rows: Rows, found: _Reals) -> None:
        samples, target = rows.samples, found
        if rows.count < LANES:  # a vector is longer than a row
            samples = np.concatenate([samples, np.zeros(LANES)])
            target = np.empty((*found.shape[:2], LANES))
        job = _job(samples, rows, target)
        loop(address(job), self.args)
        if target is not found:
            found[...] = target[..., : rows.count]

    def _in_python(self, rows: Rows, found: _Reals, fewest: int, at: npt.NDArray[np.int64]) -> None:
        """Call the function as Python for every window."""
        offsets = rows.offsets // 8
        for row, start in enumerate(rows.starts // 8):
            for x in range(rows.count):
                at[:] = row, x
                places = start + x + offsets
                if rows.present is not None:
                    places = places[rows.present[places] != 0]
                if len(places) < fewest:
                    found[:, row, x] = np.nan
                    continue
                value = self.function(rows.samples[places], *self.args)
                found[:, row, x] = _results(self.name, value, len(found))


def _job(samples: _Reals, rows: Rows, found: _Reals, *more: int) -> npt.NDArray[np.int64]:
    """Return the numbers that a loop reads: where samples, windows and results are, and more."""
    where = address(samples), address(rows.offsets), address(rows.starts), len(rows.starts), rows.count
    return np.array((*where, address(found), found.strides[1], found.strides[0], *more), np.int64)


def _with_defaults(function: Any, args: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return the arguments after the window, with the default values of those that are not given."""
    plain = getattr(function, "py_func", function)
    if not isinstance(plain, FunctionType) or not plain.__defaults__:
        return args
    missing = plain.__code__.co_argcount - 1 - len(args)
    return (*args, *plain.__defaults__[-missing:]) if 0 < missing <= len(plain.__defaults__) else args


def _results(name: str, value: Any, outputs: int) -> tuple[float, ...]:
    """Return what a Python function returned, as numbers."""
    values = tuple(value) if outputs > 1 and isinstance(value, tuple | list) else (value,)
    words = str | bytes | complex | np.complexfloating
    if len(values) == outputs and not any(isinstance(v, words) or np.ndim(v) for v in values):
        try:
            return tuple(map(float, values))
        except (TypeError, ValueError):  # None, for example
            pass
    raise TypeError(
        f"function {name}() must return {functions.wanted(outputs)}, got {arguments.brief(value)}"
    )
