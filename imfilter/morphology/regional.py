"""Maxima and minima of an image: all of them, or those of some height."""

from __future__ import annotations

import numpy as np

from imfilter._base.keywords import Common, hinted
from imfilter._filters.morphology import family
from imfilter._filters.morphology.extrema import LOCAL_MAXIMA, LOCAL_MINIMA
from imfilter._filters.morphology.geodesic import H_MAXIMA, H_MINIMA
from imfilter.typing import ArrayLike, Axes, Mask, NDArray


@hinted
def h_maxima(
    image: ArrayLike,
    h: float,
    *,
    connectivity: int | None = None,
    mask: Mask = None,
    axes: Axes | None = None,
    channel_axis: int | None = None,
    out: NDArray | None = None,
    workers: int | None = None,
) -> NDArray[np.bool_]:
    """Find the maxima of at least some height.

    The result is True where the reconstruction of ``image - h`` within the image is still ``image - h``:
    every path from there to a higher sample leads down by at least `h`. If `h` exceeds the range of the
    image, nothing is found.

    Parameters
    ----------
    image : array_like
        Image, signal or volume. Every axis is spatial unless `channel_axis` or `axes` says otherwise. A
        colour image needs ``channel_axis=-1``. Bool, integers or floats. The function does not change it.
    h : float
        Least height, more than 0. It is rounded up in an image of integers.
    connectivity : int, optional
        Number of axes along which neighbours may differ by one sample. 1: neighbours share a face. Default:
        all filtered axes, so diagonal neighbours are included.
    mask : array_like, optional
        Samples that are present, in the shape of `image`, or in its shape without `channel_axis`. Bool: True
        where a sample is present. Numbers: how much a sample counts, at least 0. An absent sample may have
        any value, and changes no result. Default: all samples are present.
    axes : int or tuple of int, optional
        One to three axes to filter. The other axes are batch axes. Default: all axes except `channel_axis`.
    channel_axis : int, optional
        Axis of the colour channels. Each channel is filtered separately. Default: no channel axis.
    out : ndarray, optional
        Array for the result, of any type. It may be `image` or overlap it.
    workers : int, optional
        Number of threads. Default: every core that this process may use. The result does not depend on it.

    Returns
    -------
    ndarray
        Array of bool of the shape of `image`, or `out`. NaN and absent samples are on no path, and their
        results are False.

    Raises
    ------
    TypeError
        If an argument has the wrong type, for example a complex array or a float instead of an integer.
    ValueError
        If an argument has the wrong value. The message names the argument, the value received and the
        accepted values.

    See Also
    --------
    local_maxima : The same of any height.
    skimage.morphology.h_maxima : The same, as 0 and 1. In floats, it tolerates rounding errors.

    References
    ----------
    P. Soille, *Morphological Image Analysis*, 2nd ed., Springer, 2003, chapter 6.

    Examples
    --------
    >>> from imfilter import morphology
    >>> morphology.h_maxima([0, 6, 4, 5, 0, 3, 0], 3)
    array([False,  True, False, False, False,  True, False])
    """
    return family.apply(
        image,
        H_MAXIMA,
        (h, connectivity),
        Common(axes=axes, channel_axis=channel_axis, out=out, workers=workers, mask=mask),
    )


@hinted
def h_minima(
    image: ArrayLike,
    h: float,
    *,
    connectivity: int | None = None,
    mask: Mask = None,
    axes: Axes | None = None,
    channel_axis: int | None = None,
    out: NDArray | None = None,
    workers: int | None = None,
) -> NDArray[np.bool_]:
    """Find the minima of at least some height.

    The result is True where the reconstruction by erosion of ``image + h`` within the image is still ``image
    + h``: every path from there to a lower sample leads up by at least `h`. If `h` exceeds the range of the
    image, nothing is found.

    Parameters
    ----------
    image : array_like
        Image, signal or volume. Every axis is spatial unless `channel_axis` or `axes` says otherwise. A
        colour image needs ``channel_axis=-1``. Bool, integers or floats. The function does not change it.
    h : float
        Least height, more than 0. It is rounded up in an image of integers.
    connectivity : int, optional
        Number of axes along which neighbours may differ by one sample. 1: neighbours share a face. Default:
        all filtered axes, so diagonal neighbours are included.
    mask : array_like, optional
        Samples that are present, in the shape of `image`, or in its shape without `channel_axis`. Bool: True
        where a sample is present. Numbers: how much a sample counts, at least 0. An absent sample may have
        any value, and changes no result. Default: all samples are present.
    axes : int or tuple of int, optional
        One to three axes to filter. The other axes are batch axes. Default: all axes except `channel_axis`.
    channel_axis : int, optional
        Axis of the colour channels. Each channel is filtered separately. Default: no channel axis.
    out : ndarray, optional
        Array for the result, of any type. It may be `image` or overlap it.
    workers : int, optional
        Number of threads. Default: every core that this process may use. The result does not depend on it.

    Returns
    -------
    ndarray
        Array of bool of the shape of `image`, or `out`. NaN and absent samples are on no path, and their
        results are False.

    Raises
    ------
    TypeError
        If an argument has the wrong type, for example a complex array or a float instead of an integer.
    ValueError
        If an argument has the wrong value. The message names the argument, the value received and the
        accepted values.

    See Also
    --------
    local_minima : The same of any height.
    skimage.morphology.h_minima : The same, as 0 and 1. In floats, it tolerates rounding errors.

    References
    ----------
    P. Soille, *Morphological Image Analysis*, 2nd ed., Springer, 2003, chapter 6.

    Examples
    --------
    >>> from imfilter import morphology
    >>> morphology.h_minima([9, 3, 5, 4, 9, 6, 9], 3)
    array([False,  True, False, False, False,  True, False])
    """
    return family.apply(
        image,
        H_MINIMA,
        (h, connectivity),
        Common(axes=axes, channel_axis=channel_axis, out=out, workers=workers, mask=mask),
    )


@hinted
def local_maxima(
    image: ArrayLike,
    *,
    connectivity: int | None = None,
    allow_borders: bool = True,
    mask: Mask = None,
    axes: Axes | None = None,
    channel_axis: int | None = None,
    out: NDArray | None = None,
    workers: int | None = None,
) -> NDArray[np.bool_]:
    """Find the local maxima: plateaus whose neighbours are all lower.

    A plateau is a set of connected samples of one value. An image of one value has no local maxima.

    Parameters
    ----------
    image : array_like
        Image, signal or volume. Every axis is spatial unless `channel_axis` or `axes` says otherwise. A
        colour image needs ``channel_axis=-1``. Bool, integers or floats. The function does not change it.
    connectivity : int, optional
        Number of axes along which neighbours may differ by one sample. 1: neighbours share a face. Default:
        all filtered axes, so diagonal neighbours are included.
    allow_borders : bool, optional
        Whether plateaus that touch the border of the image count. Default True.
    mask : array_like, optional
        Samples that are present, in the shape of `image`, or in its shape without `channel_axis`. Bool: True
        where a sample is present. Numbers: how much a sample counts, at least 0. An absent sample may have
        any value, and changes no result. Default: all samples are present.
    axes : int or tuple of int, optional
        One to three axes to filter. The other axes are batch axes. Default: all axes except `channel_axis`.
    channel_axis : int, optional
        Axis of the colour channels. Each channel is filtered separately. Default: no channel axis.
    out : ndarray, optional
        Array for the result, of any type. It may be `image` or overlap it.
    workers : int, optional
        Number of threads. Default: every core that this process may use. The result does not depend on it.

    Returns
    -------
    ndarray
        Array of bool of the shape of `image`, or `out`. NaN and absent samples are no neighbours, and their
        results are False.

    Raises
    ------
    TypeError
        If an argument has the wrong type, for example a complex array or a float instead of an integer.
    ValueError
        If an argument has the wrong value. The message names the argument, the value received and the
        accepted values.

    See Also
    --------
    h_maxima : Only those of some height.
    skimage.morphology.local_maxima : The same, without `mask`.

    References
    ----------
    P. Soille, *Morphological Image Analysis*, 2nd ed., Springer, 2003, chapter 6.

    Examples
    --------
    >>> from imfilter import morphology
    >>> morphology.local_maxima([1, 2, 2, 0, 3, 3])
    array([False,  True,  True, False,  True,  True])
    """
    return family.apply(
        image,
        LOCAL_MAXIMA,
        (connectivity, allow_borders),
        Common(axes=axes, channel_axis=channel_axis, out=out, workers=workers, mask=mask),
    )


@hinted
def local_minima(
    image: ArrayLike,
    *,
    connectivity: int | None = None,
    allow_borders: bool = True,
    mask: Mask = None,
    axes: Axes | None = None,
    channel_axis: int | None = None,
    out: NDArray | None = None,
    workers: int | None = None,
) -> NDArray[np.bool_]:
    """Find the local minima: plateaus whose neighbours are all higher.

    A plateau is a set of connected samples of one value. An image of one value has no local minima.

    Parameters
    ----------
    image : array_like
        Image, signal or volume. Every axis is spatial unless `channel_axis` or `axes` says otherwise. A
        colour image needs ``channel_axis=-1``. Bool, integers or floats. The function does not change it.
    connectivity : int, optional
        Number of axes along which neighbours may differ by one sample. 1: neighbours share a face. Default:
        all filtered axes, so diagonal neighbours are included.
    allow_borders : bool, optional
        Whether plateaus that touch the border of the image count. Default True.
    mask : array_like, optional
        Samples that are present, in the shape of `image`, or in its shape without `channel_axis`. Bool: True
        where a sample is present. Numbers: how much a sample counts, at least 0. An absent sample may have
        any value, and changes no result. Default: all samples are present.
    axes : int or tuple of int, optional
        One to three axes to filter. The other axes are batch axes. Default: all axes except `channel_axis`.
    channel_axis : int, optional
        Axis of the colour channels. Each channel is filtered separately. Default: no channel axis.
    out : ndarray, optional
        Array for the result, of any type. It may be `image` or overlap it.
    workers : int, optional
        Number of threads. Default: every core that this process may use. The result does not depend on it.

    Returns
    -------
    ndarray
        Array of bool of the shape of `image`, or `out`. NaN and absent samples are no neighbours, and their
        results are False.

    Raises
    ------
    TypeError
        If an argument has the wrong type, for example a complex array or a float instead of an integer.
    ValueError
        If an argument has the wrong value. The message names the argument, the value received and the
        accepted values.

    See Also
    --------
    h_minima : Only those of some height.
    skimage.morphology.local_minima : The same, without `mask`.

    References
    ----------
    P. Soille, *Morphological Image Analysis*, 2nd ed., Springer, 2003, chapter 6.

    Examples
    --------
    >>> from imfilter import morphology
    >>> morphology.local_minima([2, 1, 1, 3, 0, 0])
    array([False,  True,  True, False,  True,  True])
    """
    return family.apply(
        image,
        LOCAL_MINIMA,
        (connectivity, allow_borders),
        Common(axes=axes, channel_axis=channel_axis, out=out, workers=workers, mask=mask),
    )
