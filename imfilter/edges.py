"""Edges as lines: thresholds with hysteresis."""

from typing import Any

import numpy as np
import numpy.typing as npt

from imfilter._core import check


def hysteresis_threshold(
    image: npt.ArrayLike, low: float, high: float, *, connectivity: int | None = None
) -> npt.NDArray[np.bool_]:
    """Find what is above a high threshold, and what is above a low one and connected to it.

    Parameters
    ----------
    image : array_like
        Image, signal or volume of any shape, of bool, integers or floats. It is not changed.
    low, high : float
        Thresholds, in the unit of `image`; `low` is not above `high`. A sample counts where it exceeds
        `high`, and where it exceeds `low` and a chain of neighbours that do leads to one that exceeds `high`.
    connectivity : int, optional
        Along how many axes neighbours may differ, by one sample each: 1 are those that share a face. By
        default all axes: diagonal neighbours too.

    Returns
    -------
    ndarray of bool
        Array of the shape of `image`.

    Raises
    ------
    TypeError
        If an argument has the wrong type: complex or object arrays, a threshold that is not a number.
    ValueError
        If a threshold is NaN, `low` is above `high`, or `connectivity` not from 1 to the number of axes.

    See Also
    --------
    skimage.filters.apply_hysteresis_threshold : The same with ``connectivity=1``.

    References
    ----------
    J. Canny, A Computational Approach to Edge Detection, IEEE Transactions on Pattern Analysis and Machine
    Intelligence 8, 1986, section VIII.

    Examples
    --------
    >>> import imfilter
    >>> imfilter.hysteresis_threshold([1, 2, 3, 2, 1, 2, 1], 1, 2)
    array([False,  True,  True,  True, False, False, False])
    """
    array = check.image(image)
    bounds = _threshold(low, "low"), _threshold(high, "high")
    if bounds[0] > bounds[1]:
        raise ValueError(f"low must not be above high, got low={bounds[0]} and high={bounds[1]}")
    steps = array.ndim
    if connectivity is not None:
        steps = check.integer(connectivity, "connectivity", least=1, most=array.ndim)
    from imfilter._core.hysteresis import connected  # the compiler is not needed to refuse an argument

    with np.errstate(invalid="ignore"):
        return connected(array > bounds[0], array > bounds[1], steps)


def _threshold(value: Any, name: str) -> float:
    threshold = check.number(value, name, finite=False)
    if np.isnan(threshold):
        raise ValueError(f"{name} must be a number, got nan")
    return threshold
