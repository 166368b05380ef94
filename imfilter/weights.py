"""Standard kernels, and functions that return kernels.

The arrays are float64 and read-only. All kernels are *correlation* kernels: the weight at index i multiplies
the sample i steps after the first sample of the window. The centre of an odd kernel is its middle weight.

Examples
--------
>>> import imfilter
>>> imfilter.correlate([0.0, 0.0, 1.0, 0.0, 0.0], imfilter.weights.TRIANGLE_5, mode="zero")
array([0.1, 0.2, 0.4, 0.2, 0.1])
>>> imfilter.weights.SOBEL.kernel(axis=1)
array([[-1.,  0.,  1.],
       [-2.,  0.,  2.],
       [-1.,  0.,  1.]])
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np

from imfilter._base import arguments
from imfilter._base.memo import remembered
from imfilter._filters.linear.operators import Taps, Term, outer
from imfilter.typing import ArrayLike

__all__ = [
    "CROSS_X",
    "FARID",
    "FIRST_DIFFERENCE",
    "GAUSSIAN_5X5",
    "LAPLACIAN",
    "LAPLACIAN_DIAGONALS",
    "MEAN_5",
    "PREWITT",
    "ROBERTS",
    "SCHARR",
    "SECOND_DIFFERENCE",
    "SHARPEN",
    "SOBEL",
    "TRIANGLE_5",
    "Gradient",
    "box",
    "gaussian",
    "laplacian",
]


#: Largest accepted length of a kernel: 128 MB of weights for an axis. Longer kernels are probably mistakes.
MOST_TAPS = 1 << 24
#: Largest accepted order: higher derivatives of a sampled Gaussian are numerical noise.
_MOST_ORDER = 20


def _constant(values: ArrayLike) -> Taps:
    array = np.array(values, dtype=np.float64)
    array.flags.writeable = False
    return array


_ONE = _constant([1.0])
#: Central difference over two samples: (x[i+1] - x[i-1]), twice the derivative.
FIRST_DIFFERENCE = _constant([-1, 0, 1])
#: Second difference: x[i-1] - 2*x[i] + x[i+1].
SECOND_DIFFERENCE = _constant([1, -2, 1])
#: Mean of 5 samples.
MEAN_5 = _constant(np.full(5, 0.2))
#: Weighted mean of 5 samples; the weights decrease from the centre to both sides.
TRIANGLE_5 = _constant([0.1, 0.2, 0.4, 0.2, 0.1])
#: Integer approximation of a Gaussian of sigma 1, divided by its sum of 273.
GAUSSIAN_5X5 = _constant(
    np.array([[1, 4, 7, 4, 1], [4, 16, 26, 16, 4], [7, 26, 41, 26, 7], [4, 16, 26, 16, 4], [1, 4, 7, 4, 1]])
    / 273
)
#: Sum of the second differences along both axes.
LAPLACIAN = _constant([[0, 1, 0], [1, -4, 1], [0, 1, 0]])
#: The eight-neighbour Laplacian.
LAPLACIAN_DIAGONALS = _constant([[1, 1, 1], [1, -8, 1], [1, 1, 1]])
#: The image minus its Laplacian.
SHARPEN = _constant([[0, -1, 0], [-1, 5, -1], [0, -1, 0]])
#: Mean over an x-shaped cross.
CROSS_X = _constant(np.array([[1, 0, 1], [0, 1, 0], [1, 0, 1]]) / 5)


@dataclass(frozen=True, eq=False)
class Gradient:
    """A separable derivative operator: a difference along one axis, smoothing along the other axes.

    Attributes
    ----------
    difference : ndarray
        Taps along the axis of the derivative.
    smoothing : ndarray
        Taps along every other axis.
    """

    difference: Taps
    smoothing: Taps

    def along(
        self, axis: int, ndim: int, *, normalize: bool = False, spacing: Sequence[float] | None = None
    ) -> Term:
        """Return the 1-D taps of the derivative along `axis`, one array for each of `ndim` axes.

        Parameters
        ----------
        axis : int
            Axis of the derivative, from 0 to ndim - 1.
        ndim : int
            Number of axes.
        normalize : bool, optional
            Whether to scale the taps so that a ramp of slope 1 gives 1. Default False: the taps are not
            scaled.
        spacing : sequence of float, optional
            Distance between samples along each axis. The derivative is divided by it. Default 1.

        Returns
        -------
        tuple of ndarray
            A separable kernel for `imfilter.correlate`.

        Examples
        --------
        >>> import imfilter
        >>> imfilter.weights.PREWITT.along(0, 2)
        (array([-1.,  0.,  1.]), array([1., 1., 1.]))
        """
        axis = arguments.axis_index(axis, ndim, "axis")
        steps = arguments.spacings(spacing, ndim)
        difference = self.difference / steps[axis]
        if not normalize:
            return tuple(difference if a == axis else self.smoothing for a in range(ndim))
        reach = np.abs(np.arange(len(self.difference)) - len(self.difference) // 2)
        slope = (np.abs(self.difference) * reach).sum()
        smoothing = self.smoothing / self.smoothing.sum()
        return tuple(difference / slope if a == axis else smoothing for a in range(ndim))

    def kernel(self, axis: int, ndim: int = 2) -> Taps:
        """Return the dense kernel of the derivative along `axis` of an image of `ndim` axes.

        Parameters
        ----------
        axis : int
            Axis of the derivative. In a picture, 0 is vertical and 1 is horizontal.
        ndim : int, optional
            Number of axes. Default 2.

        Returns
        -------
        ndarray
            Array with `ndim` axes.

        Examples
        --------
        >>> import imfilter
        >>> imfilter.weights.SCHARR.kernel(axis=0)
        array([[ -3., -10.,  -3.],
               [  0.,   0.,   0.],
               [  3.,  10.,   3.]])
        """
        return outer(self.along(axis, arguments.integer(ndim, "ndim", least=1)))


#: Sobel operator (Sobel and Feldman, 1968).
SOBEL = Gradient(FIRST_DIFFERENCE, _constant([1, 2, 1]))
#: Scharr operator (Scharr, 2000). Its rotation invariance is better than that of the Sobel operator.
SCHARR = Gradient(FIRST_DIFFERENCE, _constant([3, 10, 3]))
#: Prewitt operator (Prewitt, 1970).
PREWITT = Gradient(FIRST_DIFFERENCE, _constant([1, 1, 1]))
#: Farid operator of five taps (Farid and Simoncelli, 2004, table II).
FARID = Gradient(
    _constant([-0.109603762960254, -0.276690988455557, 0, 0.276690988455557, 0.109603762960254]),
    _constant(
        [0.0376593171958126, 0.249153396177344, 0.426374573253687, 0.249153396177344, 0.0376593171958126]
    ),
)
#: Differences of the Roberts cross along the axes (Roberts, 1963).
ROBERTS = Gradient(_constant([-1, 1]), _constant([1, 1]))


def gaussian(sigma: float, *, order: int = 0, truncate: float = 4.0, radius: int | None = None) -> Taps:
    """Return the taps of a sampled Gaussian, or of one of its derivatives.

    Parameters
    ----------
    sigma : float
        Standard deviation in samples. 0 gives the single tap 1.
    order : int, optional
        Order of the derivative. Default 0: the Gaussian, whose taps sum to 1.
    truncate : float, optional
        Cut the kernel at this many standard deviations. Default 4.
    radius : int, optional
        Radius of the kernel in samples. Default ``int(truncate*sigma + 0.5)``.

    Returns
    -------
    ndarray
        ``2*radius + 1`` taps of a correlation kernel.

    Raises
    ------
    TypeError, ValueError
        If an argument has the wrong type or value.

    See Also
    --------
    cv2.getGaussianKernel : The same taps for order 0 and a given odd length.

    References
    ----------
    The derivatives are the Gaussian times Hermite polynomials: M. Abramowitz and I. A. Stegun,
    *Handbook of Mathematical Functions*, 1964, section 22.

    Examples
    --------
    >>> import imfilter
    >>> imfilter.weights.gaussian(1.0, radius=1).round(3)
    array([0.274, 0.452, 0.274])
    """
    return _checked(sigma, order, truncate, radius).copy()


def _checked(sigma: float, order: int, truncate: float, radius: int | None, name: str = "sigma") -> Taps:
    """Return the taps of `gaussian` as a read-only array. `name` is the argument that gives `sigma`."""
    (sigma,) = arguments.sigmas(sigma, 1, name)
    order = arguments.integer(order, "order", least=0, most=_MOST_ORDER)
    truncate = arguments.number(truncate, "truncate")
    if truncate < 0:
        raise ValueError(f"truncate must be at least 0, got {truncate}")
    if sigma == 0.0:
        if order:
            raise ValueError(f"{name} must be positive for a derivative of order {order}, got 0.0")
        return _ONE
    if radius is None:
        reach = truncate * sigma + 0.5
        if not reach < MOST_TAPS / 2:
            raise ValueError(
                f"{name} must give a kernel of at most {MOST_TAPS} taps, "
                f"got {sigma} samples with truncate={truncate}"
            )
        radius = int(reach)
    return _gaussian(sigma, order, arguments.integer(radius, "radius", least=0, most=MOST_TAPS // 2 - 1))


@remembered(abs)
def _positions(radius: int) -> Taps:
    """Return the positions of the taps of a kernel about its centre."""
    return np.arange(-radius, radius + 1, dtype=np.float64)


def _bell(x: Taps, sigma: float) -> Taps:
    """Return a Gaussian that is 1 at 0."""
    bell: Taps = x / sigma
    bell *= bell
    bell *= -0.5
    return np.exp(bell, out=bell)


#: The same further away than `_FAR` deviations, where values underflow. To ignore this takes 2 us.
_FAR = 37
_far_bell = np.errstate(over="ignore", under="ignore")(_bell)


@functools.lru_cache(maxsize=128)
def _gaussian(sigma: float, order: int, radius: int) -> Taps:
    """Return the taps for checked arguments."""
    x = _positions(radius)
    bell = _bell(x, sigma) if radius <= _FAR * sigma else _far_bell(x, sigma)
    bell /= np.add.reduce(bell)
    if order == 0:
        bell.flags.writeable = False
        return bell
    # Each derivative of p(x) * bell is (p' - x/sigma^2 * p) * bell.
    # NumPy imports this module at its first use.
    factor = np.polynomial.Polynomial([1.0])
    for _ in range(order):
        factor = factor.deriv() + factor * np.polynomial.Polynomial([0.0, -1.0 / sigma / sigma])
    # Flipped, because a correlation reads the samples in the opposite order of a convolution.
    return _constant((factor(x) * bell)[::-1])


def box(size: int) -> Taps:
    """Return the taps of the mean of `size` samples.

    Parameters
    ----------
    size : int
        Number of samples, at least 1.

    Returns
    -------
    ndarray
        `size` equal taps that sum to 1.

    Raises
    ------
    TypeError, ValueError
        If `size` is not an integer, or if it is less than 1.

    Examples
    --------
    >>> import imfilter
    >>> imfilter.weights.box(4)
    array([0.25, 0.25, 0.25, 0.25])
    """
    size = arguments.integer(size, "size", least=1, most=MOST_TAPS)
    return np.full(size, 1.0 / size)


def laplacian(ndim: int = 2, *, diagonals: bool = False) -> Taps:
    """Return the kernel of the Laplacian over `ndim` axes.

    Parameters
    ----------
    ndim : int, optional
        Number of axes. Default 2.
    diagonals : bool, optional
        Whether all ``3**ndim - 1`` neighbours have the weight 1. Default False: only the neighbours along the
        axes. Then the kernel is the sum of the second differences.

    Returns
    -------
    ndarray
        Array of shape (3,)*ndim. Its sum is 0.

    Raises
    ------
    TypeError, ValueError
        If an argument has the wrong type or value.

    Examples
    --------
    >>> import imfilter
    >>> imfilter.weights.laplacian(1)
    array([ 1., -2.,  1.])
    """
    ndim = arguments.integer(ndim, "ndim", least=1)
    kernel = np.zeros((3,) * ndim)
    for step in itertools.product((-1, 0, 1), repeat=ndim):
        distance = sum(map(abs, step))
        if arguments.flag(diagonals, "diagonals") or distance == 1:
            kernel[tuple(s + 1 for s in step)] = 1.0
    kernel[(1,) * ndim] = 0.0
    kernel[(1,) * ndim] = -kernel.sum()
    return kernel


def gaussians(
    sigmas: Sequence[float],
    orders: Sequence[int],
    truncate: float,
    radius: Any,
    spacings: Sequence[float],
    name: str = "sigma",
) -> Term:
    """Return Gaussian taps for each axis. The standard deviations are in the unit of `spacings`.

    `name` is the argument that gives them.
    """
    count = len(sigmas)
    radii = (None,) * count if radius is None else arguments.integers(radius, count, "radius", least=0)
    made: dict[tuple[Any, ...], Taps] = {}
    found = []
    for axis in zip(sigmas, orders, radii, spacings, strict=True):
        if axis not in made:  # usually the axes are equal
            made[axis] = _scaled(truncate, *axis, name)
        found.append(made[axis])
    return tuple(found)


def _scaled(truncate: float, sigma: float, order: int, radius: Any, spacing: float, name: str) -> Taps:
    """Return Gaussian taps for an axis with a spacing, as a read-only array."""
    taps = _checked(sigma / spacing, order, truncate, radius, name)
    return taps / np.float64(spacing) ** order if order else taps


def __getattr__(name: str) -> NoReturn:
    from imfilter._base.suggestions import attribute_error

    raise attribute_error(__name__, name, __all__)
