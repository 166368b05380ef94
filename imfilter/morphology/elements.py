"""Structuring elements: arrays of truth values around an origin in the middle."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from imfilter._base import arguments
from imfilter._filters.morphology.structure import Element
from imfilter.typing import NDArray

__all__ = ["Element", "ball", "diamond", "disk", "line", "octagon", "rectangle", "star"]

#: Largest radius or length.
_MOST = 1 << 12


def _radius(value: Any, name: str = "radius") -> float:
    """Return a radius."""
    found = arguments.number(value, name)
    if not 0 <= found <= _MOST:
        raise ValueError(f"{name} must be from 0 to {_MOST}, got {arguments.brief(value)}")
    return found


def _distances(radius: float, ndim: int) -> tuple[NDArray, ...]:
    """Return the positions along each axis within a radius, in arrays that broadcast against each other."""
    reach = np.arange(-math.floor(radius), math.floor(radius) + 1)
    return tuple(np.meshgrid(*[reach] * ndim, indexing="ij", sparse=True))


def disk(radius: float) -> Element:
    """Return a disc: the samples whose distance from the origin is at most the radius.

    Parameters
    ----------
    radius : float
        Largest distance from the origin, in samples, from 0 to 4096.

    Returns
    -------
    Element
        Array of bool of shape (2n + 1, 2n + 1), where n is the radius rounded down.

    Raises
    ------
    TypeError, ValueError
        If `radius` is not a number, or not from 0 to 4096.

    See Also
    --------
    ball : The same with three axes.
    skimage.morphology.disk : The same for whole radii.

    Examples
    --------
    >>> from imfilter import morphology
    >>> morphology.disk(1).astype(int)
    Element([[0, 1, 0],
             [1, 1, 1],
             [0, 1, 0]])
    """
    reach = _radius(radius)
    y, x = _distances(reach, 2)
    return Element.of(y * y + x * x <= reach * reach, f"disk({radius})")


def ball(radius: float) -> Element:
    """Return a ball: the samples of a volume whose distance from the origin is at most the radius.

    Parameters
    ----------
    radius : float
        Largest distance from the origin, in samples, from 0 to 256.

    Returns
    -------
    Element
        Array of bool of shape (2n + 1, 2n + 1, 2n + 1), where n is the radius rounded down.

    Raises
    ------
    TypeError, ValueError
        If `radius` is not a number, or not from 0 to 256.

    See Also
    --------
    disk : The same with two axes.
    skimage.morphology.ball : The same for whole radii.

    Examples
    --------
    >>> from imfilter import morphology
    >>> int(morphology.ball(2).sum())
    33
    """
    reach = _radius(radius)
    if reach > 256:
        raise ValueError(f"radius must be from 0 to 256, got {arguments.brief(radius)}")
    z, y, x = _distances(reach, 3)
    return Element.of(z * z + y * y + x * x <= reach * reach, f"ball({radius})")


def diamond(radius: int) -> Element:
    """Return a diamond: the samples that at most `radius` steps along the axes reach.

    Parameters
    ----------
    radius : int
        Largest number of steps from the origin, from 0 to 4096.

    Returns
    -------
    Element
        Array of bool of shape (2*radius + 1, 2*radius + 1).

    Raises
    ------
    TypeError, ValueError
        If `radius` is not an integer, or not from 0 to 4096.

    See Also
    --------
    skimage.morphology.diamond : The same.

    Examples
    --------
    >>> from imfilter import morphology
    >>> morphology.diamond(2).sum(axis=1).tolist()
    [1, 3, 5, 3, 1]
    """
    reach = arguments.integer(radius, "radius", least=0, most=_MOST)
    y, x = _distances(reach, 2)
    return Element.of(abs(y) + abs(x) <= reach, f"diamond({reach})")


def octagon(m: int, n: int) -> Element:
    """Return an octagon: a square whose corners are cut off.

    Parameters
    ----------
    m : int
        Length of the horizontal and vertical sides in samples, at least 1.
    n : int
        Rows and columns of each cut corner, at least 0.

    Returns
    -------
    Element
        Array of bool of shape (m + 2*n, m + 2*n).

    Raises
    ------
    TypeError, ValueError
        If an argument is not an integer, or out of range.

    See Also
    --------
    skimage.morphology.octagon : The same.

    Examples
    --------
    >>> from imfilter import morphology
    >>> morphology.octagon(3, 1).sum(axis=1).tolist()
    [3, 5, 5, 5, 3]
    """
    side = arguments.integer(m, "m", least=1, most=_MOST)
    cut = arguments.integer(n, "n", least=0, most=_MOST)
    there = np.arange(side + 2 * cut)
    corner = np.minimum(there, there[::-1])
    return Element.of(np.add.outer(corner, corner) >= cut, f"octagon({side}, {cut})")


def rectangle(shape: int | tuple[int, ...]) -> Element:
    """Return a box of one to three axes.

    Parameters
    ----------
    shape : int or sequence of int
        Lengths along the axes. One number: a square of two axes.

    Returns
    -------
    Element
        Array of bool that is true everywhere.

    Raises
    ------
    TypeError, ValueError
        If the lengths are no integers of at least 1, or more than three.

    See Also
    --------
    skimage.morphology.footprint_rectangle : The same.

    Examples
    --------
    >>> from imfilter import morphology
    >>> morphology.rectangle((2, 3)).shape
    (2, 3)
    """
    given = arguments.each(shape, None, "shape")
    lengths = tuple(arguments.integer(n, "shape", least=1, most=_MOST) for n in given)
    if not 1 <= len(lengths) <= 3:
        raise ValueError(f"shape must have 1 to 3 lengths, got {arguments.brief(shape)}")
    lengths = lengths * 2 if np.ndim(shape) == 0 else lengths
    if math.prod(lengths) > _MOST * _MOST:
        raise ValueError(f"shape must have at most {_MOST * _MOST} samples, got {arguments.brief(shape)}")
    return Element.of(np.ones(lengths, bool), f"rectangle({lengths})")


def line(length: int, angle: float) -> Element:
    """Return a digital line through the origin: one sample for each step along its longer axis.

    Parameters
    ----------
    length : int
        Distance between the first and the last sample, plus 1: the number of samples of a horizontal or
        vertical line. At least 1. The line is symmetric, so an even length acts like the odd one below it.
    angle : float
        Direction in degrees: 0 is along a row, 90 along a column. From 0 on it turns counter-clockwise as
        the image is seen, with the first row on top: a line of 45 degrees rises from left to right.

    Returns
    -------
    Element
        Array of bool with an odd number of rows and columns: as many as the line needs.

    Raises
    ------
    TypeError, ValueError
        If `length` is not an integer from 1 to 4096, or `angle` not a finite number.

    References
    ----------
    J. E. Bresenham, "Algorithm for computer control of a digital plotter", *IBM Systems Journal*, 4(1), 1965.

    Examples
    --------
    >>> from imfilter import morphology
    >>> morphology.line(7, 30).astype(int)
    Element([[0, 0, 0, 0, 0, 0, 1],
             [0, 0, 0, 0, 1, 1, 0],
             [0, 0, 0, 1, 0, 0, 0],
             [0, 1, 1, 0, 0, 0, 0],
             [1, 0, 0, 0, 0, 0, 0]])
    """
    reach = (arguments.integer(length, "length", least=1, most=_MOST) - 1) // 2
    turn = math.radians(arguments.number(angle, "angle"))
    # Halves round up, whatever the rounding errors of the sine and the cosine are.
    ends = [math.floor(abs(reach * f) + 0.5 + 1e-9) for f in (math.sin(turn), math.cos(turn))]
    rising = math.sin(turn) * math.cos(turn) > 0
    high, wide = ends
    most, least = max(ends), min(ends)
    inside = np.zeros((2 * high + 1, 2 * wide + 1), bool)
    for i in range(-most, most + 1):
        # Half of a sample rounds away from the origin, on both sides.
        other = (2 * abs(i) * least + most) // (2 * most) if most else 0
        other = -other if i < 0 else other
        y, x = (i, other) if high > wide else (other, i)
        inside[high + (-y if rising else y), wide + x] = True
    return Element.of(inside, f"line({length}, {angle})")


def star(a: int) -> Element:
    """Return a star of eight points: a square and the same square turned by 45 degrees.

    Parameters
    ----------
    a : int
        Size: the square has 2*a + 1 rows, and the points reach ``a//2`` samples beyond it. At least 1.

    Returns
    -------
    Element
        Array of bool of shape (n, n) with ``n = 2*a + 1 + 2*(a//2)``.

    Raises
    ------
    TypeError, ValueError
        If `a` is not an integer, or not from 1 to 4096.

    See Also
    --------
    skimage.morphology.star : The same.

    Examples
    --------
    >>> from imfilter import morphology
    >>> morphology.star(2).sum(axis=1).tolist()
    [1, 5, 5, 7, 5, 5, 1]
    """
    size = arguments.integer(a, "a", least=1, most=_MOST)
    reach = size + size // 2
    y, x = _distances(reach, 2)
    inside = (np.maximum(abs(y), abs(x)) <= size) | (abs(y) + abs(x) <= reach)
    return Element.of(inside, f"star({size})")
