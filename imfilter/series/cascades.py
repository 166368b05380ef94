"""Cascades of series filters."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from imfilter._filters.series.design import Timing
from imfilter._filters.series.pipeline import Pipeline
from imfilter.series.base import Call, Compound, Filter, Shared, run
from imfilter.typing import ArrayLike, DTypeLike, Mask, NDArray


class Cascade(Compound):
    """Apply several filters one after the other, as one filter.

    Each stage filters the results of the stage before it. All stages compute in float64, and the final result
    is rounded once. Call the cascade with a series, or use it in a `Stream`.

    Parameters
    ----------
    *stages : callable
        The filters in their order. Each is a filter of `imfilter.series`, a `functools.partial` of one with
        keyword arguments, a `Cascade` or a `Forecaster`. A stage must not set `axis`, `dtype`, `out` or
        `workers`, which are arguments of the cascade.

    Attributes
    ----------
    stages : tuple
        The filters.
    timing : Timing
        The sum of the lookaheads and the sum of the delays of all stages.
    receptive_field : int or float
        Number of samples that a result depends on: 1, plus the length of each window minus 1. It is
        ``math.inf`` if a stage is an exponential mean.

    Raises
    ------
    TypeError
        If a stage is not a filter, or if an argument has the wrong type.
    ValueError
        If there is no stage, or if an argument has the wrong value.

    See Also
    --------
    Stream : Filter a series piece by piece. There, stages without `align` are causal.
    timing : The timing of a single filter.
    scipy.signal.sosfilt : A cascade of recursive filters.

    Notes
    -----
    Each stage has its own `mode`, which says how the results of the stage before it continue beyond their
    ends. Each stage treats NaN by its own `nan`. A stage with mode 'valid' makes the series shorter.

    The delays add up for derivatives, too. The response of a stage to a slow signal is a delayed derivative
    of the signal; a mean is the derivative of order 0. The next stage delays this response again.

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
            raise ValueError("stages must contain at least one filter, got none")
        self.stages = stages
        self._calls = [Call.part(stage, "stages", "the cascade").kept() for stage in stages]
        self._design = Pipeline.of([call.design() for call in self._calls])

    def __call__(
        self,
        x: ArrayLike,
        *,
        mask: Mask = None,
        axis: int = -1,
        dtype: DTypeLike | None = None,
        out: NDArray[Any] | None = None,
        workers: int | None = None,
    ) -> NDArray:
        """Filter a series with all stages.

        Parameters
        ----------
        x : array_like
            Series of bool, integers or floats, of any shape. An axis may be empty. The function does not
            change it.
        mask : array_like, optional
            Samples that are present, as in `moving_average`. The first stage uses it. Default: all samples
            are present.
        axis : int, optional
            Axis of time. Default -1, the last axis. Series along the other axes are filtered separately.
        dtype : dtype, optional
            Element type of the result. Values are rounded half to even and saturated.
        out : ndarray, optional
            Array for the result. Its dtype is the dtype of the result. It may be `x` or overlap it.
        workers : int, optional
            Number of threads. Default: every core that this process may use. The result does not depend on
            it.

        Returns
        -------
        ndarray
            Array of the shape of `x`. Stages with mode 'valid' make the axis of time shorter. Its dtype is
            `dtype`, or that of `out`. Default: the dtype of `x` if all stages keep the dtype. Otherwise
            float32 for bool, 8- and 16-bit integers, float16 and float32; float64 for wider types.

        Raises
        ------
        TypeError
            If an argument has the wrong type, for example a complex array or a float instead of an integer.
        ValueError
            If an argument has the wrong value.

        Examples
        --------
        >>> from imfilter import series
        >>> series.Cascade(series.difference, series.difference)([[0, 1, 4, 9, 16, 25]])
        array([[ 0.75,  1.75,  2.  ,  2.  , -0.75, -1.75]])
        """
        return run(x, self._design, Shared(mask=mask, axis=axis, dtype=dtype, out=out, workers=workers))

    @property
    def design(self) -> Pipeline:
        """What it does."""
        return self._design

    @property
    def timing(self) -> Timing:
        """The sum of the lookaheads and the sum of the delays of all stages."""
        return self._design.timing

    @property
    def receptive_field(self) -> float:
        """Number of samples that a result depends on. With an exponential mean it is ``math.inf``."""
        return self._design.size

    def live(self) -> Cascade:
        """Return the cascade with causal stages, for a stream."""
        return Cascade(*(call.live().bound for call in self._calls))

    def __reduce__(self) -> tuple[Any, ...]:
        return Cascade, tuple(call.bound for call in self._calls)

    def __repr__(self) -> str:
        return f"Cascade({', '.join(map(str, self._calls))})"
