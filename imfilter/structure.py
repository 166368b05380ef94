"""Structure tensors: the products of derivatives around every sample, and their eigenvalues."""

from __future__ import annotations

from typing import Any

from imfilter import weights
from imfilter._base.keywords import Common, hinted
from imfilter._filters.orientation import structure
from imfilter.typing import ArrayLike, Axes, Difference, DTypeLike, Mask, Mode, Nan, NDArray, PerAxis, Steps

_OPERATORS = {
    "sobel": weights.SOBEL,
    "scharr": weights.SCHARR,
    "prewitt": weights.PREWITT,
    "farid": weights.FARID,
}


@hinted
def structure_tensor(
    image: ArrayLike,
    sigma: PerAxis[float] = 1.0,
    *,
    operator: Difference = "sobel",
    normalize: bool = False,
    truncate: float = 4.0,
    radius: PerAxis[int] | None = None,
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
) -> NDArray:
    """Compute the structure tensor of every sample: the products of its derivatives, smoothed.

    The derivatives along all axes are multiplied with each other, and a Gaussian smooths the products.

    Parameters
    ----------
    image : array_like
        Image, signal or volume. Every axis is spatial unless `channel_axis` or `axes` says otherwise. A
        colour image needs ``channel_axis=-1``. Bool, integers or floats. The function does not change it.
    sigma : float or sequence of float, optional
        Standard deviation of the Gaussian in the unit of `spacing`: one for all filtered axes, or one for
        each. Default 1.
    operator : {'sobel', 'scharr', 'prewitt', 'farid'}, optional
        The derivatives. Default 'sobel'.
    normalize : bool, optional
        Whether to scale the derivatives so that a ramp of slope 1 gives 1. Default False: they are not
        scaled.
    truncate : float, optional
        Cut the kernel at this many standard deviations. Its radius is ``int(truncate*sigma + 0.5)``
        samples. Default 4.
    radius : int or sequence of int, optional
        Radius of the kernel in samples, instead of `truncate`: one for all filtered axes, or one for each.
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
    ndarray
        The components, along a new first axis, of the shape of `image` each: those of the upper triangle of
        the tensor, row by row. For two axes rr, rc, cc with r for rows and c for columns: the first axis of
        `axes` comes first. Three axes have six components, one axis has one. Its dtype is `dtype`, or that of
        `out`. Default: float32 for bool, 8- and 16-bit integers, float16 and float32; float64 for wider
        types. A masked array gives a masked array.

    Raises
    ------
    TypeError
        If an argument has the wrong type, for example a complex array or a float instead of an integer.
    ValueError
        If an argument has the wrong value. The message names the argument, the value received and the
        accepted values.

    See Also
    --------
    structure_tensor_eigenvalues, orientation, coherence : What follows from the tensor.
    skimage.feature.structure_tensor : The same for images of floats with ``order="rc"``.
    harris, shi_tomasi : Corners from the same tensor.

    Notes
    -----
    The image continues beyond its border by `mode`, and so do the products, for the Gaussian. With 'zero' and
    'constant', the products beyond the border are 0. With 'shrink' they are absent. A product counts as much
    as its sample. It is absent where its sample is, or where nothing of the window of a derivative is
    present.

    References
    ----------
    J. Bigun and G. H. Granlund, "Optimal orientation detection of linear symmetry", *Proceedings of the First
    International Conference on Computer Vision*, 1987.

    Examples
    --------
    >>> import imfilter
    >>> import numpy as np
    >>> rows, columns = np.mgrid[:9, :9]
    >>> imfilter.structure_tensor(rows + 2 * columns, normalize=True)[:, 4, 4].round(2)
    array([1., 2., 4.])
    """
    return tensor(
        structure.COMPONENTS,
        image,
        (sigma, operator, normalize, truncate, radius, spacing),
        Common(mode, cval, axes, channel_axis, dtype, out, workers, mask, nan, min_coverage),
    )


@hinted
def structure_tensor_eigenvalues(
    image: ArrayLike,
    sigma: PerAxis[float] = 1.0,
    *,
    operator: Difference = "sobel",
    normalize: bool = False,
    truncate: float = 4.0,
    radius: PerAxis[int] | None = None,
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
) -> NDArray:
    """Compute the eigenvalues of the structure tensor of every sample.

    The largest is the mean squared derivative in the dominant direction. Along an edge only the first is
    large. At a corner all are. Closed formulas compute them, as for `hessian_eigenvalues`.

    Parameters
    ----------
    image : array_like
        Image, signal or volume. Every axis is spatial unless `channel_axis` or `axes` says otherwise. A
        colour image needs ``channel_axis=-1``. Bool, integers or floats. The function does not change it.
    sigma, operator, normalize, truncate, radius, spacing : optional
        As for `structure_tensor`.
    mode, cval, mask, nan, min_coverage, axes, channel_axis, dtype, out, workers : optional
        As for `structure_tensor`.

    Returns
    -------
    ndarray
        The eigenvalues, along a new first axis, the largest first: one for each filtered axis. Its dtype is
        `dtype`, or that of `out`. Default: float32 for bool, 8- and 16-bit integers, float16 and float32;
        float64 for wider types. A masked array gives a masked array.

    Raises
    ------
    TypeError
        If an argument has the wrong type, for example a complex array or a float instead of an integer.
    ValueError
        If an argument has the wrong value. The message names the argument, the value received and the
        accepted values.

    See Also
    --------
    structure_tensor : The components of the tensor.
    skimage.feature.structure_tensor_eigenvalues : The same from the components.
    shi_tomasi : The smaller eigenvalue, in two dimensions.

    References
    ----------
    W. Förstner and E. Gülch, "A fast operator for detection and precise location of distinct points, corners
    and centres of circular features", *ISPRS Intercommission Workshop*, 1987.

    Examples
    --------
    >>> import imfilter
    >>> import numpy as np
    >>> rows, columns = np.mgrid[:9, :9]
    >>> imfilter.structure_tensor_eigenvalues(rows + 2 * columns, normalize=True)[:, 4, 4].round(2)
    array([5., 0.])
    """
    return tensor(
        structure.EIGENVALUES,
        image,
        (sigma, operator, normalize, truncate, radius, spacing),
        Common(mode, cval, axes, channel_axis, dtype, out, workers, mask, nan, min_coverage),
    )


def tensor(form: int, image: ArrayLike, own: tuple[Any, ...], common: Common) -> NDArray:
    """Return what `form` says of the structure tensor."""
    return structure.apply(image, form, weights.gaussians, _OPERATORS, own, common)
