"""Series as vectors of one length: what filters find in them, pooled."""

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
    """Describe a series of any length by a vector of one length: what filters find in it, pooled.

    What each filter says of the series is reduced to a number over all of it, over each half, each quarter:
    global pooling is the first of these levels alone, ``levels=1``.

    Parameters
    ----------
    x : array_like
        Series, of bool, integers or floats, at least one sample; the other axes are a batch. It is not
        changed.
    filters : sequence of callable, optional
        Filters of `imfilter.series`, each a `functools.partial` of one that names its arguments, one itself,
        a `Cascade` or a `Forecaster`. By default none: the series itself is pooled.
    levels : int or sequence of int, optional
        How many cells there are at each level. Cell i of l begins with sample ``floor(i*n/l)`` and ends
        before sample ``ceil((i + 1)*n/l)``, as in `imfilter.pyramid_pool`. Default (1, 2, 4).
    reduce : {'max', 'mean', 'min'} or sequence of these, optional
        What becomes of the samples of a cell. Default 'max'.
    axis : int, optional
        Axis of time. Default -1, the last axis. Series along the other axes are filtered separately.
    dtype : dtype, optional
        Element type of the result. Values are rounded half to even and saturated.
    workers : int, optional
        Number of threads. Default: every core that this process may use. The result does not depend on it.

    Returns
    -------
    ndarray
        Array of the shape of `x` without the axis of time, and last the vector, of ``len(filters) *
        len(reduce) * sum(levels)`` numbers: for each filter, for each of `reduce`, the cells of the levels
        in their order. Its dtype is float32 for bool, 8- and 16-bit integers, float16 and float32, float64
        for wider types, or `dtype`. Computed in float64.

    Raises
    ------
    TypeError
        If an argument has the wrong type, for example a complex array or a float instead of an integer.
    ValueError
        If an argument has the wrong value, or the series is shorter than the window of a filter in mode
        'valid'. The message names the argument, what came and what would do.

    See Also
    --------
    imfilter.pyramid_pool : The same of images, without filters.
    imfilter.global_pool : One number for each.

    Notes
    -----
    Filters that have no `align` in their partial look ahead, as they do by themselves. NaN makes its cells
    NaN; ``nan="ignore"`` in a filter leaves it out.

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
    for word in words:  # wrong ones, and wrong levels, are refused before a filter runs
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
