"""Contrast: equalisation of histograms."""

from __future__ import annotations

from imfilter._base.keywords import Common, hinted
from imfilter._filters.contrast import apply as contrast
from imfilter.typing import ArrayLike, Axes, DTypeLike, Mask, Nan, NDArray, Size


@hinted
def clahe(
    image: ArrayLike,
    size: Size = None,
    *,
    clip_limit: float = 2.0,
    bins: int = 256,
    value_range: tuple[float, float] | None = None,
    mask: Mask = None,
    nan: Nan = "propagate",
    min_coverage: float = 0.0,
    axes: Axes | None = None,
    channel_axis: int | None = None,
    dtype: DTypeLike | None = None,
    out: NDArray | None = None,
    workers: int | None = None,
) -> NDArray:
    """Raise the local contrast by contrast-limited adaptive histogram equalisation (CLAHE).

    The image is cut into tiles. The histogram of a tile maps a value to the share of the samples that are not
    above it. So each tile uses the whole range of values. Before that, the highest bins are cut, and what was
    cut is given to all bins. This limits how much noise is amplified. The result of a sample is interpolated
    between the maps of the tiles around it.

    Parameters
    ----------
    image : array_like
        Image, signal or volume. Every axis is spatial unless `channel_axis` or `axes` says otherwise. A
        colour image needs ``channel_axis=-1``. Bool, integers or floats. The function does not change it.
    size : int or sequence of int, optional
        Length of a tile: one for all filtered axes, or one for each. Default: an eighth of each axis. An axis
        of n samples has ``round(n/size)`` tiles, whose lengths differ by at most one sample.
    clip_limit : float, optional
        Largest height of a bin, relative to the mean height. Default 2. ``float("inf")``: no limit.
    bins : int, optional
        Number of bins of a histogram, from 2 to 65536. Default 256. Within a bin, values are interpolated.
        An integer type has no more bins than values.
    value_range : (float, float), optional
        Lowest and highest value of the bins and of the result. A value outside is in the nearest bin.
        Default: all values of the type for bool, 8- and 16-bit integers; for other types the range of the
        finite samples that are present, in all channels and images of a batch.
    mask : array_like, optional
        Samples that are present, in the shape of `image`, or in its shape without `channel_axis`. Bool: True
        where a sample is present. Numbers: how much a sample counts, at least 0. An absent sample may have
        any value, and changes no result. Default: all samples are present.
    nan : {'propagate', 'ignore'}, optional
        Whether NaN makes every result NaN whose window contains it (default), or is an absent sample.
    min_coverage : float, optional
        Smallest share of the tiles around a sample that must be present, from 0 to 1, weighted as their
        histograms are. Where less is present, the result is NaN, or 0 if it is an integer, as it is where the
        sample is absent. Default 0.
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
        Array of the shape of `image`. Its dtype is that of `image`, or `dtype`, or that of `out`. An absent
        sample has no result: it is NaN, or 0 if it is an integer. A masked array gives a masked array.

    Raises
    ------
    TypeError
        If an argument has the wrong type, for example a complex array or a float instead of an integer.
    ValueError
        If an argument has the wrong value. The message names the argument, the value received and the
        accepted values.

    See Also
    --------
    local_std : The local contrast.
    cv2.createCLAHE : ``createCLAHE(c, (w // tx, h // ty))`` with ``size=(tx, ty)`` gives the same bytes.
    skimage.exposure.equalize_adapthist : Its ``clip_limit`` is the one here divided by the number of bins. It
        has another range of values and gives the excess of bins to bins below the limit.

    References
    ----------
    K. Zuiderveld, "Contrast Limited Adaptive Histogram Equalization", in *Graphics Gems IV*, 1994.

    Examples
    --------
    >>> import imfilter
    >>> imfilter.clahe([0.0, 1.0, 1.0, 2.0, 9.0, 10.0], 6, clip_limit=float("inf"), bins=10).round(2)
    array([ 0.  ,  1.67,  1.67,  5.  ,  6.67, 10.  ])
    """
    return contrast.apply(
        image,
        size,
        clip_limit,
        bins,
        value_range,
        Common(
            axes=axes,
            channel_axis=channel_axis,
            dtype=dtype,
            out=out,
            workers=workers,
            mask=mask,
            nan=nan,
            min_coverage=min_coverage,
        ),
    )
