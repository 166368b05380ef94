"""Correlation and convolution with any kernel."""

from __future__ import annotations

from typing import Any

import numpy as np

from imfilter._base import arguments
from imfilter._base.keywords import Common, hinted
from imfilter._filters.linear import apply as linear
from imfilter._filters.linear.operators import Operator, separable
from imfilter.typing import ArrayLike, Axes, DTypeLike, Kernel, Mask, Mode, Nan, NDArray, Padding, PerAxis


@hinted
def correlate(
    image: ArrayLike,
    kernel: Kernel,
    *,
    bias: float = 0.0,
    stride: PerAxis[int] = 1,
    dilation: PerAxis[int] = 1,
    padding: Padding = "same",
    mode: Mode = "mirror",
    cval: float = 0.0,
    mask: Mask = None,
    nan: Nan = "propagate",
    min_coverage: float = 0.0,
    axes: Axes | None = None,
    channel_axis: int | None = None,
    dtype: DTypeLike | None = None,
    out: NDArray | None = None,
    workers: int | None = None,
) -> NDArray:
    """Correlate the image with a kernel. The kernel is not flipped.

    Along each filtered axis the result is
    ``out[i] = bias + sum_j kernel[j] * image[i*stride + j*dilation - before]``. A convolution layer computes
    the same sum. Taps that are zero are skipped.

    Parameters
    ----------
    image : array_like
        Image, signal or volume. Every axis is spatial unless `channel_axis` or `axes` says otherwise. A
        colour image needs ``channel_axis=-1``. Bool, integers or floats. The function does not change it.
    kernel : array_like or sequence of ndarray
        Weights, with one axis for each filtered axis. A separable kernel may be a sequence of 1-D NumPy
        arrays, one for each filtered axis; the kernel is their outer product. A dense kernel that is
        separable is recognised.
    bias : float, optional
        Number added to every sum. Default 0.
    stride : int or sequence of int, optional
        Distance between neighbouring outputs in samples: one for all filtered axes, or one for each. Default
        1.
    dilation : int or sequence of int, optional
        Distance between neighbouring taps in samples: one for all filtered axes, or one for each. Default 1.
    padding : {'same', 'valid'}, int or sequence, optional
        Number of border samples before and after each filtered axis. Default 'same'. For an axis of length n
        and a kernel of length k:

        - 'same': the output has length ``ceil(n/stride)``, and output i is centred on sample
          ``i*stride``; the centre of an even kernel is at ``k//2``, as in SciPy
        - 'valid': no border
        - an integer, or for each filtered axis an integer or a pair (before, after); the output has
          length ``floor((n + before + after - dilation*(k - 1) - 1)/stride) + 1``
    mode : {'mirror', 'symmetric', 'edge', 'wrap', 'zero', 'constant', 'shrink'}, optional
        How an image ``a b c d`` continues beyond its border. Default 'mirror'.

        - 'mirror': ``d c b | a b c d | c b a``
        - 'symmetric': ``c b a | a b c d | d c b``
        - 'edge': ``a a a | a b c d | d d d``
        - 'wrap': ``b c d | a b c d | a b c``
        - 'zero': ``0 0 0 | a b c d | 0 0 0``
        - 'constant': ``k k k | a b c d | k k k`` with k = `cval`
        - 'shrink': samples beyond the border are absent, as with `mask`
    cval : float, optional
        Value beyond the border with ``mode="constant"``. Default 0.
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
        Array with the lengths given above along the filtered axes. Its dtype is `dtype`, or that of `out`.
        Default: float32 for bool, 8- and 16-bit integers, float16 and float32; float64 for wider types.

    Raises
    ------
    TypeError
        If an argument has the wrong type, for example a complex array or a float instead of an integer.
    ValueError
        If an argument has the wrong value. The message names the argument, the value received and the
        accepted values.

    See Also
    --------
    convolve : The same with a flipped kernel.
    scipy.ndimage.correlate : The same for floating-point images. Its ``mode`` 'reflect' is 'symmetric' here,
        and 'nearest' is 'edge'.
    cv2.filter2D : The same for odd kernels: ``cv2.filter2D(image, cv2.CV_32F, kernel)``.
    torch.nn.functional.conv2d : The same for one channel.

    References
    ----------
    R. C. Gonzalez and R. E. Woods, *Digital Image Processing*, 4th ed., 2018, section 3.4.

    Examples
    --------
    >>> import imfilter
    >>> imfilter.correlate([1.0, 2.0, 4.0, 8.0], [-1.0, 0.0, 1.0])
    array([0., 3., 6., 0.])
    >>> imfilter.correlate([1.0, 2.0, 4.0, 8.0], [0.5, 0.5], stride=2, padding="valid")
    array([1.5, 6. ])
    """
    return _correlate(
        image,
        kernel,
        False,
        bias,
        stride,
        dilation,
        padding,
        Common(mode, cval, axes, channel_axis, dtype, out, workers, mask, nan, min_coverage),
    )


@hinted
def convolve(
    image: ArrayLike,
    kernel: Kernel,
    *,
    bias: float = 0.0,
    stride: PerAxis[int] = 1,
    dilation: PerAxis[int] = 1,
    padding: Padding = "same",
    mode: Mode = "mirror",
    cval: float = 0.0,
    mask: Mask = None,
    nan: Nan = "propagate",
    min_coverage: float = 0.0,
    axes: Axes | None = None,
    channel_axis: int | None = None,
    dtype: DTypeLike | None = None,
    out: NDArray | None = None,
    workers: int | None = None,
) -> NDArray:
    """Convolve the image with a kernel.

    This is the correlation with the kernel flipped along every axis.

    Parameters
    ----------
    image : array_like
        Image, signal or volume. Every axis is spatial unless `channel_axis` or `axes` says otherwise. A
        colour image needs ``channel_axis=-1``. Bool, integers or floats. The function does not change it.
    kernel : array_like or sequence of ndarray
        Weights, with one axis for each filtered axis, or a sequence of 1-D NumPy arrays, as for `correlate`.
    bias : float, optional
        Number added to every sum. Default 0.
    stride : int or sequence of int, optional
        Distance between neighbouring outputs in samples: one for all filtered axes, or one for each. Default
        1.
    dilation : int or sequence of int, optional
        Distance between neighbouring taps in samples: one for all filtered axes, or one for each. Default 1.
    padding : {'same', 'valid'}, int or sequence, optional
        Number of border samples, as for `correlate`. Default 'same': the centre of a flipped kernel of even
        length k is at ``(k - 1)//2``, as in SciPy.
    mode : {'mirror', 'symmetric', 'edge', 'wrap', 'zero', 'constant', 'shrink'}, optional
        How an image ``a b c d`` continues beyond its border. Default 'mirror'.

        - 'mirror': ``d c b | a b c d | c b a``
        - 'symmetric': ``c b a | a b c d | d c b``
        - 'edge': ``a a a | a b c d | d d d``
        - 'wrap': ``b c d | a b c d | a b c``
        - 'zero': ``0 0 0 | a b c d | 0 0 0``
        - 'constant': ``k k k | a b c d | k k k`` with k = `cval`
        - 'shrink': samples beyond the border are absent, as with `mask`
    cval : float, optional
        Value beyond the border with ``mode="constant"``. Default 0.
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
        As for `correlate`.

    Raises
    ------
    TypeError
        If an argument has the wrong type, for example a complex array or a float instead of an integer.
    ValueError
        If an argument has the wrong value. The message names the argument, the value received and the
        accepted values.

    See Also
    --------
    correlate : The same with a kernel that is not flipped.
    scipy.ndimage.convolve : The same for floating-point images.
    numpy.convolve : The same in 1-D. Its mode 'full' is ``padding=len(kernel) - 1, mode="zero"`` here.

    References
    ----------
    R. C. Gonzalez and R. E. Woods, *Digital Image Processing*, 4th ed., 2018, section 3.4.

    Examples
    --------
    >>> import imfilter
    >>> imfilter.convolve([0.0, 0.0, 1.0, 0.0, 0.0], [1.0, 2.0, 3.0])
    array([0., 1., 2., 3., 0.])
    """
    return _correlate(
        image,
        kernel,
        True,
        bias,
        stride,
        dilation,
        padding,
        Common(mode, cval, axes, channel_axis, dtype, out, workers, mask, nan, min_coverage),
    )


def _correlate(
    image: ArrayLike,
    kernel: Any,
    flipped: bool,
    bias: Any,
    stride: Any,
    dilation: Any,
    pad: Any,
    common: Common,
) -> NDArray:
    """Run the operator of both functions."""
    geometry = linear.Geometry(stride, dilation, pad, flipped, bias)
    return linear.apply(image, _operator, (kernel, flipped), common, preserves_dtype=False, geometry=geometry)


def _operator(ndim: int, chosen: tuple[int, ...], kernel: Any, flipped: bool) -> Operator:
    weights = arguments.kernel(kernel, len(chosen))
    if isinstance(weights, tuple):
        return separable(tuple(w[::-1] for w in weights) if flipped else weights)
    return Operator(dense=np.flip(weights) if flipped else weights)
