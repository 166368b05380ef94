"""Filters of series one after the other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from imfilter._filters.series.filters import Timing
from imfilter._filters.series.pipeline import Pipeline
from imfilter.series.base import Call, Compound, Filter, Shared, run
from imfilter.typing import ArrayLike, DTypeLike, NDArray


class Cascade(Compound):
    """Filters one after the other, as one filter.

    Each is given the results of the one before, in float64 from end to end, and the last results are rounded
    once. It is called with a series; in a `Stream` it takes one piece by piece.

    Parameters
    ----------
    *stages : callable
        The filters in their order, each a `functools.partial` of one of `imfilter.series` that names its
        arguments; one itself, if it needs no more than a series; another `Cascade` or a `Forecaster`. None
        names `axis`, `dtype`, `out` or `workers`, which are the cascade's.

    Attributes
    ----------
    stages : tuple
        The filters, as they were given.
    timing : Timing
        The lookaheads, and the delays, of all stages added up.
    receptive_field : int or float
        Samples that a result depends on: 1, and what each stage has before or after the sample at which its
        result stands; ``math.inf`` with an exponential mean.

    Raises
    ------
    TypeError
        If a stage is no such filter, or has an argument of the wrong type.
    ValueError
        If there is no stage, or an argument has the wrong value.

    See Also
    --------
    Stream : Where stages that do not say how they are aligned are causal.
    timing : Of a single filter.
    scipy.signal.sosfilt : A cascade of recursive filters.

    Notes
    -----
    Each stage has ends of its own: its `mode` says what lies beyond the results of the one before. NaN is
    what that stage's `nan` says. In mode 'valid' a stage makes the series shorter.

    The delays add up for derivatives too. The response to a slow signal is its derivative of some order, 0
    for a mean, somewhat late; so is that of the next stage to it.

    References
    ----------
    A. V. Oppenheim and R. W. Schafer, *Discrete-Time Signal Processing*, 3rd ed., 2009, section 2.5, for
    cascades, and 5.1 for their delay.

    Examples
    --------
    >>> from functools import partial
    >>> from imfilter import series
    >>> slope = series.Cascade(partial(series.median, size=3), partial(series.difference, spacing=0.5))
    >>> slope([0.0, 1.0, 9.0, 3.0, 4.0])
    array([1., 3., 3., 1., 0.])
    >>> slope.timing, slope.receptive_field
    (Timing(lookahead=2, delay=0.0), 5)
    >>> live = series.Stream(slope)
    >>> live.timing
    Timing(lookahead=0, delay=2.0)
    """

    def __init__(self, *stages: Callable[..., object] | Filter) -> None:
        if not stages:
            raise ValueError("stages must name a filter, got none")
        self.stages = stages
        self._calls = [Call.part(stage, "stages", "the cascade").kept() for stage in stages]
        self._design = Pipeline.of([call.design() for call in self._calls])

    def __call__(
        self,
        x: ArrayLike,
        *,
        axis: int = -1,
        dtype: DTypeLike | None = None,
        out: NDArray[Any] | None = None,
        workers: int | None = None,
    ) -> NDArray:
        """Filter a series by all stages.

        Parameters
        ----------
        x : array_like
            Series, of bool, integers or floats; any of it may be empty. It is not changed.
        axis : int, optional
            The axis of time. Default -1, the last one; the others hold series that do not touch each other.
        dtype : dtype, optional
            Element type of the result, rounded half to even and saturated.
        out : ndarray, optional
            Where to put the result, whose dtype it determines. It may be `x` itself or overlap it.
        workers : int, optional
            Number of threads, by default every core this process may use. It does not change the result.

        Returns
        -------
        ndarray
            Array of the shape of `x`, shorter along the axis of time by what stages in mode 'valid' leave
            out. Its dtype is that of `x` if all stages keep it, and else float32 for bool, 8- and 16-bit
            integers, float16 and float32, float64 for wider types; or `dtype` or that of `out`.

        Raises
        ------
        TypeError
            If an argument has the wrong type: complex or object arrays, a float for an integer.
        ValueError
            If an argument has the wrong value.

        Examples
        --------
        >>> from imfilter import series
        >>> series.Cascade(series.difference, series.difference)([[0, 1, 4, 9, 16, 25]])
        array([[ 0.75,  1.75,  2.  ,  2.  , -0.75, -1.75]])
        """
        return run(x, self._design, Shared(axis=axis, dtype=dtype, out=out, workers=workers))

    @property
    def design(self) -> Pipeline:
        """What it does."""
        return self._design

    @property
    def timing(self) -> Timing:
        """The lookaheads, and the delays, of all stages added up."""
        return self._design.timing

    @property
    def receptive_field(self) -> float:
        """Samples that a result depends on, ``math.inf`` with an exponential mean."""
        return self._design.size

    def live(self) -> Cascade:
        """Return the same of causal stages, as a stream has it."""
        return Cascade(*(call.live().bound for call in self._calls))

    def __reduce__(self) -> tuple[Any, ...]:
        return Cascade, tuple(call.bound for call in self._calls)

    def __repr__(self) -> str:
        return f"Cascade({', '.join(map(str, self._calls))})"
