"""The command `resize`: colour, alpha, depth, options, absent pixels and errors."""

import numpy as np
import pytest

import imfilter
from imfilter import io
from tests.cli.commands import done, failed, noise, save


@pytest.mark.parametrize("shape", [(20, 30), (20, 30, 3)], ids=["grey", "colour"])
@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_pixels_are_those_of_the_function(tmp_path, shape, dtype):
    name = "in.tif" if dtype == "uint16" and len(shape) == 3 else "in.png"
    pixels = noise(*shape, dtype=dtype)
    source = save(tmp_path / name, pixels)
    channels = -1 if len(shape) == 3 else None
    for words, options in (
        (["--shape", "12,50"], {"shape": (12, 50)}),
        (["--scale", "0.5"], {"scale": 0.5}),
        (["--shape", "9", "--method", "lanczos", "--mode", "shrink"],
         {"shape": 9, "method": "lanczos", "mode": "shrink"}),
        (["--scale", "1.5,2", "--method", "cubic", "--cubic", "-0.75", "--no-antialias"],
         {"scale": (1.5, 2), "method": "cubic", "cubic": -0.75, "antialias": False}),
        (["--shape", "9,8", "--method", "linear", "--align", "corners"],
         {"shape": (9, 8), "method": "linear", "align": "corners"}),
    ):  # fmt: skip
        out = tmp_path / f"out{source.suffix}"
        done("resize", source, out, *words)
        expected = imfilter.resize(pixels, channel_axis=channels, **options)
        np.testing.assert_array_equal(io.read(out).pixels, expected)


def test_opacity_weighs_colour(tmp_path):
    pixels = np.zeros((4, 8, 4), np.uint8)
    pixels[:, :4] = 255, 0, 0, 255
    pixels[:, 4:] = 0, 255, 0, 0  # green that nobody sees
    done("resize", save(tmp_path / "in.png", pixels), tmp_path / "out.png", "--shape", "2,3")
    found = io.read(tmp_path / "out.png").pixels
    assert found.shape == (2, 3, 4)
    np.testing.assert_array_equal(found[0], [[255, 0, 0, 255], [255, 0, 0, 128], [0, 0, 0, 0]])
    pixels[..., 3] = 255
    done("resize", save(tmp_path / "in.png", pixels), tmp_path / "out.png", "--shape", "2,3")
    found = io.read(tmp_path / "out.png").pixels
    np.testing.assert_array_equal(found[0, 1], [128, 128, 0, 255])


def test_absent_pixels(tmp_path):
    pixels = noise(12, 16)
    pixels[:, :8] = 7
    source = save(tmp_path / "in.png", pixels)
    done("resize", source, tmp_path / "out.png", "--scale", "0.25", "--nodata", 7)
    expected = imfilter.resize(np.ma.masked_equal(pixels, 7), scale=0.25)
    np.testing.assert_array_equal(io.read(tmp_path / "out.png").pixels, expected.filled(7))


def test_volumes_and_floats(tmp_path):
    volume = np.random.default_rng(3).random((6, 7, 8)).astype(np.float32)
    source = save(tmp_path / "in.npy", volume)
    done("resize", source, tmp_path / "out.npy", "--shape", "3,14,4", "--method", "linear")
    expected = imfilter.resize(volume, (3, 14, 4), method="linear")
    np.testing.assert_array_equal(np.load(tmp_path / "out.npy"), expected)


@pytest.mark.parametrize(
    ("words", "code", "text"),
    [
        ([], 2, "shape or scale must be given"),
        (["--shape", "0"], 2, "shape must be at least 1"),
        (["--shape", "3", "--method", "bilinear"], 2, "is not one of area"),
        (["--scale", "x"], 2, "is not a number"),
    ],
)
def test_errors(tmp_path, capsys, words, code, text):
    source = save(tmp_path / "in.png", noise(5, 6))
    assert text in failed(capsys, code, "resize", source, tmp_path / "out.png", *words)
    assert not (tmp_path / "out.png").exists()
