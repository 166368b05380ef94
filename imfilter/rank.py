"""Filters that rank: median, percentile, minimum and maximum."""

from typing import Any, Unpack

import numpy.typing as npt

from imfilter._base import arguments
from imfilter._base.keywords import Common, documented
from imfilter._filters.rank import apply as rank


def _first(n: int) -> int:
    return 0


def _middle(n: int) -> int:
    return n // 2


def _last(n: int) -> int:
    return n - 1


def _at(n: int, q: Any) -> int:
    share = arguments.number(q, "q")
    if not 0 <= share <= 100:
        raise ValueError(f"q must be from 0 to 100, got {share}")
    return min(int(n * share / 100), n - 1)


@documented
def median(
    image: npt.ArrayLike,
    size: Any = 3,
    *,
    footprint: npt.ArrayLike | None = None,
    **common: Unpack[Common],
) -> npt.NDArray:
    """Replace each sample by the median of its neighbourhood, which removes specks and keeps edges.

    Parameters
    ----------
    {{image}}
    {{window}}
    {{common}}

    Returns
    -------
    {{ranks}}

    Raises
    ------
    {{errors}}

    See Also
    --------
    percentile : Any other rank.
    scipy.ndimage.median_filter : The same with ``mode="mirror"``; of a window with an even number of
        samples it also takes the upper one of the two in the middle.
    cv2.medianBlur : The same for odd squares, with ``mode="edge"``.

    References
    ----------
    R. C. Gonzalez and R. E. Woods, *Digital Image Processing*, 4th ed., 2018, section 5.3.

    Examples
    --------
    >>> import imfilter
    >>> imfilter.median([1, 1, 9, 1, 2, 2], 3)
    array([1, 1, 1, 2, 2, 2])
    """
    return rank.apply(image, _middle, size, footprint, common)


@documented
def percentile(
    image: npt.ArrayLike,
    q: float,
    size: Any = 3,
    *,
    footprint: npt.ArrayLike | None = None,
    **common: Unpack[Common],
) -> npt.NDArray:
    """Replace each sample by a percentile of its neighbourhood.

    Parameters
    ----------
    {{image}}
    q : float
        Percentile, from 0 (the minimum) to 100 (the maximum). Of n samples in order it is the one of
        index ``int(n * q / 100)``, or the last.
    {{window}}
    {{common}}

    Returns
    -------
    {{ranks}}

    Raises
    ------
    {{errors}}

    See Also
    --------
    median : The one in the middle.
    scipy.ndimage.percentile_filter : The same with ``mode="mirror"``.
    skimage.filters.rank.percentile : Of 8- and 16-bit images.

    References
    ----------
    R. C. Gonzalez and R. E. Woods, *Digital Image Processing*, 4th ed., 2018, section 5.3.

    Examples
    --------
    >>> import imfilter
    >>> imfilter.percentile([5, 1, 2, 3, 4], 25, 4)
    array([1, 1, 2, 2, 3])
    """
    return rank.apply(image, _at, size, footprint, common, q)


@documented
def minimum(
    image: npt.ArrayLike,
    size: Any = 3,
    *,
    footprint: npt.ArrayLike | None = None,
    **common: Unpack[Common],
) -> npt.NDArray:
    """Replace each sample by the smallest of its neighbourhood: grey erosion.

    Parameters
    ----------
    {{image}}
    {{window}}
    {{common}}

    Returns
    -------
    {{ranks}}

    Raises
    ------
    {{errors}}

    See Also
    --------
    maximum : The largest.
    scipy.ndimage.minimum_filter : The same with ``mode="mirror"``.
    cv2.erode : The same for odd sizes, with ``borderType=cv2.BORDER_REFLECT_101``.

    References
    ----------
    R. C. Gonzalez and R. E. Woods, *Digital Image Processing*, 4th ed., 2018, section 9.8.

    Examples
    --------
    >>> import imfilter
    >>> imfilter.minimum([3, 1, 4, 1, 5, 9], 3)
    array([1, 1, 1, 1, 1, 5])
    """
    return rank.apply(image, _first, size, footprint, common)


@documented
def maximum(
    image: npt.ArrayLike,
    size: Any = 3,
    *,
    footprint: npt.ArrayLike | None = None,
    **common: Unpack[Common],
) -> npt.NDArray:
    """Replace each sample by the largest of its neighbourhood: grey dilation.

    Parameters
    ----------
    {{image}}
    {{window}}
    {{common}}

    Returns
    -------
    {{ranks}}

    Raises
    ------
    {{errors}}

    See Also
    --------
    minimum : The smallest.
    scipy.ndimage.maximum_filter : The same with ``mode="mirror"``.
    cv2.dilate : The same for odd sizes, with ``borderType=cv2.BORDER_REFLECT_101``.

    References
    ----------
    R. C. Gonzalez and R. E. Woods, *Digital Image Processing*, 4th ed., 2018, section 9.8.

    Examples
    --------
    >>> import imfilter
    >>> imfilter.maximum([3, 1, 4, 1, 5, 9], 3)
    array([3, 4, 4, 5, 9, 9])
    """
    return rank.apply(image, _last, size, footprint, common)
