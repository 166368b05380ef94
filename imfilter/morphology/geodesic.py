"""Morphological reconstruction, holes and the border."""

from __future__ import annotations

from typing import Literal

from imfilter._base.keywords import Common, hinted
from imfilter._filters.morphology import family
from imfilter._filters.morphology.geodesic import CLEAR_BORDER, FILL_HOLES
from imfilter._filters.morphology.two_images import between
from imfilter.typing import ArrayLike, Axes, Mask, NDArray


@hinted
def reconstruction(
    seed: ArrayLike,
    mask: ArrayLike,
    method: Literal["dilation", "erosion"] = "dilation",
    *,
    connectivity: int | None = None,
    footprint: ArrayLike | None = None,
    axes: Axes | None = None,
    channel_axis: int | None = None,
    out: NDArray | None = None,
    workers: int | None = None,
) -> NDArray:
    """Reconstruct an image from a seed: dilate the seed until nothing changes, but never beyond the mask.

    The result at a sample is the largest value v for which a path of neighbours leads to a sample whose seed
    is at least v, and on which the mask is at least v. Reconstruction by erosion is the same with the order
    of values reversed. The rows are swept down and up as long as this improves many samples. Then a queue
    holds the samples that still improve a neighbour. Beyond the result, the memory is at most 1/2 byte for
    each sample, if both images have one type and the filtered axes are the last ones.

    Parameters
    ----------
    seed : array_like
        Image, signal or volume from which the result grows. Every axis is spatial unless `channel_axis` or
        `axes` says otherwise. Bool, integers or floats. The function does not change it.
    mask : array_like
        Limits of the result, in the shape of `seed`. It is not the mask of samples that are present of other
        functions. The seed must not be greater than it, or with 'erosion' not less.
    method : {'dilation', 'erosion'}, optional
        Whether the seed grows up to the mask or shrinks down to it. Default 'dilation'.
    connectivity : int, optional
        Number of axes along which neighbours may differ by one sample. 1: neighbours share a face. Default:
        all filtered axes, so diagonal neighbours are included.
    footprint : array_like, optional
        Neighbours of a sample, instead of `connectivity`: 3 samples along each filtered axis. A sample
        reaches the neighbours that are not zero. The centre does not matter.
    axes : int or tuple of int, optional
        One to three axes to filter. The other axes are batch axes. Default: all axes except `channel_axis`.
    channel_axis : int, optional
        Axis of the colour channels. Each channel is filtered separately. Default: no channel axis.
    out : ndarray, optional
        Array for the result, of any type. It may be `seed` or `mask`, or overlap them.
    workers : int, optional
        Number of threads for the positions along the other axes. Default: every core that this process may
        use. The result does not depend on it.

    Returns
    -------
    ndarray
        Array of the shape of `seed`, of the type to which NumPy promotes both images, or `out`. Every value
        is one of both images. Where the seed or the mask is NaN, the result is NaN, and no path leads there.

    Raises
    ------
    TypeError
        If an argument has the wrong type, for example a masked array, or types of integers without a common
        type of integers.
    ValueError
        If the seed is beyond the mask, or if an argument has the wrong value. The message names the argument,
        the value received and the accepted values.

    See Also
    --------
    fill_holes : Reconstruction by erosion from the border.
    h_maxima : Maxima of at least some height.
    skimage.morphology.reconstruction : The same, with a footprint of any size.

    References
    ----------
    L. Vincent, "Morphological grayscale reconstruction in image analysis: applications and efficient
    algorithms", *IEEE Transactions on Image Processing* 2(2), 1993.

    Examples
    --------
    >>> from imfilter import morphology
    >>> morphology.reconstruction([0, 0, 5, 0, 0, 0], [2, 3, 6, 4, 1, 7])
    array([2, 3, 5, 4, 1, 1])
    """
    return between(
        seed,
        mask,
        method,
        (connectivity, footprint),
        Common(axes=axes, channel_axis=channel_axis, out=out, workers=workers),
    )


@hinted
def fill_holes(
    image: ArrayLike,
    *,
    connectivity: int | None = None,
    mask: Mask = None,
    axes: Axes | None = None,
    channel_axis: int | None = None,
    out: NDArray | None = None,
    workers: int | None = None,
) -> NDArray:
    """Fill the holes of the image.

    A hole of a binary image is a component of the background that does not touch the border. In other images,
    a hole is a basin: each sample is raised to the lowest level at which a path leads to the border.

    Parameters
    ----------
    image : array_like
        Image, signal or volume. Every axis is spatial unless `channel_axis` or `axes` says otherwise. A
        colour image needs ``channel_axis=-1``. Bool, integers or floats. The function does not change it.
    connectivity : int, optional
        Number of axes along which neighbours may differ by one sample. 1: neighbours share a face. Default:
        1. These are
        the neighbours in the background, so foreground that touches only diagonally surrounds a hole.
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
        Array of the shape and dtype of `image`, or `out`. A NaN sample is on no path, and its
        result is NaN. Absent samples are on no path. Their results are NaN, or 0 in integers.

    Raises
    ------
    TypeError
        If an argument has the wrong type, for example a complex array or a float instead of an integer.
    ValueError
        If an argument has the wrong value. The message names the argument, the value received and the
        accepted values.

    See Also
    --------
    reconstruction : The general filter.
    scipy.ndimage.binary_fill_holes : The same for bool.

    References
    ----------
    P. Soille, *Morphological Image Analysis*, 2nd ed., Springer, 2003, chapter 6.

    Examples
    --------
    >>> from imfilter import morphology
    >>> morphology.fill_holes([0, 5, 1, 7, 2])
    array([0, 5, 5, 7, 2])
    """
    return family.apply(
        image,
        FILL_HOLES,
        (connectivity,),
        Common(axes=axes, channel_axis=channel_axis, out=out, workers=workers, mask=mask),
    )


@hinted
def clear_border(
    image: ArrayLike,
    *,
    connectivity: int | None = None,
    mask: Mask = None,
    axes: Axes | None = None,
    channel_axis: int | None = None,
    out: NDArray | None = None,
    workers: int | None = None,
) -> NDArray:
    """Remove what is connected to the border.

    From a binary image, components that touch the border are removed. From other images, the reconstruction
    from the samples at the border is subtracted. So what is brighter than its surroundings and does not touch
    the border stays, with its height.

    Parameters
    ----------
    image : array_like
        Image, signal or volume. Every axis is spatial unless `channel_axis` or `axes` says otherwise. A
        colour image needs ``channel_axis=-1``. Bool, integers or floats. The function does not change it.
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
        Array of the shape and dtype of `image`, or `out`. Differences of signed integers are saturated. A NaN
        sample is on no path, and its result is NaN. Absent samples are on no path. Their results are NaN, or
        0 in integers.

    Raises
    ------
    TypeError
        If an argument has the wrong type, for example a complex array or a float instead of an integer.
    ValueError
        If an argument has the wrong value. The message names the argument, the value received and the
        accepted values.

    See Also -------- fill_holes : Fill what does not touch the border. skimage.segmentation.clear_border :
    The same for bool. In images of labels, it removes those at the border.

    References
    ----------
    P. Soille, *Morphological Image Analysis*, 2nd ed., Springer, 2003, chapter 6.

    Examples
    --------
    >>> from imfilter import morphology
    >>> morphology.clear_border([True, True, False, True, False])
    array([False, False, False,  True, False])
    >>> morphology.clear_border([4, 5, 1, 7, 2])
    array([0, 1, 0, 5, 0])
    """
    return family.apply(
        image,
        CLEAR_BORDER,
        (connectivity,),
        Common(axes=axes, channel_axis=channel_axis, out=out, workers=workers, mask=mask),
    )
