"""Colour spaces: grey, CIE L*a*b* and its polar form, from sRGB and back.

In all other filters values are never rescaled. Here a colour space gives them a scale, by their type: sRGB is
0 to 255 in uint8, 0 to 65535 in uint16 and 0 to 1 in floats and bool. L* is from 0 to 100, and a* and b* of
sRGB colours are from -108 to 99, whatever the type. White is that of illuminant D65 for the observer of 2
degrees.

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

from typing import Any

import numpy as np

from imfilter._base import arguments, dtypes, threads
from imfilter._base.keywords import hinted
from imfilter.typing import ArrayLike, DTypeLike, NDArray

__all__ = ["lab_to_lch", "lab_to_rgb", "lch_to_lab", "rgb_to_gray", "rgb_to_lab"]

#: How much red, green and blue weigh, by the standard.
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
    """Make a colour image grey: the weighted sum of red, green and blue.

    Parameters
    ----------
    image : array_like
        Image of any shape with three channels, of bool, integers or floats. It is not changed, and its values
        are not rescaled.
    standard : {'bt601', 'bt709'}, optional
        Weights 0.299, 0.587 and 0.114 of ITU-R BT.601, the default, as in OpenCV and Pillow; or 0.2126,
        0.7152 and 0.0722 of BT.709, those of screens and of sRGB.
    channel_axis : int, optional
        Axis of the three channels, which the result does not have. Default the last one.
    dtype : dtype, optional
        Element type of the result. Values are rounded half to even and saturated.
    out : ndarray, optional
        Where to put the result, whose dtype it determines. It may be a part of `image` or overlap it.
    workers : int, optional
        Number of threads. Default: every core that this process may use. The result does not depend on it.

    Returns
    -------
    ndarray
        Array of the shape of `image` without `channel_axis`, and of its dtype, or of `dtype` or `out`;
        computed in floating point, rounded half to even and saturated. From uint8 to uint8 weights have 15
        bits and halves are rounded up, so that every pixel is OpenCV's.

    Raises
    ------
    TypeError
        If an argument has the wrong type, for example a complex array or a float instead of an integer.
    ValueError
        If an argument has the wrong value: four channels, for alpha is no colour. The message names the
        argument, what came and what would do.

    See Also
    --------
    cv2.cvtColor : The same for uint8 with ``COLOR_RGB2GRAY``; of uint16 it is up to 2 apart, for its weights
        have 15 bits there, too.
    PIL.Image.Image.convert : To mode "L", with weights of 16 bits: at most 1 apart.
    skimage.color.rgb2gray : Weights 0.2125, 0.7154 and 0.0721, of floats.

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
    """Convert sRGB to CIE L*a*b*, in which distances are about how different colours look.

    Parameters
    ----------
    image : array_like
        Image of any shape with three channels. What is full scale depends on its type: 255 for uint8, 65535
        for uint16, 1 for floats and bool. Floats beyond are converted by the same formulas. It is not
        changed.
    channel_axis : int, optional
        Axis of the three channels. Default the last one.
    dtype : dtype, optional
        Element type of the result. Values are rounded half to even and saturated.
    out : ndarray, optional
        Array for the result. Its dtype is the dtype of the result. It may be `image` or overlap it.
    workers : int, optional
        Number of threads. Default: every core that this process may use. The result does not depend on it.

    Returns
    -------
    ndarray
        Array of the shape of `image`: L* from 0 to 100, a* and b*. It is float32 for bool, 8- and 16-bit
        integers, float16 and float32, float64 for wider types; or of `dtype` or `out`. Float32 is within 1e-4
        of float64.

    Raises
    ------
    TypeError
        If an argument has the wrong type: complex or object arrays, integers whose full scale is not known.
    ValueError
        If an argument has the wrong value: four channels, for alpha is no colour. The message names the
        argument, what came and what would do.

    See Also
    --------
    lab_to_rgb : The way back.
    lab_to_lch : Chroma and hue.
    skimage.color.rgb2lab : The same.
    cv2.cvtColor : With ``COLOR_RGB2Lab``, whose constants are others and which interpolates in tables: up to
        0.5 apart for float32. Of uint8 it makes uint8, which no longer tells all colours apart.

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

    Colours that sRGB does not have are cut to its range, channel by channel.

    Parameters
    ----------
    lab : array_like
        Image of any shape with the channels L* from 0 to 100, a* and b*, of floats or signed integers. It is
        not changed.
    channel_axis : int, optional
        Axis of the three channels. Default the last one.
    dtype : dtype, optional
        Element type of the result, which also says what its full scale is: uint8 (0 to 255) or uint16 (0 to
        65535), rounded half to even, or floats (0 to 1).
    out : ndarray, optional
        Where to put the result, whose dtype it determines. It may be `lab` itself or overlap it.
    workers : int, optional
        Number of threads. Default: every core that this process may use. The result does not depend on it.

    Returns
    -------
    ndarray
        Array of the shape of `lab`: float32 for 8- and 16-bit integers, float16 and float32, float64 for
        wider types, from 0 to 1; or of `dtype` or `out`. All colours of uint8 come back from L*a*b* of
        float32.

    Raises
    ------
    TypeError
        If an argument has the wrong type: complex or object arrays, unsigned integers.
    ValueError
        If an argument has the wrong value: four channels, or a `dtype` whose full scale is not known. The
        message names the argument, what came and what would do.

    See Also
    --------
    rgb_to_lab : The way there.
    skimage.color.lab2rgb : The same for floats.
    cv2.cvtColor : With ``COLOR_Lab2RGB``, whose constants are others.

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
    """Convert CIE L*a*b* to its polar form, LCh: a* and b* to chroma and hue.

    Parameters
    ----------
    lab : array_like
        Image of any shape with the channels L*, a* and b*, of floats or signed integers. It is not changed.
    channel_axis, dtype, out, workers : optional
        As for `rgb_to_lab`.

    Returns
    -------
    ndarray
        Array of the shape of `lab`: L*, chroma, and hue in radians from 0 to 2 pi, 0 where there is no
        chroma. It is float32 for 8- and 16-bit integers, float16 and float32, float64 for wider types; or of
        `dtype` or `out`.

    Raises
    ------
    TypeError
        If an argument has the wrong type: complex or object arrays, unsigned integers.
    ValueError
        If an argument has the wrong value. The message names the argument, the value received and the
        accepted values.

    See Also
    --------
    lch_to_lab : The way back.
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
    """Convert LCh, the polar form of CIE L*a*b*, back: chroma and hue to a* and b*.

    Parameters
    ----------
    lch : array_like
        Image of any shape with the channels L*, chroma and hue in radians, of floats or signed integers. It
        is not changed.
    channel_axis, dtype, out, workers : optional
        As for `rgb_to_lab`.

    Returns
    -------
    ndarray
        Array of the shape of `lch`: L*, a* and b*. It is float32 for 8- and 16-bit integers, float16 and
        float32, float64 for wider types; or of `dtype` or `out`.

    Raises
    ------
    TypeError
        If an argument has the wrong type: complex or object arrays, unsigned integers.
    ValueError
        If an argument has the wrong value. The message names the argument, the value received and the
        accepted values.

    See Also
    --------
    lab_to_lch : The way there.
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
    """Check the arguments of both ways, and go one."""
    array, axis = _lab(value, channel_axis, name)
    place = arguments.fitting(arguments.out(out), array.shape)
    wanted = arguments.dtype(dtype, place, dtypes.derived(array.dtype))
    workers = threads.requested(workers)
    from imfilter._filters.color import conversion

    recipe = conversion.TO_LCH if name == "lab" else conversion.FROM_LCH
    return conversion.convert(array, axis, recipe, wanted, place, workers)


def _lab(value: ArrayLike, channel_axis: Any, name: str) -> tuple[NDArray, int]:
    """Return an array of L*a*b*, or LCh, and the axis of its channels."""
    array = arguments.image(value, name)
    axis = arguments.colours(array, channel_axis, name)
    if array.dtype.kind in "bu":
        raise TypeError(
            f"{name} must hold floats or signed integers, L* from 0 to 100 and not scaled to the "
            f"type, got {array.dtype}"
        )
    return array, axis


def _has_scale(dtype: np.dtype) -> bool:
    """Tell whether full scale of an integer type is known."""
    return dtype.kind == "u" and dtype.itemsize <= 2
