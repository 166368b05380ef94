"""Pooling: windows of samples, or cells of an image, each reduced to one sample."""

from typing import Any, Unpack

import numpy as np
import numpy.typing as npt

from imfilter._base import arguments
from imfilter._base.keywords import Placed, documented_without
from imfilter._base.padding import positions
from imfilter._filters.pooling import apply as pooling
from imfilter._filters.pooling.windows import Windows

#: Samples that a window may span, with its gaps.
_WIDEST = 1 << 31


@documented_without("mode", "cval")
def max_pool(
    image: npt.ArrayLike,
    size: Any,
    *,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    **common: Unpack[Placed],
) -> npt.NDArray:
    """Keep the largest sample of each window.

    Along an axis of n samples there are ``(n + 2*padding - dilation*(size - 1) - 1) // stride + 1`` windows;
    with `ceil_mode` the quotient is rounded up. Channels and batches are pooled each by themselves: images
    N x C x H x W with ``axes=(2, 3)``.

    Parameters
    ----------
    {{image}}
    {{pooled}}
    dilation : int or sequence of int, optional
        Distance between the samples of a window. Default 1.
    {{ceil_mode}}
    {{common}}

    Returns
    -------
    ndarray
        Array of the dtype of `image`, or of `dtype` or `out`, one sample for each window. Its values are
        samples, none is computed: exact for every dtype. What is not a number is passed on, as in PyTorch,
        and -0.0 comes before 0.0. Padding is less than every sample; a window with gaps that has none is
        minus infinity, or the least integer.

    Raises
    ------
    {{errors}}

    See Also
    --------
    avg_pool : The mean.
    maximum : The same around each sample.
    torch.nn.functional.max_pool2d : The same for ``axes=(2, 3)``.
    skimage.measure.block_reduce : The same with ``func=np.max`` where `size` divides the image.

    References
    ----------
    I. Goodfellow, Y. Bengio and A. Courville, *Deep Learning*, 2016, section 9.3.

    Examples
    --------
    >>> import imfilter
    >>> imfilter.max_pool([3, 1, 4, 1, 5, 9, 2], 3)
    array([4, 9])
    >>> imfilter.max_pool([3, 1, 4, 1, 5, 9, 2], 3, stride=2, padding=1)
    array([3, 4, 9, 9])
    """
    return pooling.apply(
        image, pooling.MAX, _slide, (size, stride, padding, dilation, ceil_mode, True), common
    )


@documented_without("mode", "cval")
def avg_pool(
    image: npt.ArrayLike,
    size: Any,
    *,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    count_padding: bool = True,
    **common: Unpack[Placed],
) -> npt.NDArray:
    """Return the mean of each window.

    Along an axis of n samples there are ``(n + 2*padding - dilation*(size - 1) - 1) // stride + 1`` windows;
    with `ceil_mode` the quotient is rounded up. Channels and batches are pooled each by themselves: images
    N x C x H x W with ``axes=(2, 3)``.

    Parameters
    ----------
    {{image}}
    {{pooled}}
    dilation : int or sequence of int, optional
        Distance between the samples of a window. Default 1.
    {{ceil_mode}}
    count_padding : bool, optional
        Whether padding counts as zeros. Otherwise the mean is of the samples alone. What a last window of
        `ceil_mode` has behind the padding never counts. Default True.
    {{common}}

    Returns
    -------
    ndarray
        Array of the dtype of `image`, or of `dtype` or `out`, one sample for each window. Means of integers
        are the exact quotients, rounded once, half to even: to an integer, or to a float where `dtype` is
        one (at most float64). Floats are summed in float64. The mean of a window with gaps that
        has no sample, if padding does not count, is not a number, or 0.

    Raises
    ------
    {{errors}}

    See Also
    --------
    max_pool : The largest sample.
    box : The mean around each sample.
    torch.nn.functional.avg_pool2d : The same for ``axes=(2, 3)``, with `count_padding` as
        ``count_include_pad``.
    skimage.measure.block_reduce : The same with ``func=np.mean`` where `size` divides the image.

    References
    ----------
    I. Goodfellow, Y. Bengio and A. Courville, *Deep Learning*, 2016, section 9.3.

    Examples
    --------
    >>> import imfilter
    >>> imfilter.avg_pool([3.0, 1.0, 4.0, 1.0, 5.0, 9.0, 2.0], 2)
    array([2. , 2.5, 7. ])
    >>> imfilter.avg_pool([6.0, 6.0], 2, padding=1)
    array([3., 3.])
    >>> imfilter.avg_pool([6.0, 6.0], 2, padding=1, count_padding=False)
    array([6., 6.])
    """
    own = size, stride, padding, dilation, ceil_mode, count_padding
    return pooling.apply(image, pooling.MEAN, _slide, own, common)


@documented_without("mode", "cval")
def global_pool(image: npt.ArrayLike, reduce: str = "mean", **common: Unpack[Placed]) -> npt.NDArray:
    """Reduce the whole of each image to one sample: a number for each channel, whatever the size.

    Parameters
    ----------
    {{image}}
    reduce : {'mean', 'max', 'min'}, optional
        What becomes of the samples. Default 'mean'.
    {{common}}

    Returns
    -------
    ndarray
        Array of the shape of `image` without the filtered axes, and of its dtype, or of `dtype` or `out`.
        Values are those of `avg_pool` and `max_pool`.

    Raises
    ------
    {{errors}}

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
    return pooling.apply(image, _reduction(reduce), _whole, (), common, keep=False)


@documented_without("mode", "cval", "out")
def pyramid_pool(
    image: npt.ArrayLike, levels: Any = (1, 2, 4), reduce: str = "max", **common: Unpack[Placed]
) -> npt.NDArray:
    """Describe an image by a vector of one length, whatever its size: spatial pyramid pooling.

    At each level the image is cut into as many cells along each axis, and each cell is reduced to a number.
    Cell i of l along an axis of n samples begins with sample ``floor(i*n/l)`` and ends before sample
    ``ceil((i + 1)*n/l)``. Where l does not divide n, neighbours share a sample, and a level may be larger
    than the image.

    Parameters
    ----------
    {{image}}
    levels : int or sequence of int or of sequences of int, optional
        Cells along each filtered axis, for each level: one for all axes or one for each. Default (1, 2, 4).
    reduce : {'max', 'mean', 'min'}, optional
        What becomes of the samples of a cell. Default 'max'.
    {{common}}

    Returns
    -------
    ndarray
        Array of the dtype of `image`, or of `dtype`. Its shape is that of `image` without the filtered axes,
        and last the cells: the levels one after the other, in each the cells in C order of the axes as they
        are named. Two axes and the default levels make 1 + 4 + 16 = 21. A batch N x C x H x W thus gives
        N x C x 21, and ``reshape(N, -1)`` of that one vector for each image, channel by channel.

    Raises
    ------
    {{errors}}

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
    array, what = arguments.image(image), _reduction(reduce)
    axes = arguments.axes(array, common.get("axes"), common.get("channel_axis"))
    batch = [a for a in range(array.ndim) if a not in axes]
    shape = [*(array.shape[a] for a in batch), -1]
    order = [*batch, *axes]
    found = [
        pooling.apply(array, what, _divide, (level,), common).transpose(order).reshape(shape)
        for level in _levels(levels, len(axes))
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


def _slide(
    lengths: tuple[int, ...],
    size: Any,
    stride: Any,
    padding: Any,
    dilation: Any,
    ceil_mode: Any,
    count_padding: Any,
) -> tuple[Windows, ...]:
    """Check the arguments and return the windows along each axis."""
    n = len(lengths)
    sizes = arguments.integers(size, n, "size", least=1)
    strides = sizes if stride is None else arguments.integers(stride, n, "stride", least=1)
    paddings = arguments.integers(padding, n, "padding", least=0)
    dilations = arguments.integers(dilation, n, "dilation", least=1)
    ceil, counted = arguments.flag(ceil_mode, "ceil_mode"), arguments.flag(count_padding, "count_padding")
    found = []
    for axis, (samples, taps, step, pad, apart) in enumerate(
        zip(lengths, sizes, strides, paddings, dilations, strict=True)
    ):
        span = (taps - 1) * apart + 1
        if span > _WIDEST:
            raise ValueError(f"size must span at most {_WIDEST} samples, got {span}")
        if pad > span // 2:
            raise ValueError(
                f"padding must be at most {span // 2}, half of a window that spans {span} samples, got {pad}"
            )
        length = positions(samples, pad, pad, span, step, ceil_mode=ceil)
        if length < 1:
            raise ValueError(
                f"size must fit into the image: a window spans {span} samples, "
                f"axis {axis} has {samples + 2 * pad} with its padding"
            )
        # What one window alone makes no difference to may be larger than any array.
        step, apart = min(step, samples + 2 * pad), apart if taps > 1 else 1
        found.append(Windows(samples, length, taps, step, pad, apart, counted))
    return tuple(found)
