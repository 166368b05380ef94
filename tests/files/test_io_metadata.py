"""What travels with the pixels: orientation, EXIF, profile, resolution."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image as Pillow

from imfilter import io
from imfilter._files import png
from tests.files.pictures import (
    ORIENTATION,
    exif_block,
    grey_icc,
    icc,
    image,
    parsed,
    picture,
)
from tests.looping import loop_over


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
@pytest.mark.parametrize("suffix", ["png", "jpg", "tif", "webp"])
def test_metadata_round_trip(tmp_path: Path, suffix: str, dtype: str) -> None:
    pixels = picture((10, 12, 3), dtype)
    said = image(pixels, icc=icc(), exif=exif_block(), dpi=(300.0, 150.0))
    io.write(tmp_path / f"a.{suffix}", said)
    back = io.read(tmp_path / f"a.{suffix}")
    assert back.icc == said.icc
    exif = parsed(back.exif)
    assert exif[0x010F] == "A maker"
    assert exif.get_ifd(0x8769)[0x829A] == 0.25
    assert exif.get_ifd(0x8769)[0x9003] == "2024:01:02 03:04:05"
    if suffix != "webp":
        assert back.dpi == pytest.approx((300, 150), rel=1e-3)
    again = tmp_path / f"b.{suffix}"
    io.write(again, back)
    assert parsed(io.read(again).exif)[0x0110] == "A model"


def test_exif_of_a_tiff_is_read_by_pillow_too(tmp_path: Path) -> None:
    io.write(tmp_path / "a.tif", image(picture((10, 12, 3), "uint8"), exif=exif_block()))
    with Pillow.open(tmp_path / "a.tif") as file:
        assert file.getexif()[0x010F] == "A maker"
        assert file.getexif().get_ifd(0x8769)[0x829A] == 0.25


def test_bmp_keeps_resolution(tmp_path: Path) -> None:
    io.write(tmp_path / "a.bmp", image(picture((10, 12, 3), "uint8"), dpi=(300.0, 300.0), exif=exif_block()))
    assert io.read(tmp_path / "a.bmp").dpi == pytest.approx((300, 300), rel=1e-3)


@pytest.mark.parametrize("suffix", ["png", "jpg", "tif", "webp"])
def test_a_profile_that_does_not_fit_is_dropped(tmp_path: Path, suffix: str) -> None:
    io.write(tmp_path / f"a.{suffix}", image(picture((10, 12), "uint8"), icc=icc()))
    assert io.read(tmp_path / f"a.{suffix}").icc == (icc() if suffix == "webp" else None)
    io.write(tmp_path / f"a.{suffix}", image(picture((10, 12), "uint8"), icc=grey_icc()))
    assert io.read(tmp_path / f"a.{suffix}").icc == (None if suffix == "webp" else grey_icc())


@loop_over("orientation", range(1, 9))
@loop_over("suffix", ["jpg", "png", "webp", "tif", "lzw.tif", "16.png", "16.tif"])
def test_orientation_is_applied_and_cleared(tmp_path: Path, suffix: str, orientation: int) -> None:
    corners = np.zeros((32, 48), np.uint8)
    corners[:16, :24], corners[:16, 24:], corners[16:, :24], corners[16:, 24:] = 40, 90, 150, 220
    path = tmp_path / f"a.{suffix}"
    exif = parsed(exif_block(orientation))
    if suffix == "lzw.tif":
        del exif[0x8769]  # Pillow cannot write it beside libtiff's codecs
    if suffix == "16.png":
        wide = io.Image(corners.astype(np.uint16) * 257, exif=exif.tobytes(), dpi=(200, 100))
        with open(path, "wb") as file:
            writer = png.Writer(file, wide, 32)
            writer.write(wide)
            writer.finish()
    elif suffix == "16.tif":
        extra = [(ORIENTATION, 3, 1, orientation, True), (271, 2, 0, "A maker", True)]
        unit = {"resolution": (200, 100), "resolutionunit": "INCH"}
        tifffile.imwrite(path, corners.astype(np.uint16) * 257, extratags=extra, **unit)
    else:
        options = {"compression": "tiff_lzw"} if suffix == "lzw.tif" else {"quality": 95}
        Pillow.fromarray(np.stack([corners] * 3, -1)).save(path, exif=exif, dpi=(200, 100), **options)
    expected = {
        1: corners,
        2: corners[:, ::-1],
        3: corners[::-1, ::-1],
        4: corners[::-1],
        5: corners.T,
        6: np.rot90(corners, -1),
        7: corners[::-1, ::-1].T,
        8: np.rot90(corners),
    }[orientation]
    back = io.read(path)
    pixels = back.pixels if back.pixels.ndim == 2 else back.pixels[..., 0]
    if pixels.dtype == np.uint16:
        pixels = pixels // 257
    assert pixels.shape == expected.shape
    np.testing.assert_allclose(pixels.astype(int), expected, atol=6)
    assert parsed(back.exif).get(ORIENTATION, 1) == 1
    assert parsed(back.exif)[0x010F] == "A maker"
    if suffix != "webp":
        assert back.dpi == pytest.approx((100, 200) if orientation >= 5 else (200, 100), rel=1e-3)
    io.write(tmp_path / "b.jpg", back)
    again = io.read(tmp_path / "b.jpg").pixels
    assert again.shape[:2] == expected.shape
