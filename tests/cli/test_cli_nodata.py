"""The value of absent pixels in the command: an option, and the tag of a GeoTIFF."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest
import tifffile

import imfilter
from imfilter import io
from tests.cli.commands import done, noise
from tests.cli.test_cli_missing import holes, read
from tests.files.exif_blocks import patched, photograph


def geotiff(path: Path, pixels: np.ndarray, nodata: object) -> Path:
    tifffile.imwrite(
        path,
        pixels,
        photometric="rgb" if pixels.ndim == 3 else "minisblack",
        extratags=[(42113, "s", 0, str(nodata), True)],
    )
    return path


@pytest.mark.parametrize("dtype", ["int16", "float32", "float64"])
def test_the_tag_of_a_geotiff(tmp_path: Path, dtype: str) -> None:
    pixels, present = noise(40, 50).astype(dtype), holes(40, 50)
    pixels[~present] = -9999
    source = geotiff(tmp_path / "in.tif", pixels, -9999)
    assert io.read(source).nodata == -9999
    done("gaussian", source, tmp_path / "out.tif")
    expected = imfilter.gaussian(np.ma.masked_array(pixels, ~present), 1.0)
    found = io.read(tmp_path / "out.tif")
    assert np.ma.getmaskarray(expected).any()
    np.testing.assert_array_equal(found.pixels, expected.filled(-9999))
    assert found.nodata == -9999
    with tifffile.TiffFile(tmp_path / "out.tif") as opened:
        assert opened.pages[0].tags[42113].value == "-9999"
    done("gaussian", source, tmp_path / "plain.tif", "--nodata", "none")
    np.testing.assert_array_equal(read(tmp_path / "plain.tif"), imfilter.gaussian(pixels, 1.0))
    assert io.read(tmp_path / "plain.tif").nodata is None
    done("gaussian", source, tmp_path / "other.tif", "--nodata", 5)
    np.testing.assert_array_equal(
        read(tmp_path / "other.tif"), imfilter.gaussian(pixels, 1.0, mask=pixels != 5)
    )
    done("fill", source, tmp_path / "fill.tif", "--sigma", 3)
    filled = read(tmp_path / "fill.tif")
    np.testing.assert_array_equal(filled[present], pixels[present])
    assert (filled >= 0).all()


def test_a_value_with_more_digits_than_the_samples(tmp_path: Path) -> None:
    pixels = np.ones((9, 9), np.float32)
    pixels[2, 3] = np.finfo(np.float32).min
    source = geotiff(tmp_path / "in.tif", pixels, "-3.4028234663852886e+38")
    done("box", source, tmp_path / "out.tif")
    assert (read(tmp_path / "out.tif") == 1).all()
    done("box", source, tmp_path / "out.npy", "--nodata", "-3.40282346638528859811704183484516925e38")
    assert (read(tmp_path / "out.npy") == 1).all()


@pytest.mark.parametrize("text", ["nan", "NaN\0"])
def test_nan_as_the_value(tmp_path: Path, text: str) -> None:
    pixels = noise(20, 20).astype(np.float32)
    pixels[3:10, 4:11] = np.nan
    source = geotiff(tmp_path / "in.tif", pixels, text)
    expected = imfilter.box(pixels, 3, nan="ignore")
    assert np.isnan(expected).any()
    for extra in ([], ["--nodata", "nan"], ["--nan", "ignore", "--nodata", "none"]):
        done("box", source, tmp_path / "out.tif", *extra)
        np.testing.assert_array_equal(read(tmp_path / "out.tif"), expected)
    done("box", source, tmp_path / "out.tif", "--nodata", "none")
    np.testing.assert_array_equal(read(tmp_path / "out.tif"), imfilter.box(pixels, 3))
    done("box", source, tmp_path / "out.tif", "--nan", "ignore", "--nodata", -1)
    np.testing.assert_array_equal(read(tmp_path / "out.tif"), np.where(np.isnan(expected), -1, expected))


def test_tags_that_say_nothing(tmp_path: Path) -> None:
    pixels = noise(9, 9)
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        assert io.read(geotiff(tmp_path / "in.tif", pixels, "none of them")).nodata is None
    assert "its value of absent samples is not a number and left out: 'none of them'" in str(seen[0].message)
    assert io.read(geotiff(tmp_path / "in.tif", pixels, " 255 ")).nodata == 255
    assert io.read(geotiff(tmp_path / "in.tif", noise(9, 9, 3), 0)).nodata == 0
    big = 2**64 - 1
    wide = np.full((9, 9), big, np.uint64)
    wide[4] = big - 1
    done("fill", geotiff(tmp_path / "in.tif", wide, big), tmp_path / "out.tif", "--radius", 1)
    found = io.read(tmp_path / "out.tif")
    assert found.nodata == big
    assert (found.pixels[0] == big).all()
    assert (found.pixels[4] == big - 1).all()
    white = tmp_path / "white.tif"
    tifffile.imwrite(white, pixels, photometric="miniswhite", extratags=[(42113, "s", 0, "3", True)])
    assert io.read(white).nodata is None  # the samples of the picture are 255 minus those of the file


@pytest.mark.parametrize(
    "value", [3, -1.5, np.float32(-1.5), np.int16(-7), float("nan"), -3.4028234663852886e38]
)
def test_values_are_written_and_read(tmp_path: Path, value: float) -> None:
    io.write(tmp_path / "a.tif", io.Image(noise(9, 9), nodata=value))
    np.testing.assert_equal(io.read(tmp_path / "a.tif").nodata, float(value))
    for ending in (".png", ".npy"):
        io.write(tmp_path / f"a{ending}", io.Image(noise(9, 9), nodata=value))
        assert io.read(tmp_path / f"a{ending}").nodata is None


def test_the_tag_beside_exif(tmp_path: Path) -> None:
    exif = b"Exif\0\0" + patched(photograph("<"))
    io.write(tmp_path / "in.jpg", io.Image(noise(16, 16, 3), True, exif=exif))
    done("box", tmp_path / "in.jpg", tmp_path / "out.tif", "--nodata", 0)
    done("box", tmp_path / "in.jpg", tmp_path / "plain.tif")
    found, plain = io.read(tmp_path / "out.tif"), io.read(tmp_path / "plain.tif")
    assert found.nodata == 0
    assert found.exif is not None
    assert found.exif == plain.exif
    done("fill", tmp_path / "out.tif", tmp_path / "again.tif")
    again = io.read(tmp_path / "again.tif")
    assert (again.nodata, again.exif) == (0, plain.exif)


def test_a_value_that_the_result_cannot_have(tmp_path: Path) -> None:
    pixels, present = noise(23, 31).astype(np.float32), holes(23, 31)
    pixels[~present] = -9999
    source = geotiff(tmp_path / "in.tif", pixels, -9999)
    done("gaussian", source, tmp_path / "out.png", "--full-scale", 255, "--dtype", "uint8", "--radius", 1)
    expected = imfilter.gaussian(np.where(present, pixels, 0), 1.0, radius=1, mask=present)
    assert np.isnan(expected).any()
    np.testing.assert_array_equal(read(tmp_path / "out.png"), np.rint(np.nan_to_num(expected)))
