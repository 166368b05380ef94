"""Pooling of whole images, and of cells that divide them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from imfilter._base import arguments
from imfilter._base.keywords import Common, hinted
from imfilter._filters.pooling import apply as pooling
from imfilter._filters.pooling.windows import Windows
from imfilter.typing import ArrayLike, DTypeLike, NDArray, PerAxis, Reduce


@hinted
def global_pool(
    image: ArrayLike,
    reduce: Reduce = "mean",
    *,
    axes: int | tuple[int, ...] | None = None,
    channel_axis: int | None = None,
    dtype: DTypeLike | None = None,
    out: NDArray | None = None,
    workers: int | None = None,
) -> NDArray:
    """Reduce the whole of each image to one sample: a number for each channel, whatever the size.

    Parameters
    ----------
    image : array_like
        Image, signal or volume. Every axis is spatial unless `channel_axis` or `axes` says otherwise. A
        colour image needs ``channel_axis=-1``. Bool, integers or floats. The function does not change it.
    reduce : {'mean', 'max', 'min'}, optional
        What becomes of the samples. Default 'mean'.
    axes : int or tuple of int, optional
        One to three axes to filter. The other axes are a batch. Default: all axes except `channel_axis`.
    channel_axis : int, optional
        Axis of the colour channels. Each channel is filtered alone. Default: there is no such axis.
    dtype : dtype, optional
        Element type of the result. Values are rounded half to even and saturated.
    out : ndarray, optional
        Array for the result. Its dtype is the dtype of the result. It may be `image` or overlap it.
    workers : int, optional
        Number of threads. Default: every core that this process may use. The result does not depend on it.

    Returns
    -------
    ndarray
        Array of the shape of `image` without the filtered axes, and of its dtype, or of `dtype` or `out`.
        Values are those of `avg_pool` and `max_pool`.

    Raises
    ------
    TypeError
        If an argument has the wrong type, for example a complex array or a float instead of an integer.
    ValueError
        If an argument has the wrong value. The message names the argument, the value received and the
        accepted values.

    See Also
    --------
    pyramid_pool : The same for ever smaller cells.
    torch.nn.functional.adaptive_avg_pool2d : The same with an output of 1, which stays as two axes.

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
        Common(axes=axes, channel_axis=channel_axis, dtype=dtype, out=out, workers=workers),
        keep=False,
    )


@hinted
def pyramid_pool(
    image: ArrayLike,
    levels: Sequence[PerAxis[int]] = (1, 2, 4),
    reduce: Reduce = "max",
    *,
    axes: int | tuple[int, ...] | None = None,
    channel_axis: int | None = None,
    dtype: DTypeLike | None = None,
    workers: int | None = None,
) -> NDArray:
    """Describe an image by a vector of one length, whatever its size: spatial pyramid pooling.

    At each level the image is cut into as many cells along each axis, and each cell is reduced to a number.
    Cell i of l along an axis of n samples begins with sample ``floor(i*n/l)`` and ends before sample
    ``ceil((i + 1)*n/l)``. Where l does not divide n, neighbours share a sample, and a level may be larger
    than the image.

    Parameters
    ----------
    image : array_like
        Image, signal or volume. Every axis is spatial unless `channel_axis` or `axes` says otherwise. A
        colour image needs ``channel_axis=-1``. Bool, integers or floats. The function does not change it.
    levels : int or sequence of int or of sequences of int, optional
        Cells along each filtered axis, for each level: one for all axes or one for each. Default (1, 2, 4).
    reduce : {'max', 'mean', 'min'}, optional
        What becomes of the samples of a cell. Default 'max'.
    axes : int or tuple of int, optional
        One to three axes to filter. The other axes are a batch. Default: all axes except `channel_axis`.
    channel_axis : int, optional
        Axis of the colour channels. Each channel is filtered alone. Default: there is no such axis.
    dtype : dtype, optional
        Element type of the result. Values are rounded half to even and saturated.
    workers : int, optional
        Number of threads. Default: every core that this process may use. The result does not depend on it.

    Returns
    -------
    ndarray
        Array of the dtype of `image`, or of `dtype`. Its shape is that of `image` without the filtered axes,
        and last the cells: the levels one after the other, in each the cells in C order of the axes as they
        are named. Two axes and the default levels make 1 + 4 + 16 = 21. A batch N x C x H x W thus gives
        N x C x 21, and ``reshape(N, -1)`` of that one vector for each image, channel by channel.

    Raises
    ------
    TypeError
        If an argument has the wrong type, for example a complex array or a float instead of an integer.
    ValueError
        If an argument has the wrong value. The message names the argument, the value received and the
        accepted values.

    See Also
    --------
    global_pool : The first level alone.
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
    common = Common(axes=axes, channel_axis=channel_axis, dtype=dtype, workers=workers)
    array, what = arguments.image(image), _reduction(reduce)
    chosen = arguments.axes(array, axes, channel_axis)
    batch = [a for a in range(array.ndim) if a not in chosen]
    shape = [*(array.shape[a] for a in batch), -1]
    order = [*batch, *chosen]
    found = [
        pooling.apply(array, what, _divide, (level,), common).transpose(order).reshape(shape)
        for level in _levels(levels, len(chosen))
    ]
    return np.concatenate(found, axis=-1)


def _reduction(reduce: Any) -> str:
    return arguments.word(reduce, "reduce", pooling.REDUCTIONS)


def _levels(levels: Any, n: int) -> list[tuple[int, ...]]:
    """Return the cells along each of `n` axes, for each level."""
    entries = arguments.each(levels, None, "levels")
    if not entries:
        raise ValueError(f"levels must name a level, got {levels!r}")
    return [arguments.integers(entry, n, "levels", least=1) for entry in entries]


def _whole(lengths: tuple[int, ...]) -> tuple[Windows, ...]:
    return _divide(lengths, (1,) * len(lengths))


def _divide(lengths: tuple[int, ...], level: tuple[int, ...]) -> tuple[Windows, ...]:
    """Return the cells of a level."""
    return tuple(Windows.divided(n, cells) for n, cells in zip(lengths, level, strict=True))
