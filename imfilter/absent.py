"""Absent samples: the share of a window that is present, and filling."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from imfilter import weights
from imfilter._base import arguments, borders, dtypes, engine, missing, strips, threads
from imfilter._base.keywords import Common, hinted
from imfilter._base.plan import planning
from imfilter._filters.linear import apply as linear
from imfilter._filters.linear.operators import Operator, separable
from imfilter.control import plan
from imfilter.smooth import gaussian
from imfilter.typing import ArrayLike, Axes, DTypeLike, Kernel, Mask, Method, Mode, Nan, NDArray, PerAxis

#: Samples that are merged at a time, and from which on threads share the work.
_CHUNK, _MANY = 1 << 15, 1 << 18


@hinted
def coverage(
    mask: ArrayLike,
    size: PerAxis[int] | None = None,
    *,
    footprint: ArrayLike | None = None,
    kernel: Kernel | None = None,
    sigma: PerAxis[float] | None = None,
    truncate: float = 4.0,
    radius: PerAxis[int] | None = None,
    mode: Mode = "mirror",
    cval: float = 0.0,
    axes: Axes | None = None,
    channel_axis: int | None = None,
    dtype: DTypeLike | None = None,
    out: NDArray | None = None,
    workers: int | None = None,
) -> NDArray:
    """Return the share of the window around each sample that is present.

    The window is one of `size`, `footprint`, `kernel` and `sigma`. The share is by the magnitudes of the
    weights: ``sum |w| * mask / sum |w|``. A filter with the same window and ``min_coverage=c`` gives NaN
    where the share is less than c.

    Parameters
    ----------
    mask : array_like
        Samples that are present. Every axis is spatial unless `channel_axis` or `axes` says otherwise. Bool:
        True where a sample is present. Numbers: how much a sample counts, at least 0.
    size : int or sequence of int, optional
        Length of a box, as for `box` and `median`: one for all filtered axes, or one for each.
    footprint : array_like, optional
        Window of any shape, as for `median`. It contains the samples where the footprint is not zero.
    kernel : array_like or sequence of ndarray, optional
        Weights, as for `correlate`.
    sigma : float or sequence of float, optional
        Standard deviation of a Gaussian in samples, as for `gaussian`: one for all filtered axes, or one
        for each.
    truncate : float, optional
        Cut the kernel at this many standard deviations. Its radius is ``int(truncate*sigma + 0.5)``
        samples. Default 4.
    radius : int or sequence of int, optional
        Radius of the kernel in samples, instead of `truncate`: one for all filtered axes, or one for each.
    mode : {'mirror', 'symmetric', 'edge', 'wrap', 'zero', 'constant', 'shrink'}, optional
        How the mask continues beyond its border, as for an image. Samples beyond the border are present
        with 'zero' and 'constant', and absent with 'shrink'. Default 'mirror'.
    cval : float, optional
        Accepted because filters have it. A constant beyond the border is present, whatever its value.
    axes : int or tuple of int, optional
        One to three axes to filter. The other axes are batch axes. Default: all axes except `channel_axis`.
    channel_axis : int, optional
        Axis of the colour channels. Each channel is filtered separately. Default: no channel axis.
    dtype : dtype, optional
        Element type of the result. Values are rounded half to even and saturated.
    out : ndarray, optional
        Array for the result. Its dtype is the dtype of the result. It may be `mask` or overlap it.
    workers : int, optional
        Number of threads. Default: every core that this process may use. The result does not depend on it.

    Returns
    -------
    ndarray
        Array of the shape of `mask`, from 0 to 1 for truth values. Its dtype is `dtype`, or that of `out`.
        Default: float32 for bool, 8- and 16-bit integers, float16 and float32; float64 for wider types. It
        is computed in float64. It is exactly 0 where nothing is present, and exactly 1 where everything is.

    Raises
    ------
    TypeError
        If an argument has the wrong type, for example a complex array or a float instead of an integer.
    ValueError
        If an argument has the wrong value. The message names the argument, the value received and the
        accepted values.

    See Also
    --------
    fill : Replace absent samples.
    scipy.ndimage.uniform_filter : The same for a box of odd size: ``uniform_filter(mask.astype(float))``.

    References
    ----------
    H. Knutsson and C.-F. Westin, "Normalized and Differential Convolution", *CVPR*, 1993.

    Examples
    --------
    >>> import imfilter
    >>> imfilter.coverage([True, True, False, True, True, True], 3, dtype=float).round(2)
    array([1.  , 0.67, 0.67, 0.67, 1.  , 1.  ])
    """
    kind, value = _only(size=size, footprint=footprint, kernel=kernel, sigma=sigma)
    array = arguments.image(mask, "mask")
    place = arguments.fitting(arguments.out(out), array.shape)
    element = arguments.dtype(dtype, place, dtypes.derived(array.dtype))
    border = borders.check_mode(mode, more=("shrink",))
    arguments.beyond(cval, border)
    if planning.get() is None:
        missing.presence(array, Common(mask=array))  # checks the numbers
    count = len(arguments.axes(array, axes, channel_axis, "mask"))
    magnitudes = _magnitudes(kind, value, count, truncate, radius)
    # Counts are whole numbers, so any algorithm is exact. Other sums must be exact relative to themselves.
    whole = kind in ("size", "footprint") and array.dtype.kind == "b"
    one_by_one: Method = "separable" if isinstance(magnitudes, tuple) else "direct"
    share = linear.apply(
        array,
        _operator,
        (magnitudes,),
        Common(missing.border_of_counts(border), 1.0, axes, channel_axis, np.float64, None, workers),
        preserves_dtype=False,
        method="auto" if whole else one_by_one,
    )
    if whole:
        np.rint(share, out=share)
    total = _sum(magnitudes)
    np.divide(share, total, out=share) if total else share.fill(0)
    flat = share.ravel(order="K")
    flat = flat if np.may_share_memory(flat, share) else share
    for start in range(0, len(flat), _CHUNK):  # differences of all shares at once would double the memory
        part = flat[start : start + _CHUNK]
        part[abs(part - 1) < missing.ROUNDED] = 1
    return engine.delivered(share, place, element)


def _only(**windows: Any) -> tuple[str, Any]:
    """Return the name and the value of the only window that is given."""
    given = {name: value for name, value in windows.items() if value is not None}
    if len(given) == 1:
        return next(iter(given.items()))
    names = " and ".join(given) or "none of them"
    only = "only " if given else ""
    raise ValueError(f"{only}one of size, footprint, kernel and sigma must be given, got {names}")


def _magnitudes(kind: str, value: Any, n: int, truncate: Any, radius: Any) -> NDArray | tuple[NDArray, ...]:
    """Return the magnitudes of the weights of a window: a dense kernel, or the taps of each axis."""
    if kind == "size":
        return tuple(map(np.ones, arguments.integers(value, n, "size", least=1)))
    if kind == "footprint":
        window = arguments.window(3, value, n)
        return tuple(map(np.ones, window)) if isinstance(window, tuple) else window.astype(np.float64)
    if kind == "kernel":
        taps = arguments.kernel(value, n)
        return tuple(map(np.abs, taps)) if isinstance(taps, tuple) else np.abs(taps)
    return weights.gaussians(arguments.sigmas(value, n), (0,) * n, truncate, radius, (1.0,) * n)


def _sum(magnitudes: NDArray | tuple[NDArray, ...]) -> float:
    """Return the sum of the weights of a window."""
    if isinstance(magnitudes, tuple):
        return math.prod(map(math.fsum, magnitudes))
    return math.fsum(magnitudes.flat)


def _operator(ndim: int, axes: tuple[int, ...], magnitudes: Any) -> Operator:
    """Return the operator of a window."""
    return separable(magnitudes) if isinstance(magnitudes, tuple) else Operator(dense=magnitudes)


@hinted
def fill(
    image: ArrayLike,
    sigma: PerAxis[float],
    *,
    truncate: float = 4.0,
    radius: PerAxis[int] | None = None,
    spacing: PerAxis[float] | None = None,
    mode: Mode = "mirror",
    cval: float = 0.0,
    mask: Mask = None,
    nan: Nan = "ignore",
    min_coverage: float = 0.0,
    axes: Axes | None = None,
    channel_axis: int | None = None,
    dtype: DTypeLike | None = None,
    out: NDArray | None = None,
    workers: int | None = None,
) -> NDArray:
    """Replace absent samples by the mean of their neighbourhood, weighted by a Gaussian.

    An absent sample becomes what `gaussian` with the same arguments gives there. A sample that is present is
    not changed, bit for bit. A hole that is larger than the window is filled from its rim only as far as the
    window reaches. Give a larger `sigma` or `radius` to fill it.

    Parameters
    ----------
    image : array_like
        Image, signal or volume. Every axis is spatial unless `channel_axis` or `axes` says otherwise. A
        colour image needs ``channel_axis=-1``. Bool, integers or floats. The function does not change it.
    sigma : float or sequence of float
        Standard deviation in the unit of `spacing`: one for all filtered axes, or one for each. An axis with
        0 is not smoothed.
    truncate : float, optional
        Cut the kernel at this many standard deviations. Its radius is ``int(truncate*sigma + 0.5)``
        samples. Default 4.
    radius : int or sequence of int, optional
        Radius of the kernel in samples, instead of `truncate`: one for all filtered axes, or one for each.
    spacing : float or sequence of float, optional
        Distance between samples in any unit of length: one for all filtered axes, or one for each. Default 1.
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
        where a sample is present. Numbers: how much a sample counts, at least 0. A sample is absent where
        the mask is 0, and may have any value there. Default: all are present.
    nan : {'ignore', 'propagate'}, optional
        Whether NaN is an absent sample (default), or a sample that is present. Then it is kept, and makes
        every absent sample NaN whose window contains it.
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
        Array of the shape and dtype of `image`, or of `dtype` or `out`. Where nothing is present in the
        window, an absent sample becomes NaN, or 0 in integers. A masked array gives a masked array, which is
        masked only there.

    Raises
    ------
    TypeError
        If an argument has the wrong type, for example a complex array or a float instead of an integer.
    ValueError
        If an argument has the wrong value. The message names the argument, the value received and the
        accepted values.

    See Also
    --------
    coverage : The share of the window that is present.
    gaussian : The same mean at every sample, with the arguments `mask` and `nan`.
    astropy.convolution.interpolate_replace_nans : The same with ``boundary="extend"`` and ``mode="edge"``.

    References
    ----------
    H. Knutsson and C.-F. Westin, "Normalized and Differential Convolution", *CVPR*, 1993.

    Examples
    --------
    >>> import imfilter
    >>> import numpy as np
    >>> imfilter.fill([1.0, 2.0, np.nan, 4.0, 5.0], 0.5)
    array([1., 2., 3., 4., 5.])
    >>> imfilter.fill([10, 20, -9999, 40], 1, mask=[True, True, False, True])
    array([10, 20, 28, 40])
    """
    bare, own = missing.split(image)
    array, masked = arguments.image(bare), own is not None
    place = arguments.fitting(arguments.out(out), array.shape)
    element = arguments.dtype(dtype, place, array.dtype.newbyteorder("="))
    window: dict[str, Any] = {"truncate": truncate, "radius": radius, "spacing": spacing, "axes": axes}
    window |= {"cval": cval, "channel_axis": channel_axis, "dtype": element, "workers": workers}
    if planning.get() is not None:
        gaussian(array, sigma, mode=mode, **window)
    common = Common(mode, cval, axes, channel_axis, dtype, place, workers, mask, nan, min_coverage)
    present = missing.presence(array, common, own)
    undefined = None
    if present is None:  # nothing to compute, but the arguments must be right
        plan(array.shape, array.dtype, gaussian, sigma, mode=mode, **window)
        result = dtypes.empty(array.shape, element) if place is None else place
        dtypes.place(array, result)
    else:
        window |= {"mask": mask, "nan": nan, "min_coverage": min_coverage}
        smooth = gaussian(image, sigma, mode=mode, **window)
        undefined = np.ma.getmaskarray(smooth) if masked else None
        result = _merged(array, present, np.ma.getdata(smooth), place, undefined, workers)
    return np.ma.MaskedArray(result, np.ma.nomask if undefined is None else undefined) if masked else result


def _merged(
    array: NDArray,
    present: missing.Presence,
    smooth: NDArray,
    place: NDArray | None,
    undefined: NDArray[np.bool_] | None,
    workers: int | None,
) -> NDArray:
    """Return the samples of an image that are present, and the others from `smooth`, in `place` if given.

    In `undefined`, samples that are present become False.
    """
    result = dtypes.empty(array.shape, smooth.dtype) if place is None else place
    if result is not array and np.may_share_memory(result, array):
        array = array.copy()  # parts of it are read after others are written
    axis = max(range(array.ndim), key=lambda a: (array.shape[a] > 1, abs(array.strides[a])))
    length = array.shape[axis]
    step = max(1, _CHUNK * length // array.size)

    def strip(first: int, stop: int) -> None:
        part = (*(slice(None),) * axis, slice(first, stop))
        absent = present.at(array, part) == 0
        dtypes.place(array[part], result[part])
        np.copyto(result[part], smooth[part], where=absent)
        if undefined is not None:
            undefined[part] &= absent

    strips.each(strip, length, step, 1 if array.size < _MANY else threads.requested(workers))
    return result
