"""Hessian matrices, the second derivatives at a scale, and their eigenvalues."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from imfilter._base import arguments, dtypes
from imfilter._base.keywords import Common, hinted
from imfilter._filters.orientation import hessian as matrices
from imfilter.typing import ArrayLike, Axes, DTypeLike, Mask, Mode, Nan, NDArray, PerAxis
from imfilter.weights import gaussians


@hinted
def hessian(
    image: ArrayLike,
    sigma: PerAxis[float],
    *,
    truncate: float = 4.0,
    radius: PerAxis[int] | None = None,
    spacing: PerAxis[float] | None = None,
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
    """Compute the second derivatives of the image at a scale: the Hessian matrix of every sample.

    The kernels are derivatives of a Gaussian, as in ``gaussian(image, sigma, order=...)``. One thing is
    added: the taps of a second derivative sum to 0. The sampled taps do not: a constant image of 100 would
    have a second derivative of -0.007 for a sigma of 1, and of -56 for 0.5. Here it is exactly 0.

    Parameters
    ----------
    image : array_like
        Image, signal or volume. Every axis is spatial unless `channel_axis` or `axes` says otherwise. A
        colour image needs ``channel_axis=-1``. Bool, integers or floats. The function does not change it.
    sigma : float or sequence of float
        Standard deviation in the unit of `spacing`: one for all filtered axes, or one for each. It must be
        greater than 0.
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
        the matrix, row by row. For two axes rr, rc, cc with r for rows and c for columns: the first axis of
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
    hessian_eigenvalues : The eigenvalues of these matrices.
    skimage.feature.hessian_matrix : The same with ``use_gaussian_derivatives=True, order="rc"``, and
        ``truncate=8`` here, except near the border and for small sigma: there two first derivatives at sigma
        divided by the square root of 2 follow each other.

    References
    ----------
    L. M. J. Florack, B. M. ter Haar Romeny, J. J. Koenderink and M. A. Viergever, "Scale and the differential
    structure of images", *Image and Vision Computing* 10(6), 1992.

    Examples
    --------
    >>> import imfilter
    >>> import numpy as np
    >>> rows, columns = np.mgrid[:9, :9]
    >>> imfilter.hessian(rows * columns + columns**2, 1.0)[:, 4, 4].round(2)
    array([0., 1., 2.])
    """
    return matrices.apply(
        image,
        False,
        gaussians,
        sigma,
        truncate,
        radius,
        spacing,
        Common(mode, cval, axes, channel_axis, dtype, out, workers, mask, nan, min_coverage),
    )


@hinted
def hessian_eigenvalues(
    image: ArrayLike,
    sigma: PerAxis[float],
    *,
    truncate: float = 4.0,
    radius: PerAxis[int] | None = None,
    spacing: PerAxis[float] | None = None,
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
    """Compute the eigenvalues of the Hessian matrix of every sample.

    They are the largest and the smallest second derivative of all directions, and in volumes the one between.
    Closed formulas compute them. They are exact to some roundings of the largest one, also where two or three
    are equal. The result is NaN only where the image is NaN, or not finite.

    Parameters
    ----------
    image : array_like
        Image, signal or volume. Every axis is spatial unless `channel_axis` or `axes` says otherwise. A
        colour image needs ``channel_axis=-1``. Bool, integers or floats. The function does not change it.
    sigma : float or sequence of float
        As for `hessian`.
    truncate, radius, spacing, mode, cval, mask, nan, min_coverage : optional
        As for `hessian`.
    axes, channel_axis, dtype, out, workers : optional
        As for `hessian`.

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
    hessian : The components of the matrices.
    structure_tensor_eigenvalues : The same for first derivatives.
    skimage.feature.hessian_matrix_eigvals : The same from components: ``hessian_matrix(image, sigma,
        use_gaussian_derivatives=True)``, as for `hessian`.
    numpy.linalg.eigvalsh : The eigenvalues of any symmetric matrices, the smallest first.

    References
    ----------
    O. K. Smith, "Eigenvalues of a symmetric 3 x 3 matrix", *Communications of the ACM* 4(4), 1961.
    W. M. Scherzinger and C. R. Dohrmann, "A robust algorithm for finding the eigenvalues and eigenvectors of
    3 x 3 symmetric matrices", *Computer Methods in Applied Mechanics and Engineering* 197, 2008.

    Examples
    --------
    >>> import imfilter
    >>> import numpy as np
    >>> rows, columns = np.mgrid[:9, :9]
    >>> imfilter.hessian_eigenvalues(rows**2 - columns**2, 1.0)[:, 4, 4].round(2)
    array([ 2., -2.])
    """
    return matrices.apply(
        image,
        True,
        gaussians,
        sigma,
        truncate,
        radius,
        spacing,
        Common(mode, cval, axes, channel_axis, dtype, out, workers, mask, nan, min_coverage),
    )


def one_eigenvalue(which: str) -> Callable[..., Any]:
    """Return a filter that gives the largest or the smallest eigenvalue, or the determinant."""
    arguments.word(which, "which", ("largest", "smallest", "determinant"))

    def function(
        image: NDArray,
        *,
        dtype: np.dtype | None = None,
        out: NDArray | None = None,
        **options: Any,
    ) -> NDArray:
        values = hessian_eigenvalues(image, **options)
        found: NDArray
        if which == "determinant":
            found = values[0] * values[-1] if len(values) == 2 else np.prod(values, axis=0)
        else:
            found = values[0 if which == "largest" else -1]
        if dtype is None and out is None:
            return found
        arguments.fitting(out, found.shape)
        if out is None:
            assert dtype is not None
            out = dtypes.empty(found.shape, dtype)
        dtypes.place(np.ma.getdata(found), out)
        return np.ma.MaskedArray(out, found.mask) if isinstance(found, np.ma.MaskedArray) else out

    return function
