"""Filters of ridges: thin lines in images, tubes in volumes."""

from __future__ import annotations

from typing import Any

from imfilter._base.keywords import Common, hinted
from imfilter._filters.orientation import ridges
from imfilter.typing import ArrayLike, Axes, DTypeLike, Limit, Mask, Mode, Nan, NDArray, Ridges, Sigma, Steps
from imfilter.weights import gaussians


@hinted
def frangi(
    image: ArrayLike,
    sigmas: Sigma = (1, 3, 5, 7, 9),
    *,
    alpha: float = 0.5,
    beta: float = 0.5,
    gamma: Limit = None,
    black_ridges: bool = True,
    return_scale: bool = False,
    spacing: Steps = None,
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
) -> Ridges:
    """Measure how much the surroundings of every sample look like a ridge: the vesselness of Frangi et al.

    Eigenvalues of the Hessian matrix tell ridges from planes, blobs and noise. The result is from 0 to 1: the
    largest of all scales. The derivatives are multiplied by the square of the scale, so that scales can be
    compared. It is 0 where the image is flat, and on ridges of the other brightness.

    Parameters
    ----------
    image : array_like
        Image, signal or volume. Every axis is spatial unless `channel_axis` or `axes` says otherwise. A
        colour image needs ``channel_axis=-1``. Bool, integers or floats. The function does not change it.
    sigmas : float or sequence of float, optional
        Standard deviations of the Gaussians in the unit of `spacing`, greater than 0. A ridge answers most at
        about its half width. Default 1, 3, 5, 7 and 9. The Gaussians are cut at 4 standard deviations.
    alpha : float, optional
        How much planes are suppressed, in volumes only. Default 0.5.
    beta : float, optional
        How much blobs are suppressed. Default 0.5.
    gamma : float, optional
        Norm of the second derivatives above which a structure is no noise, in units of the image. Default:
        half of the largest norm of the whole image at any scale. Then each image of a batch and each channel
        has its own, and the filter takes twice the time.
    black_ridges : bool, optional
        Whether to find dark ridges on a bright ground (default), or bright ridges.
    return_scale : bool, optional
        Whether to return the scale of each result, too. Default False.
    spacing : float or sequence of float, optional
        Distance between samples in any unit of length: one for all filtered axes, or one for each.
        Derivatives are per that unit. Default 1.
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
    ndarray or tuple of ndarray
        Array of the shape of `image`. Its dtype is `dtype`, or that of `out`.
        Default: float32 for bool, 8- and 16-bit integers, float16 and float32; float64 for wider types. With
        `return_scale`, a pair: this array, and the sigma of the scale that gave each result, or 0 where the
        result is 0. `out` then has a first axis of 2 for both. A masked array gives a masked array.

    Raises
    ------
    TypeError
        If an argument has the wrong type, for example a complex array or a float instead of an integer.
    ValueError
        If an argument has the wrong value. The message names the argument, the value received and the
        accepted values.

    See Also
    --------
    sato, meijering : Other measures of ridges.
    skimage.filters.frangi : The same for one sigma and ``mode="symmetric"``, except near the border. For more
        scales it does not multiply by the square of the scale, and takes `gamma` from the first one.

    References
    ----------
    A. F. Frangi, W. J. Niessen, K. L. Vincken and M. A. Viergever, "Multiscale vessel enhancement filtering",
    *MICCAI*, 1998.

    Examples
    --------
    >>> import imfilter
    >>> import numpy as np
    >>> image = np.zeros((21, 21))
    >>> image[9:12] = 1.0
    >>> response, scale = imfilter.frangi(image, (1.0, 2.0, 4.0), black_ridges=False, return_scale=True)
    >>> float(response[10, 10].round(2)), float(scale[10, 10]), float(response[2, 10].round(2))
    (0.86, 2.0, 0.0)
    """
    return _apply(
        image,
        "frangi",
        sigmas,
        (alpha, beta, gamma),
        (black_ridges, return_scale, spacing),
        Common(mode, cval, axes, channel_axis, dtype, out, workers, mask, nan, min_coverage),
    )


@hinted
def sato(
    image: ArrayLike,
    sigmas: Sigma = (1, 3, 5, 7, 9),
    *,
    black_ridges: bool = True,
    return_scale: bool = False,
    spacing: Steps = None,
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
) -> Ridges:
    """Measure how much the surroundings of every sample look like a tube, as Sato et al.

    The result is the geometric mean of the eigenvalues of the Hessian matrix across the ridge, times the
    square of the scale; in two dimensions, the larger eigenvalue. It is the largest of all scales, in the
    unit of the image, and 0 where one of these eigenvalues is not positive.

    Parameters
    ----------
    image : array_like
        Image, signal or volume. Every axis is spatial unless `channel_axis` or `axes` says otherwise. A
        colour image needs ``channel_axis=-1``. Bool, integers or floats. The function does not change it.
    sigmas : float or sequence of float, optional
        Standard deviations of the Gaussians in the unit of `spacing`, greater than 0. A ridge answers most at
        about its half width. Default 1, 3, 5, 7 and 9. The Gaussians are cut at 4 standard deviations.
    black_ridges, return_scale, spacing, mode, cval, mask, nan, min_coverage : optional
        As for `frangi`.
    axes, channel_axis, dtype, out, workers : optional
        As for `frangi`.

    Returns
    -------
    ndarray or tuple of ndarray
        Array of the shape of `image`. Its dtype is `dtype`, or that of `out`.
        Default: float32 for bool, 8- and 16-bit integers, float16 and float32; float64 for wider types. With
        `return_scale`, a pair: this array, and the sigma of the scale that gave each result, or 0 where the
        result is 0. `out` then has a first axis of 2 for both. A masked array gives a masked array.

    Raises
    ------
    TypeError
        If an argument has the wrong type, for example a complex array or a float instead of an integer.
    ValueError
        If an argument has the wrong value. The message names the argument, the value received and the
        accepted values.

    See Also
    --------
    frangi, meijering : Other measures of ridges.
    skimage.filters.sato : The same for images of floats and ``mode="symmetric"``, except near the border.

    References
    ----------
    Y. Sato, S. Nakajima, N. Shiraga, H. Atsumi, S. Yoshida, T. Koller, G. Gerig and R. Kikinis,
    "Three-dimensional multi-scale line filter for segmentation and visualization of curvilinear structures in
    medical images", *Medical Image Analysis* 2(2), 1998, eqs. 9 and 22.

    Examples
    --------
    >>> import imfilter
    >>> import numpy as np
    >>> image = np.zeros((21, 21))
    >>> image[9:12] = 1.0
    >>> imfilter.sato(image, (1.0, 2.0, 4.0), black_ridges=False)[[10, 4], 10].round(2)
    array([0.46, 0.  ])
    """
    return _apply(
        image,
        "sato",
        sigmas,
        (None, None, None),
        (black_ridges, return_scale, spacing),
        Common(mode, cval, axes, channel_axis, dtype, out, workers, mask, nan, min_coverage),
    )


@hinted
def meijering(
    image: ArrayLike,
    sigmas: Sigma = (1, 3, 5, 7, 9),
    *,
    alpha: Limit = None,
    black_ridges: bool = True,
    return_scale: bool = False,
    spacing: Steps = None,
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
) -> Ridges:
    """Measure how much the surroundings of every sample look like a thin line, as Meijering et al.

    The eigenvalues come from a modified Hessian matrix, whose kernel is longer along the line. The result is
    from 0 to 1: the eigenvalue of the largest magnitude, times the square of the scale, divided by the
    largest one of the whole image at any scale. Each image of a batch and each channel has its own largest
    one.

    Parameters
    ----------
    image : array_like
        Image, signal or volume. Every axis is spatial unless `channel_axis` or `axes` says otherwise. A
        colour image needs ``channel_axis=-1``. Bool, integers or floats. The function does not change it.
    sigmas : float or sequence of float, optional
        Standard deviations of the Gaussians in the unit of `spacing`, greater than 0. A ridge answers most at
        about its half width. Default 1, 3, 5, 7 and 9. The Gaussians are cut at 4 standard deviations.
    alpha : float, optional
        Share of the other eigenvalues that is added to each. Default ``-1/(n + 1)`` for n axes: then the
        kernel is as flat as possible along the line.
    black_ridges, return_scale, spacing, mode, cval, mask, nan, min_coverage : optional
        As for `frangi`.
    axes, channel_axis, dtype, out, workers : optional
        As for `frangi`.

    Returns
    -------
    ndarray or tuple of ndarray
        Array of the shape of `image`. Its dtype is `dtype`, or that of `out`.
        Default: float32 for bool, 8- and 16-bit integers, float16 and float32; float64 for wider types. With
        `return_scale`, a pair: this array, and the sigma of the scale that gave each result, or 0 where the
        result is 0. `out` then has a first axis of 2 for both. A masked array gives a masked array.

    Raises
    ------
    TypeError
        If an argument has the wrong type, for example a complex array or a float instead of an integer.
    ValueError
        If an argument has the wrong value. The message names the argument, the value received and the
        accepted values.

    See Also
    --------
    frangi, sato : Other measures of ridges.
    skimage.filters.meijering : The same for one sigma, ``alpha=1/(n + 1)`` here and ``mode="symmetric"``,
        except near the border: its default has another sign than the paper. It divides each scale by its
        largest result.

    References
    ----------
    E. Meijering, M. Jacob, J.-C. F. Sarria, P. Steiner, H. Hirling and M. Unser, "Design and validation of a
    tool for neurite tracing and analysis in fluorescence microscopy images", *Cytometry Part A* 58(2), 2004.

    Examples
    --------
    >>> import imfilter
    >>> import numpy as np
    >>> image = np.zeros((21, 21))
    >>> image[9:12] = 1.0
    >>> imfilter.meijering(image, 2.0, black_ridges=False)[[10, 4], 10].round(2)
    array([1., 0.])
    """
    return _apply(
        image,
        "meijering",
        sigmas,
        (alpha, None, None),
        (black_ridges, return_scale, spacing),
        Common(mode, cval, axes, channel_axis, dtype, out, workers, mask, nan, min_coverage),
    )


def _apply(
    image: ArrayLike, name: str, sigmas: Any, own: tuple[Any, ...], choices: tuple[Any, ...], common: Common
) -> Ridges:
    """Return a measure of ridges."""
    return ridges.apply(image, name, gaussians, sigmas, own, choices, common)
