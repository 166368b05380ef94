"""The code of docs/larger_than_memory.md runs, on a smaller array."""

import re
from pathlib import Path

import numpy as np
import pytest

PAGE = Path(__file__).resolve().parents[2] / "docs" / "larger_than_memory.md"
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)


def test_dask(tmp_path, monkeypatch):
    pytest.importorskip("dask.array")
    monkeypatch.chdir(tmp_path)
    (code,) = [block for block in BLOCKS if "import dask.array" in block]
    (into,) = [block for block in BLOCKS if "out=place" in block]
    code = code.replace("10_000", "200").replace("2048", "64")
    names = {}
    exec("\n".join(line for line in code.splitlines() if "to_zarr" not in line), names)
    assert names["edges"].shape == (200, 200)
    assert names["edges"].numblocks == (4, 4)
    exec(into, names)
    np.testing.assert_array_equal(np.load("edges.npy"), names["edges"].compute())


def test_xarray():
    pytest.importorskip("xarray")
    (code,) = [block for block in BLOCKS if "import xarray" in block]
    names = {}
    exec(code, names)
    np.testing.assert_array_equal(names["small"].y[:3], [5, 25, 45])
    assert names["smooth"].attrs == {"units": "reflectance"}
    assert names["slope"].dims == ("band", "y", "x")
