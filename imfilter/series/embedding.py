"""Vectors of fixed length that describe series."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from imfilter._base import arguments, dtypes
from imfilter._base.keywords import hinted
from imfilter.pool_cells import pyramid_pool
from imfilter.series.base import Call, Shared, run
from imfilter.typing import ArrayLike, DTypeLike, NDArray, Reduce


@hinted
def embed(
    x: ArrayLike,
    filters: Sequence[Any] = (),
    *,
    levels: Any = (1, 2, 4),
    reduce: Reduce | Sequence[Reduce] = "max",
    axis: int = -1,
    dtype: DTypeLike | None = None,
    workers: int | None = None,
) -> NDArray:
    """Describe a series of any length by a vector of fixed length.

    Each filter is applied to the series. Its results are pooled over the whole series, over each half and
    over each quarter. ``levels=1`` is global pooling over the whole series.

    Parameters
    ----------
    x : array_like
        Series of bool, integers or floats, with at least one sample. The other axes are batch axes. The
        function does not change it.
    filters : sequence of callable, optional
        Filters. Each is a filter of `imfilter.series`, a `functools.partial` of one with keyword arguments, a
        `Cascade` or a `Forecaster`. Default: no filter; the series itself is pooled.
    levels : int or sequence of int, optional
        Number of cells at each level. Of l cells, cell i starts at sample ``floor(i*n/l)`` and ends before
        sample ``ceil((i + 1)*n/l)``, as in `imfilter.pyramid_pool`. Default (1, 2, 4).
    reduce : {'max', 'mean', 'min'} or sequence of these, optional
        How the samples of a cell are reduced to one number. Default 'max'.
    axis : int, optional
        Axis of time. Default -1, the last axis. Series along the other axes are filtered separately.
    dtype : dtype, optional
        Element type of the result. Values are rounded half to even and saturated.
    workers : int, optional
        Number of threads. Default: every core that this process may use. The result does not depend on it.

    Returns
    -------
    ndarray
        Array of the shape of `x` without the axis of time, plus a last axis for the vector. The vector has
        ``len(filters) * len(reduce) * sum(levels)`` numbers. They are sorted by filter, then by reduction,
        then by level, then by cell. Its dtype is `dtype`. Default: float32 for bool, 8- and 16-bit integers,
        float16 and float32; float64 for wider types. It is computed in float64.

    Raises
    ------
    TypeError
        If an argument has the wrong type, for example a complex array or a float instead of an integer.
    ValueError
        If an argument has the wrong value, or if the series is shorter than the window of a filter with mode
        'valid'. The message names the argument, the value received and the accepted values.

    See Also
    --------
    imfilter.pyramid_pool : The same for images, without filters.
    imfilter.global_pool : One number for each channel of an image.

    Notes
    -----
    Filters without `align` have their default alignment, so most of them look ahead. A cell that contains NaN
    is NaN. Use ``nan="ignore"`` in a filter to ignore missing samples.

    References
    ----------
    K. He, X. Zhang, S. Ren and J. Sun, Spatial Pyramid Pooling in Deep Convolutional Networks for Visual
    Recognition, European Conference on Computer Vision 2014.

    Examples
    --------
    >>> from functools import partial
    >>> from imfilter import series
    >>> series.embed([1.0, 2.0, 3.0, 7.0], levels=(1, 2))
    array([7., 2., 7.])
    >>> filters = [partial(series.gaussian, sigma=2), partial(series.difference, order=2)]
    >>> series.embed(range(1000), filters, reduce=("mean", "max")).shape
    (28,)
    """
    array = arguments.series(x)
    along = arguments.axis_index(axis, array.ndim, "axis")
    if array.size == 0:
        raise ValueError(f"x must not be empty, got shape {array.shape}")
    wanted = arguments.dtype(dtype, None, dtypes.derived(array.dtype))
    if isinstance(filters, str) or not isinstance(filters, Sequence):
        raise TypeError(f"filters must be a sequence of filters, got {arguments.brief(filters)}")
    calls = [Call.part(f, "filters", "embed") for f in filters]
    designs = [call.design() for call in calls]
    words: Sequence[Reduce] = (reduce,) if isinstance(reduce, str) else reduce
    if not isinstance(words, Sequence) or not words:
        raise TypeError(f"reduce must be a word or a sequence of words, got {arguments.brief(reduce)}")
    for word in words:  # check the words and the levels before a filter runs
        pyramid_pool(np.zeros(1), levels, word)
    n = array.shape[along]
    for call, design in zip(calls, designs, strict=True):
        if not design.length(n):
            raise ValueError(f"x must be long enough for a result of {call}, got {n} samples")
    responses = (run(array, d, Shared(axis=along, dtype=float, workers=workers)) for d in designs)
    vectors = [
        pyramid_pool(response, levels, word, axes=along, workers=workers)
        for response in (responses if designs else [array.astype(np.float64)])
        for word in words
    ]
    vector = np.concatenate(vectors, axis=-1)
    result = dtypes.empty(vector.shape, wanted)
    dtypes.place(vector, result)
    return result
