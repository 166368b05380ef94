"""What local statistics have in common: they are computed piece by piece, with or without missing data."""

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from imfilter._base import arguments, dtypes, engine
from imfilter._base.missing import Presence
from imfilter._base.plan import Plan
from imfilter._base.store import Store
from imfilter._filters.local import pieces
from imfilter._filters.local.pieces import Cut, Frame

#: Largest number of samples that a window may span.
_MOST_SAMPLES = 1 << 24


class Statistic(Protocol):
    """The part of a call that is known before the samples are read."""

    @property
    def frame(self) -> Frame: ...
    @property
    def total(self) -> float:
        """The sum of the weights of the window."""

    @property
    def dtype(self) -> np.dtype: ...
    @property
    def result_shape(self) -> tuple[int, ...]: ...


class Source(NamedTuple):
    """An image in the order of the frame, and which of its samples are present."""

    samples: npt.NDArray
    presence: Presence | None
    mask: npt.NDArray | None  # in the order of the frame
    least: float  # how much must be counted for a result


_Call = TypeVar("_Call", bound=Statistic)


def bounded(sizes: Sequence[int], name: str) -> None:
    """Refuse a window of too many samples. `name` is the argument that gives it."""
    count = math.prod(sizes)
    if count > _MOST_SAMPLES:
        raise ValueError(f"{name} must span at most {_MOST_SAMPLES} samples, got {arguments.brief(count)}")


def family(
    checked: Callable[..., _Call],
    plan: Callable[[_Call, npt.NDArray], Plan],
    fill: Callable[[_Call, Cut, Source, npt.NDArray, Store], npt.NDArray | None],
    in_place: Callable[[_Call, Source, npt.NDArray], bool] = lambda call, source, results: False,
    small: int = 0,
) -> engine.Family[_Call]:
    """Return the functions of a statistic.

    ``fill(call, piece, source, results, store)`` writes the results of a piece. It returns how much is
    counted if the source has missing data. ``in_place(call, source, results)`` tells whether it reads rows of
    the image in place of copies. `small` is as in `pieces.over`.
    """

    def filled(
        call: _Call,
        array: npt.NDArray,
        out: npt.NDArray | None,
        workers: int | None,
        presence: Presence | None,
        few: npt.NDArray[np.bool_] | None,
    ) -> npt.NDArray:
        frame = call.frame
        mask = None if presence is None or presence.mask is None else frame.ordered(presence.mask)
        least = 0.0 if presence is None else presence.least(call.total)
        source = Source(frame.ordered(array), presence, mask, least)
        target = dtypes.target(out, array, array.shape, call.dtype)
        unknown = None if few is None else frame.ordered(few)

        def compute(view: npt.NDArray) -> None:
            def task(cut: Cut, store: Store) -> None:
                counts = fill(call, cut, source, view[cut.where], store)
                if unknown is not None and counts is not None:
                    unknown[cut.where] = ~(counts > least)

            largest = pieces.LARGEST if in_place(call, source, view) else 0
            pieces.over(frame, workers, task, largest=largest, small=small)

        frame.results(target, compute)
        if few is not None and unknown is not None:
            frame.order.back(unknown, few)
        return engine.delivered(target, out, call.dtype)

    return engine.family_of(checked, plan, filled)
