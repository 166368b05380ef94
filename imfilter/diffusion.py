"""Denoising by steps over the whole image that keep edges: total variation and anisotropic diffusion."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from imfilter._base.keywords import Common, hinted
from imfilter._filters.denoise import diffusion as _diffusion
from imfilter._filters.denoise import grid as _grid
from imfilter._filters.denoise import total_variation as _total_variation
from imfilter.typing import ArrayLike, Axes, DTypeLike, Mask, Nan, NDArray, PerAxis


@hinted
def total_variation(
    image: ArrayLike,
    weight: float,
    *,
    tolerance: float = 1e-3,
    max_iterations: int = 1000,
    coupled: bool = False,
    progress: Callable[[int, float], object] | None = None,
    mask: Mask = None,
    nan: Nan = "propagate",
    axes: Axes | None = None,
    channel_axis: int | None = None,
    dtype: DTypeLike | None = None,
    out: NDArray | None = None,
    workers: int | None = None,
) -> NDArray:
    """Smooth to the image with the least total variation near the given one.

    The result u has the smallest energy ``sum((u - image)**2) / 2 + weight * sum(|gradient of u|)``. It is
    flat between edges, and edges stay sharp. The gradient is that of differences to the next samples along
    all axes; beyond the border and beside absent samples there is none. Samples are absent where a mask is 0.

    The duality gap bounds the distance to the best energy. The iteration ends when the gap is at most
    `tolerance` times the energy, or after `max_iterations`. Then the mean squared distance to the exact
    result is at most twice the gap by the number of samples.

    Parameters
    ----------
    image : array_like
        Image, signal or volume. Every axis is spatial unless `channel_axis` or `axes` says otherwise. A
        colour image needs ``channel_axis=-1``. Bool, integers or floats. The function does not change it.
    weight : float
        Weight of the total variation, in the unit of the samples, at least 0. A step between two regions
        shrinks by `weight` times the length of their border by their areas. For noise of standard deviation
        s, 0.5*s to s.
    tolerance : float, optional
        Largest gap as a share of the energy. Default 0.001.
    max_iterations : int, optional
        Largest number of steps. Default 1000.
    coupled : bool, optional
        Whether channels have edges at the same places: one gradient of all channels. Default: each by itself.
    progress : callable, optional
        Function that is called with the number of steps and the gap as a share of the energy, every 10 steps.
    mask : array_like, optional
        Samples that are present, in the shape of `image`, or in its shape without `channel_axis`. Bool: True
        where a sample is present. Numbers: how much a sample counts, at least 0. An absent sample may have
        any value, and changes no result. Default: all samples are present.
    nan : {'propagate', 'ignore'}, optional
        Whether NaN makes every result of an image or channel NaN (default), or is an absent sample.
    axes : int or tuple of int, optional
        One to three axes to filter. The other axes are batch axes. Default: all axes except `channel_axis`.
    channel_axis : int, optional
        Axis of the colour channels. Each is filtered separately unless `coupled`. Default: no channel axis.
    dtype : dtype, optional
        Element type of the result. Values are rounded half to even and saturated.
    out : ndarray, optional
        Array for the result. Its dtype is the dtype of the result. It may be `image` or overlap it.
    workers : int, optional
        Number of threads. Default: every core that this process may use. The result does not depend on it.

    Returns
    -------
    ndarray
        Array of the shape and dtype of `image`, or of `dtype` or `out`. It is computed in floating point,
        rounded half to even and saturated.

    Raises
    ------
    TypeError
        If an argument has the wrong type, for example a complex array or a float instead of an integer.
    ValueError
        If an argument has the wrong value. The message names the argument, the value received and the
        accepted values.

    See Also
    --------
    anisotropic_diffusion : Steps of diffusion that is slow at edges.
    skimage.restoration.denoise_tv_chambolle : The same minimum with the same `weight`, for floats. It ends
        when the energy changes little, which is farther from the minimum.

    References
    ----------
    L. I. Rudin, S. Osher and E. Fatemi, "Nonlinear total variation based noise removal algorithms", *Physica
    D* 60, 1992. A. Chambolle, "An algorithm for total variation minimization and applications", *Journal of
    Mathematical Imaging and Vision* 20, 2004. A. Beck and M. Teboulle, "Fast gradient-based algorithms for
    constrained total variation image denoising", *IEEE Transactions on Image Processing* 18(11), 2009.

    Examples
    --------
    >>> import imfilter
    >>> imfilter.total_variation([0.0, 2.0, 1.0, 9.0, 8.0, 10.0], 1.5, tolerance=1e-9).round(3)
    array([1.5, 1.5, 1.5, 8.5, 8.5, 8.5])
    """
    own = weight, tolerance, max_iterations, coupled, progress
    common = Common("mirror", 0.0, axes, channel_axis, dtype, out, workers, mask, nan)
    return _grid.apply(image, _total_variation.TOTAL_VARIATION, own, common)


@hinted
def anisotropic_diffusion(
    image: ArrayLike,
    iterations: int,
    kappa: float,
    *,
    function: Literal["exponential", "rational"] = "exponential",
    step: float | None = None,
    spacing: PerAxis[float] | None = None,
    mask: Mask = None,
    nan: Nan = "propagate",
    axes: Axes | None = None,
    channel_axis: int | None = None,
    dtype: DTypeLike | None = None,
    out: NDArray | None = None,
    workers: int | None = None,
) -> NDArray:
    """Smooth by steps of diffusion that is slow at edges (Perona and Malik).

    In each step, every sample gets ``step * c(g) * g`` from each of its neighbours along the axes, for the
    difference g to the neighbour. The function c is 1 in flat regions and small at edges:
    ``exp(-(g/kappa)**2)`` or ``1 / (1 + (g/kappa)**2)``. Nothing flows across the border, or from and to
    absent samples. Samples are absent where a mask is 0. The sum of all samples does not change, and no
    result is beyond the smallest and the largest sample.

    Parameters
    ----------
    image : array_like
        Image, signal or volume. Every axis is spatial unless `channel_axis` or `axes` says otherwise. A
        colour image needs ``channel_axis=-1``. Bool, integers or floats. The function does not change it.
    iterations : int
        Number of steps, at least 0.
    kappa : float
        Slope of edges, in the unit of the samples by that of `spacing`. Smaller slopes are smoothed, larger
        ones are kept. It is more than 0. For noise of standard deviation s, about 2*s, or s with 'rational'.
    function : {'exponential', 'rational'}, optional
        The function c. 'exponential' prefers edges of high contrast, 'rational' wide regions. Default
        'exponential'.
    step : float, optional
        Length of a step, at most ``1 / (2 * sum(1 / spacing**2))``, which is the default: 0.5, 0.25 and 1/6
        for one, two and three axes. Larger steps are unstable.
    spacing : float or sequence of float, optional
        Distance between samples in any unit of length: one for all filtered axes, or one for each.
        Derivatives are per that unit. Default 1.
    mask : array_like, optional
        Samples that are present, in the shape of `image`, or in its shape without `channel_axis`. Bool: True
        where a sample is present. Numbers: how much a sample counts, at least 0. An absent sample may have
        any value, and changes no result. Default: all samples are present.
    nan : {'propagate', 'ignore'}, optional
        Whether NaN makes every result NaN that it reaches in `iterations` steps (default), or is an absent
        sample.
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
        Array of the shape and dtype of `image`, or of `dtype` or `out`. It is computed in floating point,
        rounded half to even and saturated.

    Raises
    ------
    TypeError
        If an argument has the wrong type, for example a complex array or a float instead of an integer.
    ValueError
        If an argument has the wrong value. The message names the argument, the value received and the
        accepted values.

    See Also
    --------
    total_variation : A minimum in place of a number of steps.
    cv2.ximgproc.anisotropicDiffusion : A similar filter for uint8 images of three channels.

    References
    ----------
    P. Perona and J. Malik, "Scale-space and edge detection using anisotropic diffusion", *IEEE Transactions
    on Pattern Analysis and Machine Intelligence* 12(7), 1990.

    Examples
    --------
    >>> import imfilter
    >>> imfilter.anisotropic_diffusion([0.0, 2.0, 1.0, 9.0, 8.0, 10.0], 20, 2.5).round(2)
    array([1., 1., 1., 9., 9., 9.])
    """
    own = iterations, kappa, function, step, spacing
    common = Common("mirror", 0.0, axes, channel_axis, dtype, out, workers, mask, nan)
    return _grid.apply(image, _diffusion.DIFFUSION, own, common)
