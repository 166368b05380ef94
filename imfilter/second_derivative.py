"""The Laplacian: the sum of the second derivatives along all axes."""

from __future__ import annotations

from typing import Any

from imfilter import weights
from imfilter._base.keywords import Common, hinted
from imfilter._filters.linear import apply as linear
from imfilter._filters.linear.operators import Operator
from imfilter.typing import ArrayLike, Axes, DTypeLike, Mask, Mode, Nan, NDArray


@hinted
def laplacian(
    image: ArrayLike,
    *,
    diagonals: bool = False,
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
    """Compute the Laplacian of the image: the sum of the second differences along all filtered axes.

    Parameters
    ----------
    image : array_like
        Image, signal or volume. Every axis is spatial unless `channel_axis` or `axes` says otherwise. A
        colour image needs ``channel_axis=-1``. Bool, integers or floats. The function does not change it.
    diagonals : bool, optional
        Whether all ``3**n - 1`` neighbours have the weight 1, including the diagonal ones. Default False:
        only the neighbours along the axes count.
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
    scipy.ndimage.laplace : The same for floating-point images with ``mode="mirror"``.
    cv2.Laplacian : The same: ``cv2.Laplacian(image, cv2.CV_32F, ksize=1)``.
    skimage.filters.laplace : The same with the opposite sign and ``mode="symmetric"``.

    References
    ----------
    R. C. Gonzalez and R. E. Woods, *Digital Image Processing*, 4th ed., 2018, section 3.6.

    Examples
    --------
    >>> import imfilter
    >>> imfilter.laplacian([0.0, 1.0, 4.0, 9.0, 16.0])
    array([  2.,   2.,   2.,   2., -14.])
    """
    return linear.apply(
        image,
        _laplacian,
        (diagonals,),
        Common(mode, cval, axes, channel_axis, dtype, out, workers, mask, nan, min_coverage),
        preserves_dtype=False,
    )


def _laplacian(ndim: int, chosen: tuple[int, ...], diagonals: Any) -> Operator:
    return Operator(dense=weights.laplacian(len(chosen), diagonals=diagonals))
