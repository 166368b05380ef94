"""Which algorithm a call runs, why, and at what predicted cost."""

import contextvars
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy.typing as npt

from imfilter._base import html

#: Set while a part of an image is filtered alone. Its bits must be those of the whole image. So they may
#: depend on the samples of the window only, and not on where the part begins.
by_window: contextvars.ContextVar[bool] = contextvars.ContextVar("by_window", default=False)

#: Set while a part of an image with absent samples is filtered alone. Sums with and without absent samples
#: are rounded differently, so a part without absent samples is filtered as if some were absent.
some_absent: contextvars.ContextVar[bool] = contextvars.ContextVar("some_absent", default=False)

#: Set while a part of an image is filtered alone: how many of its first and its last rows have results that
#: are not used. A linear filter leaves them out. Any other result has all rows.
unused_rows: contextvars.ContextVar[tuple[int, int]] = contextvars.ContextVar("unused_rows", default=(0, 0))


class Section(NamedTuple):
    """Where a part of an image is that is filtered alone, for algorithms that share sums between results.

    Attributes
    ----------
    shape : tuple of int
        The shape of the whole image.
    origin : tuple of int
        Where the part begins along each axis. With the border 'wrap' it may continue at the other end.
    refused : bool
        Whether a sample of the whole image is so large, or not finite, that some algorithms refuse it.
    """

    shape: tuple[int, ...]
    origin: tuple[int, ...]
    refused: bool = False


#: Set together with `by_window` where a linear filter can share sums as for the whole image: the part.
part_of: contextvars.ContextVar[Section | None] = contextvars.ContextVar("part_of", default=None)

#: Set while `imfilter.plan` asks which algorithm a call would run: calls add a plan and raise `Planned`.
planning: contextvars.ContextVar[list["Plan"] | None] = contextvars.ContextVar("planning", default=None)


class Planned(BaseException):
    """Raised when the first plan of a call is made: nothing is computed.

    `call` is what the family has settled; see `engine.Settled`. None: samples are absent. `compute` is the
    function of the family that computes such calls. `further` are the calls that would follow, where a filter
    names them.
    """

    def __init__(
        self, call: Any = None, compute: Callable[..., Any] | None = None, further: tuple[Any, ...] = ()
    ) -> None:
        super().__init__()
        self.call, self.compute, self.further = call, compute, further


@dataclass(frozen=True)
class Plan:
    """What a call would do.

    Attributes
    ----------
    algorithm : str
        ``"direct"``, ``"separable"``, ``"low-rank"``, ``"running"`` (running sums),
        ``"cosines"`` (a long smooth kernel as a sum of cosines), ``"winograd"`` (rows
        of outputs share sums over differences of rows) or ``"fft"``; for ranks ``"network"``
        (of comparisons), ``"chords"`` (extremes of rows of runs of samples), ``"bits"`` (counted in
        sorted blocks), ``"histogram"`` (also for entropies) or
        ``"repeated"`` (a box that is longer than the image, and reads samples several times);
        ``"pooling"``; ``"merged"`` (variances, from those of parts of a window), ``"groups"`` (the same
        in boxes) or ``"sums"`` (exact, of small integers); ``"missing"`` if samples are absent.
    reason : str
        Why it was chosen, with the cost of what was not.
    cost : float
        Predicted seconds on one core of the processor on which the model was measured. NaN if there is no
        prediction.

    Examples
    --------
    >>> import imfilter
    >>> plan = imfilter.plan((1080, 1920), "uint8", imfilter.median, 3)
    >>> plan.algorithm
    'network'
    """

    algorithm: str
    reason: str
    cost: float

    def _repr_html_(self) -> str:
        cost = "no prediction" if self.cost != self.cost else f"{1000 * self.cost:.3g} ms on one core"
        return html.table((("algorithm", self.algorithm), ("reason", self.reason), ("cost", cost)))


def settled(work: Callable[[], object]) -> Any:
    """Return what the first family that `work` calls has settled, or None. Nothing is computed."""
    return _planned(work).call


def all_settled(work: Callable[[], object]) -> tuple[Any, ...]:
    """Return what `settled` returns, and the calls that would follow."""
    found = _planned(work)
    return found.call, *found.further


def prepared(work: Callable[[], object]) -> Callable[[npt.NDArray, npt.NDArray | None], npt.NDArray]:
    """Return what the first family that `work` calls does: ``run(image, out)``. Nothing is computed."""
    found = _planned(work)
    call, compute = found.call, found.compute
    if call is None or compute is None:
        raise TypeError("the work must call a family of filters for an image without absent samples")
    return lambda image, out: compute(call, image, out, None)


def _planned(work: Callable[[], object]) -> Planned:
    token = planning.set([])
    try:
        work()
    except Planned as found:
        return found
    finally:
        planning.reset(token)
    return Planned()
