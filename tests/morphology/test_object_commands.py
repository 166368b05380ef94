"""The commands `distance` and `skeleton`: types of files, colour, transparency, options and errors."""

import numpy as np
import pytest
from PIL import Image

from imfilter import io
from imfilter.morphology import distance, skeleton
from tests.cli.commands import done, failed, save
from tests.photos import photo

OBJECTS = np.where(photo("coins") > 100, 255, 0).astype(np.uint8)


@pytest.fixture
def source(tmp_path):
    """A picture of white objects on black."""
    return save(tmp_path / "in.png", OBJECTS)


@pytest.mark.parametrize(
    ("name", "more", "dtype"),
    [
        ("out.tif", (), "float32"),
        ("out.npy", (), "float32"),
        ("out.npy", ("--dtype", "float64"), "float64"),
        ("out.png", (), "uint8"),
        ("out.png", ("--dtype", "uint16"), "uint16"),
        ("out.bmp", (), "uint8"),
    ],
)
def test_distances_have_the_type_of_the_file(source, tmp_path, name, more, dtype):
    done("distance", source, tmp_path / name, *more)
    found = io.read(tmp_path / name).pixels
    assert found.dtype == dtype
    np.testing.assert_array_equal(found, distance(OBJECTS, dtype=dtype))


def test_long_distances_saturate(tmp_path):
    line = np.ones((1, 700), np.uint8)
    line[0, 0] = 0
    source = save(tmp_path / "in.png", line)
    done("distance", source, tmp_path / "out.png")
    np.testing.assert_array_equal(io.read(tmp_path / "out.png").pixels[0], np.minimum(np.arange(700), 255))
    done("distance", source, tmp_path / "out.npy", "--spacing", "1,0.5", "--workers", 1)
    np.testing.assert_array_equal(io.read(tmp_path / "out.npy").pixels[0], np.arange(700) / 2)


def test_skeletons_are_white_on_black(source, tmp_path):
    want = skeleton(OBJECTS)
    for name, more, white in (
        *(("out.png", (), 255), ("out.npy", (), True), ("out.tif", (), 255)),
        *(("out.png", ("--dtype", "uint16"), 65535), ("out.tif", ("--dtype", "float32"), 1.0)),
    ):
        done("skeleton", source, tmp_path / name, *more)
        found = io.read(tmp_path / name).pixels
        assert found.dtype == np.dtype(type(white) if white is True else more[1] if more else "uint8")
        np.testing.assert_array_equal(found, want * np.array(white))


def test_colour_and_transparency(tmp_path):
    colours = np.zeros((5, 9, 4), np.uint8)
    colours[1:4, 1:8] = 0, 0, 1, 255  # the darkest blue is not black
    colours[2, 4, 3] = 0  # transparent
    Image.fromarray(colours).save(tmp_path / "in.png")
    done("distance", tmp_path / "in.png", tmp_path / "out.npy")
    inside = (colours[..., 2] > 0) & (colours[..., 3] > 0)
    np.testing.assert_array_equal(io.read(tmp_path / "out.npy").pixels, distance(inside))


def test_volumes_and_channels(tmp_path):
    volume = np.random.default_rng(0).random((6, 7, 5)) > 0.3
    np.save(tmp_path / "in.npy", volume)
    done("distance", tmp_path / "in.npy", tmp_path / "out.npy", "--spacing", "2,1,1")
    np.testing.assert_array_equal(io.read(tmp_path / "out.npy").pixels, distance(volume, spacing=(2, 1, 1)))
    done("skeleton", tmp_path / "in.npy", tmp_path / "out.npy", "--channel-axis", -1)
    np.testing.assert_array_equal(io.read(tmp_path / "out.npy").pixels, skeleton(volume, channel_axis=-1))


def test_errors_and_help(source, tmp_path, capsys):
    assert "spacing must be positive" in failed(
        capsys, 2, "distance", source, tmp_path / "out.png", "--spacing", 0
    )
    np.save(tmp_path / "in.npy", np.ones((3, 4, 5)))
    assert "two axes" in failed(capsys, 2, "skeleton", tmp_path / "in.npy", tmp_path / "out.npy")
    assert "PNG cannot hold float32" in failed(
        capsys, 2, "distance", source, tmp_path / "out.png", "--dtype", "float32"
    )
    for name in ("distance", "skeleton"):
        done(name, "--help")
        text = " ".join(capsys.readouterr().out.split())
        assert f"Example: imfilter {name} mask.png" in text
        assert "--mode" not in text
