"""Area openings and closings."""

from __future__ import annotations

from imfilter._base.keywords import Common, hinted
from imfilter._filters.morphology import family
from imfilter._filters.morphology.areas import AREA_CLOSING, AREA_OPENING
from imfilter.typing import ArrayLike, Axes, Mask, NDArray


@hinted
def area_opening(
    image: ArrayLike,
    area: int,
    *,
    connectivity: int | None = None,
    mask: Mask = None,
    axes: Axes | None = None,
    channel_axis: int | None = None,
    out: NDArray | None = None,
    workers: int | None = None,
) -> NDArray:
    """Remove bright components of fewer samples than an area.

    At each level, a component is a set of connected samples of at least this value. Samples of small
    components get the highest level at which their component has the area. The form of components does not
    matter.

    Parameters
    ----------
    image : array_like
        Image, signal or volume. Every axis is spatial unless `channel_axis` or `axes` says otherwise. A
        colour image needs ``channel_axis=-1``. Bool, integers or floats. The function does not change it.
    area : int
        Number of samples, at least 1. Components of fewer samples are removed.
    connectivity : int, optional
        Number of axes along which neighbours may differ by one sample. 1: neighbours share a face. Default:
        1.
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
        Array of the shape and dtype of `image`, or `out`. Every value is a sample of the image. A NaN sample
        is in no component, and its result is NaN. Absent samples are in no component. Their results are NaN,
        or 0 in integers.

    Raises
    ------
    TypeError
        If an argument has the wrong type, for example a complex array or a float instead of an integer.
    ValueError
        If an argument has the wrong value. The message names the argument, the value received and the
        accepted values.

    See Also
    --------
    area_closing : The same for dark components.
    skimage.morphology.area_opening : The same, with ``area_threshold`` for `area`, for 2 and more axes. If
        the area exceeds the image, its result is a constant. Here it is the smallest sample.

    References
    ----------
    L. Vincent, "Morphological area openings and closings for grey-scale images", *Shape in Picture*, 1994.
    A. Meijster and M. H. F. Wilkinson, "A comparison of algorithms for connected set openings and closings",
    *IEEE Transactions on Pattern Analysis and Machine Intelligence* 24(4), 2002.

    Examples
    --------
    >>> from imfilter import morphology
    >>> morphology.area_opening([0, 7, 0, 4, 5, 0], 2)
    array([0, 0, 0, 4, 4, 0])
    """
    return family.apply(
        image,
        AREA_OPENING,
        (area, connectivity),
        Common(axes=axes, channel_axis=channel_axis, out=out, workers=workers, mask=mask),
    )


@hinted
def area_closing(
    image: ArrayLike,
    area: int,
    *,
    connectivity: int | None = None,
    mask: Mask = None,
    axes: Axes | None = None,
    channel_axis: int | None = None,
    out: NDArray | None = None,
    workers: int | None = None,
) -> NDArray:
    """Remove dark components of fewer samples than an area.

    At each level, a component is a set of connected samples of at most this value. Samples of small
    components get the lowest level at which their component has the area. The form of components does not
    matter.

    Parameters
    ----------
    image : array_like
        Image, signal or volume. Every axis is spatial unless `channel_axis` or `axes` says otherwise. A
        colour image needs ``channel_axis=-1``. Bool, integers or floats. The function does not change it.
    area : int
        Number of samples, at least 1. Components of fewer samples are removed.
    connectivity : int, optional
        Number of axes along which neighbours may differ by one sample. 1: neighbours share a face. Default:
        1.
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
        Array of the shape and dtype of `image`, or `out`. Every value is a sample of the image. A NaN sample
        is in no component, and its result is NaN. Absent samples are in no component. Their results are NaN,
        or 0 in integers.

    Raises
    ------
    TypeError
        If an argument has the wrong type, for example a complex array or a float instead of an integer.
    ValueError
        If an argument has the wrong value. The message names the argument, the value received and the
        accepted values.

    See Also
    --------
    area_opening : The same for bright components.
    skimage.morphology.area_closing : The same, with ``area_threshold`` for `area`, for 2 and more axes. If
        the area exceeds the image, its result is a constant. Here it is the largest sample.

    References
    ----------
    L. Vincent, "Morphological area openings and closings for grey-scale images", *Shape in Picture*, 1994.
    A. Meijster and M. H. F. Wilkinson, "A comparison of algorithms for connected set openings and closings",
    *IEEE Transactions on Pattern Analysis and Machine Intelligence* 24(4), 2002.

    Examples
    --------
    >>> from imfilter import morphology
    >>> morphology.area_closing([9, 2, 9, 5, 4, 9], 2)
    array([9, 9, 9, 5, 5, 9])
    """
    return family.apply(
        image,
        AREA_CLOSING,
        (area, connectivity),
        Common(axes=axes, channel_axis=channel_axis, out=out, workers=workers, mask=mask),
    )
