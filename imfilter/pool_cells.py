"""Global pooling and spatial pyramid pooling."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from imfilter._base import arguments, missing
from imfilter._base.keywords import Common, hinted
from imfilter._filters.pooling import apply as pooling
from imfilter._filters.pooling.windows import Windows
from imfilter.typing import ArrayLike, Axes, DTypeLike, Mask, Nan, NDArray, PerAxis, Reduce


@hinted
def global_pool(
    image: ArrayLike,
    reduce: Reduce = "mean",
    *,
    mask: Mask = None,
    nan: Nan = "propagate",
    min_coverage: float = 0.0,
    axes: Axes | None = None,
    channel_axis: int | None = None,
    dtype: DTypeLike | None = None,
    out: NDArray | None = None,
    workers: int | None = None,
) -> NDArray:
    """Reduce each channel of an image to one number (global pooling).

    Parameters
    ----------
    image : array_like
        Image, signal or volume. Every axis is spatial unless `channel_axis` or `axes` says otherwise. A
        colour image needs ``channel_axis=-1``. Bool, integers or floats. The function does not change it.
    reduce : {'mean', 'max', 'min'}, optional
        How the samples of a channel are reduced to one number. Default 'mean'.
    mask : array_like, optional
        Samples that are present, in the shape of `image`, or in its shape without `channel_axis`. Bool: True
        where a sample is present. Numbers: how much a sample counts, at least 0. An absent sample may have
        any value, and changes no result. Default: all samples are present.
    nan : {'propagate', 'ignore'}, optional
        Whether NaN makes every result NaN whose window contains it (default), or is an absent sample.
    min_coverage : float, optional
        Smallest share of the window that must be present, from 0 to 1: of its samples, or of the magnitudes
        of its weights. Where less is present, or nothing, the result is NaN, or 0 if it is an integer.
        Default 0.
    axes : int or tuple of int, optional
        One to three axes to filter. The other axes are batch axes. Default: all axes except `channel_axis`.
    channel_axis : int, optional
        Axis of the colour channels. Each channel is filtered separately. Default: no channel axis.
    dtype : dtype, optional
        Element type of the result. Values are rounded half to even and saturated.
    out : ndarray, optional
        Array for the result. Its dtype is the dtype of the result. It may be `image` or overlap it.
    workers : int, optional
        Number of threads. Default: every core that this process may use. The result does not depend on it.

    Returns
    -------
    ndarray
        Array of the shape of `image` without the filtered axes. Its dtype is that of `image`, or `dtype`, or
        that of `out`. The values are rounded as in `avg_pool` and `max_pool`.

    Raises
    ------
    TypeError
        If an argument has the wrong type, for example a complex array or a float instead of an integer.
    ValueError
        If an argument has the wrong value. The message names the argument, the value received and the
        accepted values.

    See Also
    --------
    pyramid_pool : The same for the cells of several levels.
    torch.nn.functional.adaptive_avg_pool2d : The same with an output of 1. Its result keeps two axes of
        length 1.

    References
    ----------
    M. Lin, Q. Chen and S. Yan, Network In Network, International Conference on Learning Representations 2014.

    Examples
    --------
    >>> import imfilter
    >>> imfilter.global_pool([[[1, 2], [3, 6]], [[5, 5], [5, 5]]], axes=(1, 2))
    array([3, 5])
    """
    return pooling.apply(
        image,
        _reduction(reduce),
        _whole,
        (),
        Common("mirror", 0.0, axes, channel_axis, dtype, out, workers, mask, nan, min_coverage),
        keep=False,
    )


@hinted
def pyramid_pool(
    image: ArrayLike,
    levels: Sequence[PerAxis[int]] = (1, 2, 4),
    reduce: Reduce = "max",
    *,
    mask: Mask = None,
    nan: Nan = "propagate",
    min_coverage: float = 0.0,
    axes: Axes | None = None,
    channel_axis: int | None = None,
    dtype: DTypeLike | None = None,
    workers: int | None = None,
) -> NDArray:
    """Describe an image of any size by a vector of fixed length (spatial pyramid pooling).

    Each level divides every axis of the image into a number of cells, and each cell is reduced to one number.
    Of l cells along an axis of n samples, cell i starts at sample ``floor(i*n/l)`` and ends before sample
    ``ceil((i + 1)*n/l)``. If l does not divide n, neighbouring cells may share a sample. A level may have
    more cells than the image has samples.

    Parameters
    ----------
    image : array_like
        Image, signal or volume. Every axis is spatial unless `channel_axis` or `axes` says otherwise. A
        colour image needs ``channel_axis=-1``. Bool, integers or floats. The function does not change it.
    levels : int or sequence of int or of sequences of int, optional
        Number of cells along the filtered axes, for each level: one for all axes, or one for each. Default
        (1, 2, 4).
    reduce : {'max', 'mean', 'min'}, optional
        How the samples of a cell are reduced to one number. Default 'max'.
    mask : array_like, optional
        Samples that are present, in the shape of `image`, or in its shape without `channel_axis`. Bool: True
        where a sample is present. Numbers: how much a sample counts, at least 0. An absent sample may have
        any value, and changes no result. Default: all samples are present.
    nan : {'propagate', 'ignore'}, optional
        Whether NaN makes every result NaN whose window contains it (default), or is an absent sample.
    min_coverage : float, optional
        Smallest share of the window that must be present, from 0 to 1: of its samples, or of the magnitudes
        of its weights. Where less is present, or nothing, the result is NaN, or 0 if it is an integer.
        Default 0.
    axes : int or tuple of int, optional
        One to three axes to filter. The other axes are batch axes. Default: all axes except `channel_axis`.
    channel_axis : int, optional
        Axis of the colour channels. Each channel is filtered separately. Default: no channel axis.
    dtype : dtype, optional
        Element type of the result. Values are rounded half to even and saturated.
    workers : int, optional
        Number of threads. Default: every core that this process may use. The result does not depend on it.

    Returns
    -------
    ndarray
        Array of the dtype of `image`, or of `dtype`. Its shape is that of `image` without the filtered axes,
        plus a last axis for the cells. The cells are sorted by level, and within a level in C order of the
        filtered axes. Two axes with the default levels have 1 + 4 + 16 = 21 cells. A batch of shape N x C x H
        x W gives an array of shape N x C x 21. Its ``reshape(N, -1)`` is one vector for each image.

    Raises
    ------
    TypeError
        If an argument has the wrong type, for example a complex array or a float instead of an integer.
    ValueError
        If an argument has the wrong value. The message names the argument, the value received and the
        accepted values.

    See Also
    --------
    global_pool : Global pooling: one cell for the whole image.
    torch.nn.functional.adaptive_max_pool2d : The same for one level.

    References
    ----------
    K. He, X. Zhang, S. Ren and J. Sun, Spatial Pyramid Pooling in Deep Convolutional Networks for Visual
    Recognition, European Conference on Computer Vision 2014.

    Examples
    --------
    >>> import imfilter
    >>> imfilter.pyramid_pool([[1, 2, 3], [4, 5, 6], [7, 8, 9]], (1, 2))
    array([9, 5, 6, 8, 9])
    >>> import numpy as np
    >>> imfilter.pyramid_pool(np.zeros((37, 51, 3)), channel_axis=-1).shape
    (3, 21)
    """
    common = Common("mirror", 0.0, axes, channel_axis, dtype, None, workers, mask, nan, min_coverage)
    bare, own = missing.split(image)
    array, what, masked = arguments.image(bare), _reduction(reduce), own is not None
    chosen = arguments.axes(array, axes, channel_axis)
    batch = [a for a in range(array.ndim) if a not in chosen]
    shape = [*(array.shape[a] for a in batch), -1]
    order = [*batch, *chosen]
    found = [
        pooling.apply(image if masked else array, what, _divide, (level,), common)
        .transpose(order)
        .reshape(shape)
        for level in _levels(levels, len(chosen))
    ]
    return (np.ma.concatenate if masked else np.concatenate)(found, axis=-1)


def _reduction(reduce: Any) -> str:
    return arguments.word(reduce, "reduce", pooling.REDUCTIONS)


def _levels(levels: Any, n: int) -> list[tuple[int, ...]]:
    """Return the cells along each of `n` axes, for each level."""
    entries = arguments.each(levels, None, "levels")
    if not entries:
        raise ValueError(f"levels must contain at least one level, got {levels!r}")
    return [arguments.integers(entry, n, "levels", least=1) for entry in entries]


def _whole(lengths: tuple[int, ...]) -> tuple[Windows, ...]:
    return _divide(lengths, (1,) * len(lengths))


def _divide(lengths: tuple[int, ...], level: tuple[int, ...]) -> tuple[Windows, ...]:
    """Return the cells of a level."""
    return tuple(Windows.divided(n, cells) for n, cells in zip(lengths, level, strict=True))
