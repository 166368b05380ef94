"""Exponentially weighted means."""

from __future__ import annotations

import math
from typing import Any

from imfilter._base import arguments
from imfilter._filters.series.exponential import Recursion
from imfilter._filters.series.recursive import Recursive
from imfilter.series.base import Shared, run, series_filter, where
from imfilter.typing import Align, ArrayLike, DTypeLike, Mask, Nan, NDArray, SeriesMode


def _exponential(alpha: Any, span: Any, halflife: Any, adjust: Any, shared: Shared) -> Recursive:
    given = {n: v for n, v in (("alpha", alpha), ("span", span), ("halflife", halflife)) if v is not None}
    if len(given) != 1:
        names = " and ".join(given) if given else "none"
        raise ValueError(f"exactly one of alpha, span and halflife must be given, got {names}")
    ((name, value),) = given.items()
    number = arguments.number(value, name)
    if name == "alpha" and not 0 < number <= 1:
        raise ValueError(f"alpha must be greater than 0 and at most 1, got {number}")
    if name == "span" and number < 1:
        raise ValueError(f"span must be at least 1, got {number}")
    if name == "halflife" and number <= 0:
        raise ValueError(f"halflife must be positive, got {number}")
    gain = {
        "alpha": lambda: number,
        "span": lambda: 2.0 / (number + 1.0),
        "halflife": lambda: -math.expm1(-math.log(2.0) / number),
    }[name]()
    how = where(shared, more=("shrink",))
    if how.ends.mode in ("mirror", "symmetric", "wrap"):
        raise ValueError(
            "mode must be 'edge', 'zero', 'constant' or 'shrink' for an exponential mean, "
            f"got {how.ends.mode!r}"
        )
    ends = how.ends
    if arguments.flag(adjust, "adjust"):
        if ends.mode in ("zero", "constant"):
            raise ValueError(
                f"adjust must be False with mode={ends.mode!r}, "
                "because adjusted weights ignore the samples before the first"
            )
        ends = ends._replace(mode="shrink")
    elif ends.ignore and math.isnan(ends.constant):
        ends = ends._replace(mode="shrink")  # missing samples before the first have no weight
    return Recursive(Recursion(gain, ends.mode == "shrink", ends.ignore), ends, both=not how.causal)


@series_filter(_exponential)
def exponential(
    x: ArrayLike,
    *,
    alpha: float | None = None,
    span: float | None = None,
    halflife: float | None = None,
    adjust: bool = False,
    align: Align = "causal",
    mode: SeriesMode = "edge",
    cval: float = 0.0,
    mask: Mask = None,
    nan: Nan = "propagate",
    min_coverage: float = 0.0,
    axis: int = -1,
    dtype: DTypeLike | None = None,
    out: NDArray | None = None,
    workers: int | None = None,
) -> NDArray:
    """Replace each sample by the exponentially weighted mean of all samples up to it.

    No result depends on a later sample, and the delay is ``(1 - alpha) / alpha`` samples. With
    ``align='centre'`` the results are filtered a second time in reverse order. Then every result depends on
    all samples, and the delay is 0.

    An absent sample does not change the mean, and the weights of the samples before it decay as usual. The
    coverage is the share of all weights that belongs to present samples.

    Parameters
    ----------
    x : array_like
        Series of bool, integers or floats, of any shape. An axis may be empty. The function does not change
        it.
    alpha : float, optional
        Weight of the newest sample, greater than 0 and at most 1. Give exactly one of `alpha`, `span` and
        `halflife`.
    span : float, optional
        Size of a moving average with the same delay, at least 1: alpha is ``2 / (span + 1)``.
    halflife : float, optional
        Number of samples after which a weight has decreased by half: alpha is ``1 - 2**(-1/halflife)``.
    adjust : bool, optional
        Whether to normalise the weights over the existing samples, as with mode 'shrink'. If False, `mode`
        determines the samples before the first sample. Default False.
    align : {'causal', 'centre'}, optional
        'causal': forwards only, so no result depends on a later sample. 'centre': forwards and then
        backwards. Default 'causal'.
    mode : str, optional
        How a series ``a b c d`` continues beyond its ends. Default 'edge'.

        - 'edge': ``a a a | a b c d | d d d``
        - 'zero': ``0 0 0 | a b c d | 0 0 0``
        - 'constant': ``k k k | a b c d | k k k`` with k = `cval`
        - 'mirror': ``d c b | a b c d | c b a``
        - 'symmetric': ``c b a | a b c d | d c b``
        - 'wrap': ``b c d | a b c d | a b c``
        - 'shrink': no continuation; near the ends a window contains fewer samples
        - 'valid': no continuation; the result contains only the values of whole windows

        A causal filter does not accept 'mirror', 'symmetric' and 'wrap', because they put later samples
        before the first sample.
    cval : float, optional
        Value beyond the ends with ``mode="constant"``. Default 0.
    mask : array_like, optional
        Samples that are present, in the shape of `x`, or one mask along `axis` for all series. Bool: True
        where a sample is present. Numbers: how much a sample counts, at least 0. An absent sample may have
        any value, and changes no result. Default: all samples are present.
    nan : {'propagate', 'ignore'}, optional
        Whether NaN makes every result NaN whose window contains it (default), or is an absent sample.
    min_coverage : float, optional
        Smallest share of the window that must be present, from 0 to 1: of its samples, or of the magnitudes
        of its weights. Where less is present, or nothing, the result is NaN, or 0 if it is an integer.
        Default 0.
    axis : int, optional
        Axis of time. Default -1, the last axis. Series along the other axes are filtered separately.
    dtype : dtype, optional
        Element type of the result. Values are rounded half to even and saturated.
    out : ndarray, optional
        Array for the result. Its dtype is the dtype of the result. It may be `x` or overlap it.
    workers : int, optional
        Number of threads. Default: every core that this process may use. The result does not depend on it.

    Returns
    -------
    ndarray
        Array of the shape of `x`. With mode 'valid', a window of n samples makes the axis of time shorter
        by n - 1. Its dtype is `dtype`, or that of `out`. Default: the dtype of `x`, rounded half to even
        and saturated. With ``dtype=float`` the results are not rounded. It is computed in float64. A masked
        array gives a masked array, which is masked where the result is NaN.

    Raises
    ------
    TypeError
        If an argument has the wrong type, for example a complex array or a float instead of an integer.
    ValueError
        If an argument has the wrong value. The message names the argument, the value received and the
        accepted values.

    See Also
    --------
    scipy.signal.lfilter : The same with ``b=[alpha], a=[1, alpha - 1]`` and ``mode="zero"``.
    pandas.Series.ewm : Its ``mean()`` is the same with ``nan="ignore"``; its default is ``adjust=True``.

    Notes
    -----
    The accepted modes are 'edge', 'zero', 'constant' and 'shrink'. The result at a missing sample is the mean
    before it, and older weights decrease as usual. After an infinity, or after NaN that is not ignored, no
    later result is finite.

    References
    ----------
    C. C. Holt, Forecasting seasonals and trends by exponentially weighted moving averages, International
    Journal of Forecasting 20 (1), 2004 (written in 1957).

    Examples
    --------
    >>> from imfilter import series
    >>> series.exponential([0.0, 4.0, 4.0, 4.0], alpha=0.5)
    array([0. , 2. , 3. , 3.5])
    """
    shared = Shared(align, mode, cval, mask, nan, min_coverage, axis, dtype, out, workers)
    return run(x, _exponential(alpha, span, halflife, adjust, shared), shared)
