"""The pages about windows and series: their calls give the results of other libraries."""

import functools
import re
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import skimage.filters
from scipy.ndimage import generic_filter, uniform_filter

import imfilter

ROOT = Path(__file__).parents[2]
RNG = np.random.default_rng(5)
IMAGE = RNG.random((40, 50))
BYTES = np.rint(IMAGE * 255).astype(np.uint8)
DISC = np.hypot(*np.mgrid[-2:3, -2:3]) <= 2.3


def blocks(name):
    return re.findall(r"```python\n(.*?)```", (ROOT / "docs" / name).read_text(), re.S)


def test_examples_of_series_run():
    names = {"np": np, "imfilter": imfilter}
    first, *more = blocks("series.md")
    exec(first, names)
    (own,) = [block for block in more if "moving_apply" in block]
    exec(own, names)
    x, crest, series = names["x"][:200], names["crest"], names["series"]
    found = series.moving_apply(x, crest, 25, align="causal", mode="shrink", min_count=10)
    expected = pd.Series(x).rolling(25, min_periods=10).apply(crest, raw=True)
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_rows_of_equivalents_are_equal():
    """The calls in the table of docs/windows.md."""
    names = {"generic_filter": generic_filter, "uniform_filter": uniform_filter, "np": np, "n": 5}
    names |= {"filters": skimage.filters, "d": DISC.astype(np.uint8), "CV_64F": cv2.CV_64F}
    for name in ("boxFilter", "sqrBoxFilter"):
        names[name] = functools.partial(getattr(cv2, name), borderType=cv2.BORDER_REFLECT)
    names |= {key: getattr(imfilter, key) for key in ("local_std", "local_variance", "local_entropy")}
    rows = re.findall(r"^\| `([^`]+)` \| [\w-]+: `([^`]+)`", (ROOT / "docs/windows.md").read_text(), re.M)
    assert len(rows) == 4
    for ours, theirs in rows:
        names["x"] = BYTES if "entropy" in ours else IMAGE
        found, expected = eval(ours, names), eval(theirs, names)
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-9, err_msg=ours)
