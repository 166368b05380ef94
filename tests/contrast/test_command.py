"""The command `clahe`: depth, colour, opacity, absent pixels and errors."""

import numpy as np
import pytest

import imfilter
from imfilter import io
from tests.cli.commands import done, failed, noise, save


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_pixels_are_those_of_the_function(tmp_path, dtype):
    pixels = noise(30, 40, dtype=dtype)
    source, out = save(tmp_path / "in.png", pixels), tmp_path / "out.png"
    done("clahe", source, out, "--size", "10,20", "--clip-limit", 3, "--bins", 200)
    expected = imfilter.clahe(pixels, (10, 20), clip_limit=3, bins=200)
    np.testing.assert_array_equal(io.read(out).pixels, expected)


def test_colour_and_opacity(tmp_path):
    pixels = noise(30, 40, 4)
    pixels[..., 3] = np.where(pixels[..., 3] < 60, 0, pixels[..., 3])
    source, out = save(tmp_path / "in.png", pixels), tmp_path / "out.png"
    done("clahe", source, out)
    expected = imfilter.clahe(pixels[..., :3], channel_axis=-1, mask=pixels[..., 3] > 0)
    np.testing.assert_array_equal(io.read(out).pixels, np.dstack([expected, pixels[..., 3]]))


def test_absent_pixels_and_arrays(tmp_path):
    pixels = noise(30, 40)
    source, out = save(tmp_path / "in.png", pixels), tmp_path / "out.png"
    done("clahe", source, out, "--nodata", 7)
    expected = np.ma.filled(imfilter.clahe(np.ma.masked_equal(pixels, 7)), 7)
    np.testing.assert_array_equal(io.read(out).pixels, expected)
    volume = np.random.default_rng(2).random((6, 7, 8))
    volume[2, 3, 4] = np.nan
    done("clahe", save(tmp_path / "in.npy", volume), tmp_path / "out.npy", "--nan", "ignore", "--size", 4)
    np.testing.assert_array_equal(np.load(tmp_path / "out.npy"), imfilter.clahe(volume, 4, nan="ignore"))


def test_errors(tmp_path, capsys):
    source, out = save(tmp_path / "in.png", noise(5, 6)), tmp_path / "out.png"
    assert "clip_limit must be positive" in failed(capsys, 2, "clahe", source, out, "--clip-limit", 0)
    assert "LOW must be below HIGH" in failed(capsys, 2, "clahe", source, out, "--value-range", "3,2")
    assert not out.exists()
