"""The hit-or-miss transform."""

from __future__ import annotations

import numpy as np

from imfilter._base.keywords import Common, hinted
from imfilter._filters.morphology.patterns import hit_or_miss as _hit_or_miss
from imfilter.typing import ArrayLike, Axes, Mask, NDArray


@hinted
def hit_or_miss(
    image: ArrayLike,
    present: ArrayLike,
    absent: ArrayLike | None = None,
    *,
    mask: Mask = None,
    axes: Axes | None = None,
    channel_axis: int | None = None,
    out: NDArray | None = None,
    workers: int | None = None,
) -> NDArray[np.bool_]:
    """Find where a binary image fits a pattern.

    The result is True where all samples of `present` are foreground and all samples of `absent` are
    background. Foreground is what is not zero. Beyond the border is background.

    Parameters
    ----------
    image : array_like
        Image, signal or volume. Every axis is spatial unless `channel_axis` or `axes` says otherwise. A
        colour image needs ``channel_axis=-1``. Bool, integers or floats. The function does not change it.
    present : array_like
        Samples of the pattern that must be foreground, where it is not zero. The pattern has as many axes as
        are filtered. Its centre is at ``n // 2`` along an axis of n samples.
    absent : array_like, optional
        Samples that must be background, where it is not zero. Default: those that are zero in `present`.
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
        Array of bool of the shape of `image`, or `out`. An absent sample fits every pattern, but its own
        result is False.

    Raises
    ------
    TypeError
        If an argument has the wrong type, for example a complex array or a float instead of an integer.
    ValueError
        If an argument has the wrong value. The message names the argument, the value received and the
        accepted values.

    See Also
    --------
    imfilter.minimum : Erosion.
    scipy.ndimage.binary_hit_or_miss : The same, without `mask`.

    References
    ----------
    J. Serra, *Image Analysis and Mathematical Morphology*, Academic Press, 1982.

    Examples
    --------
    >>> from imfilter import morphology
    >>> morphology.hit_or_miss([0, 1, 0, 1, 1, 0], [0, 1, 0])
    array([False,  True, False, False, False, False])
    """
    return _hit_or_miss(
        image,
        present,
        absent,
        Common(axes=axes, channel_axis=channel_axis, out=out, workers=workers, mask=mask),
    )
