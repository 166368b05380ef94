"""The calls of other libraries in docs/missing.md give the same result."""

import re
from math import ceil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.ndimage import gaussian_filter, uniform_filter

import imfilter

PAGE = (Path(__file__).parents[2] / "docs" / "missing.md").read_text()
RNG = np.random.default_rng(8)
X = RNG.normal(size=(60, 70))
X[RNG.random(X.shape) < 0.3] = np.nan
PRESENT = ~np.isnan(X)
NAMES = {
    "image": X,
    "present": PRESENT,
    "zeroed": np.where(PRESENT, X, 0),
    "x": X,
    "s": 2,
    "r": 8,
    "n": 5,
    "m": 3,
    "masked_array": np.ma.masked_array(X, ~PRESENT),
    "imfilter": imfilter,
    "ceil": ceil,
    "Series": pd.Series,
    "coverage": imfilter.coverage,
    "gaussian": imfilter.gaussian,
    "box": imfilter.box,
    "fill": imfilter.fill,
    "np": np,
    "gaussian_filter": gaussian_filter,
    "uniform_filter": uniform_filter,
    "minimum": imfilter.minimum,
}
ROWS = re.findall(r"^\| (`[^|]+) \| (\w+)[^|]*?: `([^|]+)` \|$", PAGE, re.M)


def astropy():
    """The import takes a second, which processes without these tests need not spend."""
    from astropy import convolution

    return convolution


@pytest.mark.parametrize("library", ["astropy", "SciPy", "pandas"])
def test_calls_of_other_libraries(library):
    rows = [(ours.split("`")[1], theirs) for ours, name, theirs in ROWS if name == library]
    assert len(rows) == 2
    for ours, theirs in rows:
        names = NAMES | ({"x": X[0]} if library == "pandas" else {})
        if library == "astropy":
            names |= vars(astropy())
        found, expected = eval(ours, names), eval(theirs, names)
        np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-12, err_msg=ours)
        assert np.isnan(found).any() == (library == "pandas")


def test_the_call_of_julia_by_its_formula():
    """Normalized by what is present inside the image, with a kernel of twice ceil(s) samples to each side."""
    ((ours, _, _),) = [row for row in ROWS if row[1] == "Julia"]
    taps = np.exp(-(np.arange(-4, 5) ** 2) / 8)
    kernel = np.outer(taps, taps) / taps.sum() ** 2
    sums = [imfilter.correlate(a, kernel, mode="zero") for a in (NAMES["zeroed"], PRESENT.astype(float))]
    np.testing.assert_allclose(eval(ours.split("`")[1], dict(NAMES)), sums[0] / sums[1], rtol=1e-10)


def test_differences_of_other_libraries():
    with pytest.raises(ValueError, match="sum"):
        astropy().convolve(X, np.array([[-1.0, 0.0, 1.0]]))
