"""Conversion between colour spaces: sRGB, grey, CIE L*a*b* and CIE LCh.

The scale of sRGB values depends on their type: 0 to 255 in uint8, 0 to 65535 in uint16, and 0 to 1 in floats
and bool. For all types, L* is from 0 to 100, and a* and b* of sRGB colours are from -108 to 99. The white
point is illuminant D65 with the 2 degree observer.

Examples
--------
>>> import imfilter
>>> import numpy as np
>>> red = np.array([[[255, 0, 0]]], np.uint8)
>>> imfilter.color.rgb_to_gray(red)
array([[76]], dtype=uint8)
>>> imfilter.color.rgb_to_lab(red).round(1)
array([[[53.2, 80.1, 67.2]]], dtype=float32)
"""

from __future__ import annotations

from typing import Any, NoReturn

import numpy as np

from imfilter._base import arguments, dtypes, threads
from imfilter._base.keywords import hinted
from imfilter.typing import ArrayLike, DTypeLike, NDArray

__all__ = ["lab_to_lch", "lab_to_rgb", "lch_to_lab", "rgb_to_gray", "rgb_to_lab"]

#: Weights of red, green and blue, by standard.
_LUMA = {"bt601": (0.299, 0.587, 0.114), "bt709": (0.2126, 0.7152, 0.0722)}


@hinted
def rgb_to_gray(
    image: ArrayLike,
    *,
    standard: str = "bt601",
    channel_axis: int = -1,
    dtype: DTypeLike | None = None,
    out: NDArray | None = None,
    workers: int | None = None,
) -> NDArray:
    """Convert a colour image to grey: the weighted sum of red, green and blue.

    Parameters
    ----------
    image : array_like
        Image of any shape with three channels. Bool, integers or floats. The function does not change it. The
        values are not rescaled.
    standard : {'bt601', 'bt709'}, optional
        Weights of the channels. 'bt601': 0.299, 0.587 and 0.114 of ITU-R BT.601, as in OpenCV and Pillow.
        'bt709': 0.2126, 0.7152 and 0.0722 of ITU-R BT.709, as in sRGB. Default 'bt601'.
    channel_axis : int, optional
        Axis of the three channels. The result does not have this axis. Default -1, the last axis.
    dtype : dtype, optional
        Element type of the result. Values are rounded half to even and saturated.
    out : ndarray, optional
        Array for the result. Its dtype is the dtype of the result. It may be a part of `image` or overlap it.
    workers : int, optional
        Number of threads. Default: every core that this process may use. The result does not depend on it.

    Returns
    -------
    ndarray
        Array of the shape of `image` without `channel_axis`. Its dtype is that of `image`, or `dtype`, or
        that of `out`. It is computed in floating point, rounded half to even and saturated. From uint8 to
        uint8, weights have 15 bits and halves are rounded up, so every pixel is the same as in OpenCV.

    Raises
    ------
    TypeError
        If an argument has the wrong type, for example a complex array or a float instead of an integer.
    ValueError
        If an argument has the wrong value, for example an image with an alpha channel. The message names the
        argument, the value received and the accepted values.

    See Also
    --------
    cv2.cvtColor : The same for uint8 with ``COLOR_RGB2GRAY``. For uint16 it differs by up to 2, because its
        weights have 15 bits.
    PIL.Image.Image.convert : Conversion to mode "L" with 16-bit weights. It differs by at most 1.
    skimage.color.rgb2gray : The weighted sum in floats, with the weights 0.2125, 0.7154 and 0.0721.

    References
    ----------
    ITU-R Recommendation BT.601-7, 2011, section 2.5.1; BT.709-6, 2015, section 3.

    Examples
    --------
    >>> import imfilter
    >>> imfilter.color.rgb_to_gray([[1.0, 1.0, 1.0], [1.0, 0.0, 0.0]])
    array([1.   , 0.299])
    """
    array = arguments.image(image)
    axis = arguments.colours(array, channel_axis)
    weights = _LUMA[arguments.word(standard, "standard", tuple(_LUMA))]
    place = arguments.fitting(arguments.out(out), array.shape[:axis] + array.shape[axis + 1 :])
    wanted = arguments.dtype(dtype, place, array.dtype.newbyteorder("="))
    workers = threads.requested(workers)
    from imfilter._filters.color import conversion

    return conversion.convert(
        array, axis, conversion.gray(weights, array.dtype, wanted), wanted, place, workers
    )


@hinted
def rgb_to_lab(
    image: ArrayLike,
    *,
    channel_axis: int = -1,
    dtype: DTypeLike | None = None,
    out: NDArray | None = None,
    workers: int | None = None,
) -> NDArray:
    """Convert sRGB to CIE L*a*b*.

    Distances in this colour space approximate the perceived differences between colours.

    Parameters
    ----------
    image : array_like
        Image of any shape with three channels. Its full scale depends on its type: 255 for uint8, 65535 for
        uint16, 1 for floats and bool. Floats outside the range from 0 to 1 are converted with the same
        formulas. The function does not change it.
    channel_axis : int, optional
        Axis of the three channels. Default -1, the last axis.
    dtype : dtype, optional
        Element type of the result. Values are rounded half to even and saturated.
    out : ndarray, optional
        Array for the result. Its dtype is the dtype of the result. It may be `image` or overlap it.
    workers : int, optional
        Number of threads. Default: every core that this process may use. The result does not depend on it.

    Returns
    -------
    ndarray
        Array of the shape of `image` with the channels L* from 0 to 100, a* and b*. Its dtype is `dtype`, or
        that of `out`. Default: float32 for bool, 8- and 16-bit integers, float16 and float32; float64 for
        wider types. Float32 results are within 1e-4 of float64 results.

    Raises
    ------
    TypeError
        If an argument has the wrong type, for example a complex array or integers without a known full scale.
    ValueError
        If an argument has the wrong value, for example an image with an alpha channel. The message names the
        argument, the value received and the accepted values.

    See Also
    --------
    lab_to_rgb : The inverse conversion.
    lab_to_lch : Conversion to chroma and hue.
    skimage.color.rgb2lab : The same.
    cv2.cvtColor : The same with ``COLOR_RGB2Lab``, but with other constants and interpolated tables. For
        float32 it differs by up to 0.5. For uint8 its result is uint8, which does not distinguish all
        colours.

    References
    ----------
    IEC 61966-2-1:1999, sRGB. CIE 15:2004, Colorimetry, 3rd ed., section 8.2.1.

    Examples
    --------
    >>> import imfilter
    >>> imfilter.color.rgb_to_lab([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]).round(2)
    array([[  53.24,   80.09,   67.2 ],
           [  32.3 ,   79.19, -107.86]])
    """
    array = arguments.image(image)
    axis = arguments.colours(array, channel_axis)
    if array.dtype.kind not in "bf" and not _has_scale(array.dtype):
        raise TypeError(
            f"image must be uint8 (0 to 255), uint16 (0 to 65535) or floats (0 to 1), got {array.dtype}"
        )
    place = arguments.fitting(arguments.out(out), array.shape)
    wanted = arguments.dtype(dtype, place, dtypes.derived(array.dtype))
    workers = threads.requested(workers)
    from imfilter._filters.color import conversion

    return conversion.convert(array, axis, conversion.to_lab(array.dtype), wanted, place, workers)


@hinted
def lab_to_rgb(
    lab: ArrayLike,
    *,
    channel_axis: int = -1,
    dtype: DTypeLike | None = None,
    out: NDArray | None = None,
    workers: int | None = None,
) -> NDArray:
    """Convert CIE L*a*b* to sRGB.

    Each channel of a colour outside sRGB is clipped to the range of sRGB.

    Parameters
    ----------
    lab : array_like
        Image of any shape with the channels L* from 0 to 100, a* and b*. Floats or signed integers. The
        function does not change it.
    channel_axis : int, optional
        Axis of the three channels. Default -1, the last axis.
    dtype : dtype, optional
        Element type of the result. It determines the scale: uint8 (0 to 255) and uint16 (0 to 65535), rounded
        half to even, or floats (0 to 1).
    out : ndarray, optional
        Array for the result. Its dtype is the dtype of the result. It may be `lab` or overlap it.
    workers : int, optional
        Number of threads. Default: every core that this process may use. The result does not depend on it.

    Returns
    -------
    ndarray
        Array of the shape of `lab`. Its dtype is `dtype`, or that of `out`. Default: float32 for 8- and
        16-bit integers, float16 and float32; float64 for wider types. Every uint8 colour survives the
        conversion to float32 L*a*b* and back.

    Raises
    ------
    TypeError
        If an argument has the wrong type, for example a complex array or unsigned integers.
    ValueError
        If an argument has the wrong value, for example an image with four channels or a `dtype` without a
        known full scale. The message names the argument, the value received and the accepted values.

    See Also
    --------
    rgb_to_lab : The inverse conversion.
    skimage.color.lab2rgb : The same for floats.
    cv2.cvtColor : The same with ``COLOR_Lab2RGB``, but with other constants.

    References
    ----------
    IEC 61966-2-1:1999, sRGB. CIE 15:2004, Colorimetry, 3rd ed., section 8.2.1.

    Examples
    --------
    >>> import imfilter
    >>> imfilter.color.lab_to_rgb([[53.24, 80.09, 67.2], [100.0, 0.0, 0.0]], dtype="uint8")
    array([[255,   0,   0],
           [255, 255, 255]], dtype=uint8)
    """
    array, axis = _lab(lab, channel_axis, "lab")
    place = arguments.fitting(arguments.out(out), array.shape)
    wanted = arguments.dtype(dtype, place, dtypes.derived(array.dtype))
    if wanted.kind != "f" and not _has_scale(wanted):
        name = "out" if dtype is None else "dtype"
        raise ValueError(
            f"{name} must be uint8 (0 to 255), uint16 (0 to 65535) or floats (0 to 1), got {wanted}"
        )
    workers = threads.requested(workers)
    from imfilter._filters.color import conversion

    return conversion.convert(array, axis, conversion.from_lab(wanted), wanted, place, workers)


@hinted
def lab_to_lch(
    lab: ArrayLike,
    *,
    channel_axis: int = -1,
    dtype: DTypeLike | None = None,
    out: NDArray | None = None,
    workers: int | None = None,
) -> NDArray:
    """Convert CIE L*a*b* to CIE LCh, its polar form: a* and b* become chroma and hue.

    Parameters
    ----------
    lab : array_like
        Image of any shape with the channels L*, a* and b*. Floats or signed integers. The function does not
        change it.
    channel_axis, dtype, out, workers : optional
        As for `rgb_to_lab`.

    Returns
    -------
    ndarray
        Array of the shape of `lab` with the channels L*, chroma and hue. Hue is in radians from 0 to 2 pi,
        and 0 where the chroma is 0. The dtype is `dtype`, or that of `out`. Default: float32 for 8- and
        16-bit integers, float16 and float32; float64 for wider types.

    Raises
    ------
    TypeError
        If an argument has the wrong type, for example a complex array or unsigned integers.
    ValueError
        If an argument has the wrong value. The message names the argument, the value received and the
        accepted values.

    See Also
    --------
    lch_to_lab : The inverse conversion.
    skimage.color.lab2lch : The same.

    References
    ----------
    CIE 15:2004, Colorimetry, 3rd ed., section 8.2.1.

    Examples
    --------
    >>> import imfilter
    >>> imfilter.color.lab_to_lch([50.0, 3.0, 4.0])
    array([50.       ,  5.       ,  0.9272952...])
    """
    return _polar(lab, "lab", channel_axis, dtype, out, workers)


@hinted
def lch_to_lab(
    lch: ArrayLike,
    *,
    channel_axis: int = -1,
    dtype: DTypeLike | None = None,
    out: NDArray | None = None,
    workers: int | None = None,
) -> NDArray:
    """Convert CIE LCh to CIE L*a*b*: chroma and hue become a* and b*.

    Parameters
    ----------
    lch : array_like
        Image of any shape with the channels L*, chroma and hue in radians. Floats or signed integers. The
        function does not change it.
    channel_axis, dtype, out, workers : optional
        As for `rgb_to_lab`.

    Returns
    -------
    ndarray
        Array of the shape of `lch` with the channels L*, a* and b*. Its dtype is `dtype`, or that of `out`.
        Default: float32 for 8- and 16-bit integers, float16 and float32; float64 for wider types.

    Raises
    ------
    TypeError
        If an argument has the wrong type, for example a complex array or unsigned integers.
    ValueError
        If an argument has the wrong value. The message names the argument, the value received and the
        accepted values.

    See Also
    --------
    lab_to_lch : The inverse conversion.
    skimage.color.lch2lab : The same.

    References
    ----------
    CIE 15:2004, Colorimetry, 3rd ed., section 8.2.1.

    Examples
    --------
    >>> import imfilter
    >>> imfilter.color.lch_to_lab([50.0, 5.0, 0.0])
    array([50.,  5.,  0.])
    """
    return _polar(lch, "lch", channel_axis, dtype, out, workers)


def _polar(value: ArrayLike, name: str, channel_axis: Any, dtype: Any, out: Any, workers: Any) -> NDArray:
    """Check the arguments, and convert from `lab` or from `lch`."""
    array, axis = _lab(value, channel_axis, name)
    place = arguments.fitting(arguments.out(out), array.shape)
    wanted = arguments.dtype(dtype, place, dtypes.derived(array.dtype))
    workers = threads.requested(workers)
    from imfilter._filters.color import conversion

    recipe = conversion.TO_LCH if name == "lab" else conversion.FROM_LCH
    return conversion.convert(array, axis, recipe, wanted, place, workers)


def _lab(value: ArrayLike, channel_axis: Any, name: str) -> tuple[NDArray, int]:
    """Return an L*a*b* or LCh array, and its channel axis."""
    array = arguments.image(value, name)
    axis = arguments.colours(array, channel_axis, name)
    if array.dtype.kind in "bu":
        raise TypeError(
            f"{name} must contain floats or signed integers (L* is from 0 to 100 for every type), "
            f"got {array.dtype}"
        )
    return array, axis


def _has_scale(dtype: np.dtype) -> bool:
    """Return whether an integer type has a known full scale."""
    return dtype.kind == "u" and dtype.itemsize <= 2


def __getattr__(name: str) -> NoReturn:
    from imfilter._base.suggestions import attribute_error

    raise attribute_error(__name__, name, __all__)
