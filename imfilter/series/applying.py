"""Functions of your own for windows of series."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from imfilter._filters.generic.user_function import UserFunction
from imfilter._filters.series.applied import Applied
from imfilter._filters.series.sliding import Sliding
from imfilter.series.base import Shared, of_window, run, series_filter
from imfilter.typing import Align, Args, ArrayLike, DTypeLike, Function, Mask, Nan, NDArray, SeriesMode


def _moving_apply(function: Any, size: Any, args: Any, compile: Any, shared: Shared) -> Sliding:  # noqa: A002
    user = UserFunction.checked(function, args, compile)
    design = of_window(Applied, size, shared, user, preserves_dtype=False)
    fewest = max(1, design.ends.min_count, math.ceil(design.ends.least * design.size))
    return replace(design, window=Applied(design.size, design.window.before, user, fewest))


@series_filter(_moving_apply)
def moving_apply(
    x: ArrayLike,
    function: Function,
    size: int,
    *,
    args: Args = (),
    compile: bool = True,  # noqa: A002  (what it does)
    align: Align = "centre",
    mode: SeriesMode = "edge",
    cval: float = 0.0,
    mask: Mask = None,
    nan: Nan = "propagate",
    min_coverage: float = 0.0,
    min_count: int | None = None,
    axis: int = -1,
    dtype: DTypeLike | None = None,
    out: NDArray | None = None,
    workers: int | None = None,
) -> NDArray:
    """Call a function of your own for each window of a series.

    The function gets the samples of a window as an array of one axis, the oldest first, and returns a number.
    Numba compiles it as in `imfilter.generic`. The lookahead is ``(size - 1) // 2`` samples. The delay is 0
    for an odd size, and half a sample for an even size. With ``align='causal'`` the lookahead is 0 and the
    delay is ``(size - 1) / 2``, the delay of the window.

    Parameters
    ----------
    x : array_like
        Series of bool, integers or floats, of any shape. An axis may be empty. The function does not change
        it.
    function : callable
        ``function(window, *args)``. `window` holds float64 samples; with absent samples, only those that are
        present. It returns a number. It is not called for a window in which too few samples are present.
    size : int
        Number of samples of the window.
    args : tuple, optional
        More arguments of the function, for example numbers or arrays. Default: none.
    compile : bool, optional
        Whether to compile the function. If False, it is called as Python. Default True.
    align : {'centre', 'causal'}, optional
        Position of the window. 'centre': the window is centred on the sample; an even window has one sample
        more before its centre than after it. 'causal': the window ends at the sample, so no result depends
        on a later sample. Default 'centre'.
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
        Whether NaN is a sample like others (default), or is an absent sample.
    min_coverage : float, optional
        Smallest share of the window that must be present, from 0 to 1: of its samples, or of the magnitudes
        of its weights. Where less is present, or nothing, the result is NaN, or 0 if it is an integer.
        Default 0.
    min_count : int, optional
        Smallest number of samples of the window that must be present, from 1 to `size`, instead of
        `min_coverage`. A sample is present if it is more than 0 in `mask`.
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
        by n - 1. Its dtype is `dtype`, or that of `out`. Default: float32 for bool, 8- and 16-bit integers,
        float16 and float32; float64 for wider types. It is computed in float64. A masked array gives a masked
        array, which is masked where the result is NaN.

    Raises
    ------
    TypeError
        If an argument has the wrong type, if Numba cannot compile the function, or if it does not return a
        number. The message names the line, and the next step.
    ValueError
        If an argument has the wrong value. The message names the argument, the value received and the
        accepted values.

    See Also
    --------
    imfilter.generic : The same for images.
    pandas.Series.rolling : Its ``apply(function, raw=True)`` is the same with ``align="causal"``,
        ``mode="shrink"`` and ``nan="ignore"``, but its window contains the NaN. ``min_periods`` is
        `min_count`, and its default is `size`.

    References
    ----------
    R. C. Gonzalez and R. E. Woods, *Digital Image Processing*, 4th ed., 2018, section 3.4, for neighbourhood
    operations.

    Examples
    --------
    >>> from imfilter import series
    >>> series.moving_apply([1.0, 5.0, 2.0, 2.0], lambda window: max(window) - min(window), 3)
    array([4., 4., 3., 0.])
    """
    shared = Shared(align, mode, cval, mask, nan, min_coverage, axis, dtype, out, workers, min_count)
    return run(x, _moving_apply(function, size, args, compile, shared), shared)
