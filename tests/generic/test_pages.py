"""The examples of the pages about windows run, and print what the pages say."""

import functools
import re
import shlex
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest
import skimage.filters
from scipy.ndimage import generic_filter, uniform_filter

import imfilter
from imfilter import cli, io

ROOT = Path(__file__).parents[2]
RNG = np.random.default_rng(5)
IMAGE = RNG.random((40, 50))
DISC = np.hypot(*np.mgrid[-2:3, -2:3]) <= 2.3


def share_above(window, limit):
    return np.mean(window > limit)


NAMES = {
    "imfilter": imfilter,
    "np": np,
    "image": np.rint(IMAGE * 255).astype(np.uint8),
    "page": np.rint(IMAGE * 255).astype(np.uint8),
    "disc": DISC,
    "present": IMAGE > 0.2,
    "depth": np.where(IMAGE > 0.8, np.nan, IMAGE),
    "shares": IMAGE,
    "share_above": share_above,
}


def blocks(name):
    return re.findall(r"```python\n(.*?)```", (ROOT / "docs" / name).read_text(), re.S)


@pytest.mark.parametrize(("name", "number"), [("generic.md", 2), ("windows.md", 1), ("threshold.md", 1)])
def test_examples_run(name, number):
    names, found = dict(NAMES), blocks(name)
    assert len(found) == number
    for block in found:
        for statement in re.split(r"\n(?=\S)", block.strip()):
            exec(statement, names)
    if name == "generic.md":  # functions of the page, also with gaps
        for mask in (None, NAMES["present"]):
            for function in (names["contrast"], names["clipped"]):
                assert np.isfinite(imfilter.generic(IMAGE, function, 3, mask=mask)).all()


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


@pytest.mark.parametrize("name", ["windows.md", "threshold.md"])
def test_commands_run(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for file in ("in.png", "page.png", "coins.png", "photo.png"):
        io.write(Path(file), io.Image(NAMES["image"]))
    lines = re.findall(r"^    imfilter (.+)$", (ROOT / "docs" / name).read_text(), re.M)
    assert len(lines) == 3
    for line in lines:
        assert cli.call(shlex.split(line)) == 0, line
        assert Path(shlex.split(line)[2]).stat().st_size


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
        names["x"] = NAMES["image"] if "entropy" in ours else IMAGE
        found, expected = eval(ours, names), eval(theirs, names)
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-9, err_msg=ours)
