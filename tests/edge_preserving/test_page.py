"""The examples of docs/edge_preserving.md."""

import re
from pathlib import Path

import numpy as np

import imfilter

PAGE = Path(__file__).parents[2] / "docs" / "edge_preserving.md"


def test_examples_run():
    rng = np.random.default_rng(0)
    grey, rgb = rng.random((20, 24)) * 255, rng.random((20, 24, 3)) * 255
    names = {"imfilter": imfilter, "image": grey, "rgb": rgb, "photo": grey, "mask": grey > 99.0}
    names["depth"] = np.where(grey > 200, np.nan, grey)
    (block,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.S)
    for line in block.strip().splitlines():
        assert np.isfinite(eval(line, names)).all(), line
