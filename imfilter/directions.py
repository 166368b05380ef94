"""The dominant direction around every sample, and how clear it is."""

from __future__ import annotations

from imfilter._base.keywords import Common, hinted
from imfilter._filters.orientation import structure
from imfilter.structure import tensor
from imfilter.typing import (
    ArrayLike,
    Axes,
    Difference,
    DTypeLike,
    Feature,
    Mask,
    Mode,
    Nan,
    NDArray,
    Output,
    Sigma,
    Size,
    Steps,
)


@hinted
def orientation(
    image: ArrayLike,
    sigma: Sigma = 1.0,
    *,
    feature: Feature = "plane",
    operator: Difference = "farid",
    normalize: bool = False,
    truncate: float = 4.0,
    radius: Size = None,
    spacing: Steps = None,
    mode: Mode = "mirror",
    cval: float = 0.0,
    mask: Mask = None,
    nan: Nan = "propagate",
    min_coverage: float = 0.0,
    axes: Axes | None = None,
    channel_axis: int | None = None,
    dtype: DTypeLike | None = None,
    out: Output = None,
    workers: int | None = None,
) -> NDArray:
    """Compute the dominant direction around every sample: an angle in two axes, a unit vector in three.

    The dominant direction is the one in which the image changes most: the eigenvector of the largest
    eigenvalue of the structure tensor. Edges and layers run across it. In images of two axes, the result is
    an angle in radians, more than ``-pi/2`` and at most ``pi/2``. It is 0 along the last of the two `axes`
    (columns change, as at a vertical line), and grows towards the other one: a direction to the right and
    down has a positive angle. In images of three axes, the result is a vector of length 1 with an element for
    each axis, in the order of `axes`. A direction has no sign: the last element that is not 0 is positive.
    `gabor` and `steered` take these angles and vectors. Where no direction is dominant, the result is along
    the last axis or depends on rounding errors: see `coherence`.

    Parameters
    ----------
    image : array_like
        Image, signal or volume. Every axis is spatial unless `channel_axis` or `axes` says otherwise. A
        colour image needs ``channel_axis=-1``. Bool, integers or floats. The function does not change it.
    sigma : float or sequence of float, optional
        Standard deviation of the Gaussian in the unit of `spacing`: one for all filtered axes, or one for
        each. Default 1.
    feature : {'plane', 'line'}, optional
        Which direction. 'plane' (default): in which the image changes most, across edges and layers. 'line':
        in which it changes least, along lines and fibres; the eigenvector of the smallest eigenvalue.
    operator, normalize, truncate, radius, spacing : optional
        As for `structure_tensor`. The default of `operator` is 'farid', which is the most precise.
    mode, cval, mask, nan, min_coverage, axes, channel_axis, dtype, out, workers : optional
        As for `structure_tensor`.

    Returns
    -------
    ndarray
        Array of the shape of `image`; with three filtered axes, three of them along a new first axis. Its
        dtype is `dtype`, or that of `out`. Default: float32 for bool, 8- and 16-bit integers, float16 and
        float32; float64 for wider types.

    Raises
    ------
    TypeError
        If an argument has the wrong type, for example a complex array or a float instead of an integer.
    ValueError
        If an argument has the wrong value. The message names the argument, the value received and the
        accepted values.

    See Also
    --------
    coherence : How clear the direction is.
    structure_tensor : The tensor.
    steered : The derivative in a direction.

    Notes
    -----
    With `spacing`, the direction is one in space, not between samples.

    References
    ----------
    J. Bigun and G. H. Granlund, "Optimal orientation detection of linear symmetry", *Proceedings of the First
    International Conference on Computer Vision*, 1987. In three dimensions: L. J. van Vliet and
    P. W. Verbeek, "Estimators for orientation and anisotropy in digitized images", *Proceedings of the First
    Conference of the Advanced School for Computing and Imaging*, 1995.

    Examples
    --------
    >>> import imfilter
    >>> import numpy as np
    >>> rows, columns = np.mgrid[:9, :9]
    >>> wave = np.cos(rows + columns)
    >>> float(np.degrees(imfilter.orientation(wave)[4, 4]).round(1))
    45.0
    >>> imfilter.orientation(wave + np.zeros((9, 1, 1)))[:, 4, 4, 4].round(2)
    array([0.  , 0.71, 0.71])
    """
    return tensor(
        structure.DIRECTION,
        image,
        (sigma, operator, normalize, truncate, radius, spacing, feature),
        Common(mode, cval, axes, channel_axis, dtype, out, workers, mask, nan, min_coverage),
    )


@hinted
def coherence(
    image: ArrayLike,
    sigma: Sigma = 1.0,
    *,
    feature: Feature = "plane",
    operator: Difference = "farid",
    normalize: bool = False,
    truncate: float = 4.0,
    radius: Size = None,
    spacing: Steps = None,
    mode: Mode = "mirror",
    cval: float = 0.0,
    mask: Mask = None,
    nan: Nan = "propagate",
    min_coverage: float = 0.0,
    axes: Axes | None = None,
    channel_axis: int | None = None,
    dtype: DTypeLike | None = None,
    out: Output = None,
    workers: int | None = None,
) -> NDArray:
    """Compute how clear the dominant direction is around every sample of an image of two or three axes.

    With the eigenvalues a, b and c of the structure tensor, the largest first, it is ``(a - b) / (a + b)``: 1
    where all derivatives have one direction, 0 where two directions are alike, and 0 where the image is flat.

    Parameters
    ----------
    image : array_like
        Image, signal or volume. Every axis is spatial unless `channel_axis` or `axes` says otherwise. A
        colour image needs ``channel_axis=-1``. Bool, integers or floats. The function does not change it.
    sigma : float or sequence of float, optional
        Standard deviation of the Gaussian in the unit of `spacing`: one for all filtered axes, or one for
        each. Default 1.
    feature : {'plane', 'line'}, optional
        Which direction, as for `orientation`. In three axes, 'line' is ``(b - c) / (b + c)``: 1 where the
        image does not change in one direction, as along a fibre. In two axes both are the same. Default
        'plane'.
    operator, normalize, truncate, radius, spacing : optional
        As for `structure_tensor`. The default of `operator` is 'farid', which is the most precise.
    mode, cval, mask, nan, min_coverage, axes, channel_axis, dtype, out, workers : optional
        As for `structure_tensor`.

    Returns
    -------
    ndarray
        Array of the shape of `image`. Its dtype is `dtype`, or that of `out`. Default: float32 for bool, 8-
        and 16-bit integers, float16 and float32; float64 for wider types.

    Raises
    ------
    TypeError
        If an argument has the wrong type, for example a complex array or a float instead of an integer.
    ValueError
        If an argument has the wrong value. The message names the argument, the value received and the
        accepted values.

    See Also
    --------
    orientation : The direction.
    structure_tensor_eigenvalues : The eigenvalues.

    References
    ----------
    R. Rezakhaniha and others, "Experimental investigation of collagen waviness and orientation in the
    arterial adventitia using confocal laser scanning microscopy", *Biomechanics and Modeling in
    Mechanobiology* 11, 2012. In three dimensions, as confidence of planes and lines: G. M. P. van Kempen and
    others, *The application of the local dimensionality estimator within the context of 3D images*,
    Proceedings of the Advanced School for Computing and Imaging, 1999.

    Examples
    --------
    >>> import imfilter
    >>> import numpy as np
    >>> rows, columns = np.mgrid[:9, :9]
    >>> float(imfilter.coherence(rows + 2.0 * columns)[4, 4].round(3))
    1.0
    """
    return tensor(
        structure.CLARITY,
        image,
        (sigma, operator, normalize, truncate, radius, spacing, feature),
        Common(mode, cval, axes, channel_axis, dtype, out, workers, mask, nan, min_coverage),
    )
