"""Arrays, metadata, and output over input."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

import imfilter
from imfilter import io
from tests.cli.commands import (
    COINS,
    EXTRA,
    NAMES,
    done,
    failed,
    noise,
    save,
)
from tests.files.pictures import icc


def test_arrays_are_volumes_unless_told(tmp_path: Path) -> None:
    pixels = noise(6, 7, 3)
    source = save(tmp_path / "in.npy", pixels)
    out = tmp_path / "out.npy"
    done("gaussian", source, out)
    np.testing.assert_array_equal(np.load(out), imfilter.gaussian(pixels, 1.0))
    done("gaussian", source, out, "--channel-axis", -1)
    np.testing.assert_array_equal(np.load(out), imfilter.gaussian(pixels, 1.0, channel_axis=-1))
    done("sobel", source, out, "--axis", "z")
    np.testing.assert_array_equal(np.load(out), imfilter.sobel(pixels, axis=0))
    first = save(tmp_path / "first.npy", np.moveaxis(pixels, -1, 0))
    done("sobel", first, out, "--channel-axis", 0, "--per-channel")
    assert np.load(out).shape == (3, 6, 7)
    done("gaussian", first, tmp_path / "out.png", "--channel-axis", 0)
    np.testing.assert_array_equal(
        io.read(tmp_path / "out.png").pixels, imfilter.gaussian(pixels, 1.0, channel_axis=-1)
    )


def test_arrays_that_no_picture_holds(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = save(tmp_path / "in.npy", noise(4, 5, 6))
    assert "write .npy" in failed(capsys, 2, "gaussian", source, tmp_path / "out.png")
    picture = save(tmp_path / "in.png", noise(5, 5, 3))
    assert "--channel-axis is only for .npy" in failed(
        capsys, 2, "box", picture, tmp_path / "o.png", "--channel-axis", 0
    )
    flat = save(tmp_path / "flat.npy", np.zeros(9))
    assert "--channel-axis needs" in failed(capsys, 2, "box", flat, tmp_path / "o.npy", "--channel-axis", 0)
    done("gaussian", flat, tmp_path / "o.npy")


def test_booleans(tmp_path: Path) -> None:
    source = save(tmp_path / "in.npy", np.eye(9, dtype=bool))
    done("gaussian", source, tmp_path / "out.png")
    np.testing.assert_array_equal(
        io.read(tmp_path / "out.png").pixels, imfilter.gaussian(np.eye(9).astype(np.uint8) * 255, 1.0)
    )
    done("sobel", source, tmp_path / "out.png")


def test_metadata_is_kept(tmp_path: Path) -> None:
    exif = Pillow.Exif()
    exif[0x010F], exif[0x0112] = "A maker", 6
    Pillow.fromarray(noise(32, 48, 3)).save(tmp_path / "in.jpg", exif=exif, dpi=(300, 200), icc_profile=icc())
    done("gaussian", tmp_path / "in.jpg", tmp_path / "out.jpg")
    with Pillow.open(tmp_path / "out.jpg") as result:
        assert result.size == (32, 48)
        assert result.getexif()[0x010F] == "A maker"
        assert result.getexif()[0x0112] == 1
        assert result.info["dpi"] == (200, 300)
        assert result.info["icc_profile"] == icc()
    done("sobel", tmp_path / "in.jpg", tmp_path / "out.png")
    assert io.read(tmp_path / "out.png").icc is None  # a profile of RGB says nothing of grey


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.slow
def test_output_may_be_the_input(tmp_path: Path, name: str) -> None:
    for path in (tmp_path / "one.png", tmp_path / "two.png"):
        path.write_bytes(COINS.read_bytes())
    done(name, tmp_path / "one.png", tmp_path / "one.png", *EXTRA.get(name, []))
    done(name, tmp_path / "two.png", tmp_path / "out.png", *EXTRA.get(name, []))
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "out.png").read_bytes()
    assert sorted(os.listdir(tmp_path)) == ["one.png", "out.png", "two.png"]
