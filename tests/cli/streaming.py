"""Comparison of the files that the command writes in bands and whole."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

from imfilter import io
from imfilter._cli import streamed, strips
from tests.cli.commands import done


def same(written: list[str], monkeypatch: pytest.MonkeyPatch, source: Path, suffix: str, *words: str) -> None:
    """Check that a command writes the same file in bands as whole."""
    written.clear()
    name, *options = words
    out, whole = source.with_name(f"bands{suffix}"), source.with_name(f"whole{suffix}")
    done(name, source, out, *options)
    assert written == [str(out)], f"{words} is not streamed"
    written.clear()
    with monkeypatch.context() as patch:
        patch.setattr(streamed, "_SMALL", 1 << 60)
        patch.setattr(strips, "_BAND", 1 << 40)
        done(name, source, whole, *options)
    assert written == []
    if suffix != ".png":
        assert out.read_bytes() == whole.read_bytes()
        return
    found, wanted = io.read(out), io.read(whole)
    np.testing.assert_array_equal(found.pixels, wanted.pixels)
    assert found.pixels.dtype == wanted.pixels.dtype
    for name in ("alpha", "channels", "icc", "exif", "dpi", "colorimetry"):
        assert getattr(found, name) == getattr(wanted, name), name


def tiff(path: Path, pixels: np.ndarray, **layout: Any) -> Path:
    """Write a TIFF with a resolution."""
    colours = pixels.ndim == 3 and layout.get("planarconfig") != "separate"
    layout.setdefault("photometric", "rgb" if colours else "minisblack")
    tifffile.imwrite(path, pixels, metadata=None, resolution=(300, 200), resolutionunit="INCH", **layout)
    return path
