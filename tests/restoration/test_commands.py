"""The commands of restoration: depth, colour, opacity, absent pixels and errors."""

import numpy as np
import pytest

import imfilter
from imfilter import io
from tests.cli.commands import done, failed, noise, save


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_rolling_ball(tmp_path, dtype):
    pixels = noise(30, 40, dtype=dtype)
    source, out = save(tmp_path / "in.png", pixels), tmp_path / "out.png"
    done("rolling_ball", source, out, "--radius", "3,4.5", "--height", 30, "--method", "erosion")
    expected = imfilter.rolling_ball(pixels, (3, 4.5), height=30, method="erosion")
    np.testing.assert_array_equal(io.read(out).pixels, expected)


def test_rolling_ball_of_colour_and_absent_pixels(tmp_path, capsys):
    pixels = noise(30, 40, 4)
    pixels[..., 3] = np.where(pixels[..., 3] < 60, 0, pixels[..., 3])
    source, out = save(tmp_path / "in.png", pixels), tmp_path / "out.png"
    done("rolling-ball", source, out, "--radius", 3)
    expected = imfilter.rolling_ball(pixels[..., :3], 3, channel_axis=-1, mask=pixels[..., 3] > 0)
    np.testing.assert_array_equal(io.read(out).pixels, np.dstack([expected, pixels[..., 3]]))
    grey = noise(20, 30)
    grey[:, :15] = 7
    done("rolling-ball", save(tmp_path / "grey.png", grey), out, "--radius", 3, "--nodata", 7)
    expected = np.ma.filled(imfilter.rolling_ball(np.ma.masked_equal(grey, 7), 3), 7)
    np.testing.assert_array_equal(io.read(out).pixels, expected)
    assert "--radius" in failed(capsys, 2, "rolling_ball", source, out)
    assert "radius must be at least 0" in failed(capsys, 2, "rolling_ball", source, out, "--radius", -1)


@pytest.mark.parametrize(
    ("name", "words", "options"),
    [
        ("wiener", ["--kernel", "1,2,1;2,9,2", "--balance", 0.2],
         {"kernel": [[1, 2, 1], [2, 9, 2]], "balance": 0.2}),
        ("richardson_lucy", ["--kernel", "1,2,1;2,9,2", "--iterations", 3, "--mode", "wrap"],
         {"kernel": [[1, 2, 1], [2, 9, 2]], "iterations": 3, "mode": "wrap"}),
        ("butterworth", ["--cutoff", "0.1,0.3", "--kind", "band", "--no-squared", "--spacing", 2],
         {"cutoff": (0.1, 0.3), "kind": "band", "squared": False, "spacing": 2}),
        ("homomorphic", ["--cutoff", 0.1, "--high-gain", 1.2], {"cutoff": 0.1, "high_gain": 1.2}),
    ],
)  # fmt: skip
def test_whole_images(tmp_path, name, words, options):
    pixels = noise(20, 25, 3)
    out = tmp_path / "out.png"
    done(name, save(tmp_path / "in.png", pixels), out, *words)
    expected = getattr(imfilter, name)(pixels, channel_axis=-1, dtype=np.uint8, **options)
    np.testing.assert_array_equal(io.read(out).pixels, expected)
    volume = np.random.default_rng(1).random((20, 25)) + 1
    done(name, save(tmp_path / "in.npy", volume), tmp_path / "out.npy", *words)
    np.testing.assert_array_equal(np.load(tmp_path / "out.npy"), getattr(imfilter, name)(volume, **options))
