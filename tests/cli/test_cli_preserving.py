"""The commands that smooth without crossing edges: guides, defaults and transparency."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import imfilter
from imfilter import io
from tests.cli.commands import PRESERVING, done, failed, noise, save

OPTIONS = {"bilateral": ["--sigma-space", 1, "--sigma-range", 30], "guided": ["--radius", 2, "--eps", 100]}
ARGUMENTS = {"bilateral": (1, 30), "guided": (2, 100)}


@pytest.mark.parametrize("name", PRESERVING)
def test_the_command_is_the_function(tmp_path: Path, name: str) -> None:
    function = getattr(imfilter, name)
    for shape, dtype in (((25, 27), "uint8"), ((25, 27, 3), "uint8"), ((25, 27), "uint16")):
        pixels = noise(*shape, dtype=dtype)
        source = save(tmp_path / "in.png", pixels)
        done(name, source, tmp_path / "out.png", *OPTIONS[name])
        expected = function(pixels, *ARGUMENTS[name], channel_axis=-1 if len(shape) > 2 else None)
        np.testing.assert_array_equal(io.read(tmp_path / "out.png").pixels, expected)
        done(name, source, tmp_path / "out.npy", *OPTIONS[name], "--dtype", "float32")
        exact = function(
            pixels, *ARGUMENTS[name], channel_axis=-1 if len(shape) > 2 else None, dtype=np.float32
        )
        np.testing.assert_array_equal(np.load(tmp_path / "out.npy"), exact)


@pytest.mark.parametrize("name", PRESERVING)
def test_defaults_are_shares_of_white(tmp_path: Path, name: str) -> None:
    white = 65535
    pixels = noise(25, 27, dtype="uint16")
    done(name, save(tmp_path / "in.png", pixels), tmp_path / "out.png")
    given = (2, 0.1 * white) if name == "bilateral" else (4, (0.1 * white) ** 2)
    np.testing.assert_array_equal(
        io.read(tmp_path / "out.png").pixels, getattr(imfilter, name)(pixels, *given)
    )


@pytest.mark.parametrize("name", PRESERVING)
def test_guides(tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    function = getattr(imfilter, name)
    grey, colour = noise(25, 27), noise(25, 27, 3)
    files = {"grey": save(tmp_path / "grey.png", grey), "colour": save(tmp_path / "colour.png", colour)}
    for pixels, guide, source, other in (
        (grey, colour, "grey", "colour"),
        (colour, grey, "colour", "grey"),
        (grey, grey[::-1], "grey", "turned"),
    ):
        if other == "turned":
            files[other] = save(tmp_path / "turned.png", guide)
        done(name, files[source], tmp_path / "out.png", *OPTIONS[name], "--guide", files[other])
        axis = -1 if max(pixels.ndim, guide.ndim) > 2 else None
        expected = function(pixels, *ARGUMENTS[name], guide=guide, channel_axis=axis)
        np.testing.assert_array_equal(io.read(tmp_path / "out.png").pixels, expected)
    small = save(tmp_path / "small.png", noise(5, 6))
    text = failed(capsys, 2, name, files["grey"], tmp_path / "out.png", "--guide", small)
    assert "--guide must have the size of IN, 27 x 25 pixels, got 6 x 5" in text


@pytest.mark.parametrize("name", PRESERVING)
@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_transparent_pixels_do_not_bleed(tmp_path: Path, name: str, dtype: str) -> None:
    top = np.iinfo(dtype).max
    y, x = np.mgrid[:33, :41]
    disc = (y - 16) ** 2 + (x - 20) ** 2 < 100
    pixels = np.zeros((33, 41, 4), dtype)
    pixels[...] = (0, top, 0, 0)
    pixels[disc] = (top // 5 * 4, top // 3, top // 7, top)
    pixels[16, 20, 3] = top // 2
    done(name, save(tmp_path / "in.png", pixels), tmp_path / "out.png")
    result = io.read(tmp_path / "out.png").pixels
    assert result.dtype == dtype
    np.testing.assert_array_equal(result[..., 3], pixels[..., 3])
    np.testing.assert_array_equal(result[disc][:, :3], pixels[disc][:, :3])
    assert (result[~disc] == 0).all()
