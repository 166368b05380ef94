"""Correlation coefficients from sums over windows."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from imfilter._base.denormals import as_zeros

#: A variance below this share of the mean square is a rounding error.
_FLAT = 1e-14


class Template(NamedTuple):
    """A template with a mean of 0 and a length of 1, and how much its samples count."""

    samples: npt.NDArray[np.float64]
    counts: npt.NDArray[np.float64] | None

    @classmethod
    def of(cls, samples: npt.NDArray, counts: npt.NDArray[np.float64] | None) -> "Template":
        """Return a template. Raise ValueError if all samples that count are equal."""
        given = np.ones(samples.shape) if counts is None else counts
        there = given > 0
        if not there.any():
            raise ValueError("template_mask must have a sample that is present, got none")
        wide = np.where(there, samples, 0).astype(np.longdouble)
        if not np.isfinite(wide).all():
            raise ValueError("template must be finite where it is present")
        wide = np.where(there, wide - (wide * given).sum() / given.sum(), 0)
        square = (wide * wide * given).sum()
        if not square > 0:
            raise ValueError("template must have different samples, got equal ones")
        return cls((wide / np.sqrt(square)).astype(np.float64), counts)


@as_zeros
def whole(products: npt.NDArray, spread: npt.NDArray, count: int) -> npt.NDArray:
    """Return the coefficients of windows in place of the sums of `products`.

    `spread` is the standard deviation of each window. It is overwritten.
    """
    with np.errstate(all="ignore"):
        spread *= spread.dtype.type(np.sqrt(count))
        flat = spread == 0
        np.divide(products, spread, out=products)
    products[flat] = 0
    return np.clip(products, -1, 1, out=products)


class Sums(NamedTuple):
    """Sums over the samples of a window that are present, times how much the template counts there.

    `n` is of ones, `x` and `xx` of samples and squares, `t` and `tt` of the template, `xt` of products.
    """

    n: npt.NDArray
    x: npt.NDArray
    xx: npt.NDArray
    t: npt.NDArray
    tt: npt.NDArray
    xt: npt.NDArray

    @as_zeros
    def coefficients(self) -> npt.NDArray[np.float64]:
        """Return the correlation coefficients (D. Padfield, 2012), and 0 where a side is flat."""
        with np.errstate(all="ignore"):
            image = _variance(self.xx, self.x, self.n)
            template = _variance(self.tt, self.t, self.n)
            found: npt.NDArray[np.float64] = (self.xt - self.x * self.t / self.n) / np.sqrt(image * template)
        found[(image <= 0) | (template <= 0)] = 0
        return np.clip(found, -1, 1, out=found)


def _variance(squares: npt.NDArray, sums: npt.NDArray, n: npt.NDArray) -> Any:
    """Return the sum of squared distances from the mean. It is NaN in a window with NaN or infinity."""
    found = squares - sums * sums / n
    return np.where(found <= _FLAT * squares, 0, found)
