"""Max pooling and average pooling."""

from __future__ import annotations

from typing import Any

from imfilter._base import arguments
from imfilter._base.keywords import Common, hinted
from imfilter._base.padding import positions
from imfilter._filters.pooling import apply as pooling
from imfilter._filters.pooling.windows import Windows
from imfilter.typing import ArrayLike, Axes, DTypeLike, Mask, Nan, NDArray, Padding, PerAxis

#: Largest number of samples that a dilated window may span.
_WIDEST = 1 << 31


@hinted
def max_pool(
    image: ArrayLike,
    size: PerAxis[int],
    *,
    stride: PerAxis[int] | None = None,
    padding: Padding = 0,
    dilation: PerAxis[int] = 1,
    ceil_mode: bool = False,
    mask: Mask = None,
    nan: Nan = "propagate",
    min_coverage: float = 0.0,
    axes: Axes | None = None,
    channel_axis: int | None = None,
    dtype: DTypeLike | None = None,
    out: NDArray | None = None,
    workers: int | None = None,
) -> NDArray:
    """Reduce each window of the image to its maximum.

    An axis of n samples has ``(n + 2*padding - dilation*(size - 1) - 1) // stride + 1`` windows. With
    `ceil_mode` the quotient is rounded up. Every channel and every image of a batch is pooled separately. A
    batch of shape N x C x H x W needs ``axes=(2, 3)``.

    Parameters
    ----------
    image : array_like
        Image, signal or volume. Every axis is spatial unless `channel_axis` or `axes` says otherwise. A
        colour image needs ``channel_axis=-1``. Bool, integers or floats. The function does not change it.
    size : int or sequence of int
        Length of the window: one for all filtered axes, or one for each.
    stride : int or sequence of int, optional
        Distance between neighbouring windows. Default: `size`. Then windows do not overlap and leave no gaps.
    padding : int or sequence of int, optional
        Number of padding samples before and after the image along each axis: at most half the length of
        the window. Default 0.
    dilation : int or sequence of int, optional
        Distance between the samples of a window. Default 1.
    ceil_mode : bool, optional
        Whether to add a last window that reaches beyond the padded image. It contains only the samples that
        it covers. A window that starts after the end of the image is not added. Default False.
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
        Array of the dtype of `image`, or of `dtype` or `out`, with one sample for each window. Every output
        value is an input sample, so the result is exact for every dtype. A window that contains NaN gives
        NaN, as in PyTorch; -0.0 is less than 0.0. Padding is less than every sample. A dilated window that
        contains only padding gives -inf, or the smallest integer of the dtype.

    Raises
    ------
    TypeError
        If an argument has the wrong type, for example a complex array or a float instead of an integer.
    ValueError
        If an argument has the wrong value. The message names the argument, the value received and the
        accepted values.

    See Also
    --------
    avg_pool : The mean of each window.
    maximum : The maximum of the neighbourhood of each sample.
    torch.nn.functional.max_pool2d : The same for ``axes=(2, 3)``.
    skimage.measure.block_reduce : The same with ``func=np.max`` if `size` divides the lengths of the image.

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
        image,
        pooling.MAX,
        _slide,
        (size, stride, padding, dilation, ceil_mode, True),
        Common("mirror", 0.0, axes, channel_axis, dtype, out, workers, mask, nan, min_coverage),
    )


@hinted
def avg_pool(
    image: ArrayLike,
    size: PerAxis[int],
    *,
    stride: PerAxis[int] | None = None,
    padding: Padding = 0,
    dilation: PerAxis[int] = 1,
    ceil_mode: bool = False,
    count_padding: bool = True,
    mask: Mask = None,
    nan: Nan = "propagate",
    min_coverage: float = 0.0,
    axes: Axes | None = None,
    channel_axis: int | None = None,
    dtype: DTypeLike | None = None,
    out: NDArray | None = None,
    workers: int | None = None,
) -> NDArray:
    """Reduce each window of the image to its mean.

    An axis of n samples has ``(n + 2*padding - dilation*(size - 1) - 1) // stride + 1`` windows. With
    `ceil_mode` the quotient is rounded up. Every channel and every image of a batch is pooled separately. A
    batch of shape N x C x H x W needs ``axes=(2, 3)``.

    Parameters
    ----------
    image : array_like
        Image, signal or volume. Every axis is spatial unless `channel_axis` or `axes` says otherwise. A
        colour image needs ``channel_axis=-1``. Bool, integers or floats. The function does not change it.
    size : int or sequence of int
        Length of the window: one for all filtered axes, or one for each.
    stride : int or sequence of int, optional
        Distance between neighbouring windows. Default: `size`. Then windows do not overlap and leave no gaps.
    padding : int or sequence of int, optional
        Number of padding samples before and after the image along each axis: at most half the length of
        the window. Default 0.
    dilation : int or sequence of int, optional
        Distance between the samples of a window. Default 1.
    ceil_mode : bool, optional
        Whether to add a last window that reaches beyond the padded image. It contains only the samples that
        it covers. A window that starts after the end of the image is not added. Default False.
    count_padding : bool, optional
        Whether padding samples count as zeros in the mean. If False, only samples of the image count. With
        `ceil_mode`, places after the end of the padding never count. Default True.
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
        Array of the dtype of `image`, or of `dtype` or `out`, with one sample for each window. The mean of
        integers is the exact quotient, rounded once, half to even: to an integer, or to a float of at most 64
        bits if `dtype` is a float. Floats are summed in float64. If padding does not count, a dilated window
        that contains only padding gives NaN, or 0 for integers.

    Raises
    ------
    TypeError
        If an argument has the wrong type, for example a complex array or a float instead of an integer.
    ValueError
        If an argument has the wrong value. The message names the argument, the value received and the
        accepted values.

    See Also
    --------
    max_pool : The maximum of each window.
    box : The mean of the neighbourhood of each sample.
    torch.nn.functional.avg_pool2d : The same for ``axes=(2, 3)``. Its ``count_include_pad`` is
        `count_padding` here.
    skimage.measure.block_reduce : The same with ``func=np.mean`` if `size` divides the lengths of the image.

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
    return pooling.apply(
        image,
        pooling.MEAN,
        _slide,
        own,
        Common("mirror", 0.0, axes, channel_axis, dtype, out, workers, mask, nan, min_coverage),
    )


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
        # The stride of a single window and the dilation of a single tap may be larger than any array.
        step, apart = min(step, samples + 2 * pad), apart if taps > 1 else 1
        found.append(Windows(samples, length, taps, step, pad, apart, counted))
    return tuple(found)
