"""What becomes of a picture that a format cannot hold as it is."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from imfilter import io
from imfilter._base import tones
from imfilter._files import fit
from tests.files.pictures import (
    image,
)
from tests.looping import loop_over


@pytest.mark.parametrize("suffix", ["jpg", "bmp", "webp"])
def test_16_bits_are_scaled_to_8(tmp_path: Path, suffix: str) -> None:
    pixels = np.full((8, 8, 3), 257 * 100 + 128, np.uint16)
    io.write(tmp_path / f"a.{suffix}", image(pixels))
    assert (io.read(tmp_path / f"a.{suffix}").pixels == 100).all()


def test_depth_conversion_keeps_white() -> None:
    every = np.arange(65536, dtype=np.uint16)
    narrow = fit.convert_depth(every, np.dtype(np.uint8))
    np.testing.assert_array_equal(narrow, np.floor(every / 257 + 0.5))
    eight = np.arange(256, dtype=np.uint8)
    wide = fit.convert_depth(eight, np.dtype(np.uint16))
    assert wide[-1] == 65535
    np.testing.assert_array_equal(fit.convert_depth(wide, np.dtype(np.uint8)), eight)


@loop_over("dtype", ["uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64"])
@loop_over("source", ["float16", "float32", "float64"])
def test_saturated(dtype: str, source: str) -> None:
    limits = np.iinfo(dtype)
    values = np.array([np.nan, np.inf, -np.inf, 0.5, 1.5, 2.5, -0.4], source)
    expected = [0, limits.max, limits.min, 0, 2, 2, 0]
    result = fit.saturated(values, np.dtype(dtype))
    assert result.dtype == dtype
    assert [int(value) for value in result] == expected


def test_saturated_between_integers() -> None:
    values = np.array([-5, 0, 300, 2**40], np.int64)
    assert fit.saturated(values, np.dtype(np.uint8)).tolist() == [0, 0, 255, 255]
    assert fit.saturated(np.array([2**64 - 1], np.uint64), np.dtype(np.int64)).tolist() == [2**63 - 1]
    assert fit.saturated(np.array([True, False]), np.dtype(np.uint8)).tolist() == [1, 0]


@pytest.mark.parametrize("suffix", ["jpg", "bmp"])
def test_transparency_where_there_is_no_room(tmp_path: Path, suffix: str) -> None:
    pixels = np.full((8, 8, 4), 200, np.uint8)
    path = tmp_path / f"a.{suffix}"
    with pytest.raises(ValueError, match="cannot hold transparency"):
        io.write(path, image(pixels))
    assert not path.exists()
    pixels[..., 3] = 255
    io.write(path, image(pixels))
    assert io.read(path).pixels.shape == (8, 8, 3)
    pixels[..., 3] = 0
    io.write(path, image(pixels), background=(10, 20, 30))
    np.testing.assert_allclose(io.read(path).pixels[0, 0].astype(int), [10, 20, 30], atol=2)


def test_background_under_grey(tmp_path: Path) -> None:
    pixels = np.array([[[100, 255], [100, 0], [100, 51]]], np.uint8)
    io.write(tmp_path / "a.png", image(pixels), background=(255, 255, 255))
    np.testing.assert_array_equal(io.read(tmp_path / "a.png").pixels, [[100, 255, 224]])
    io.write(tmp_path / "a.png", image(pixels), background=(255, 0, 0))
    assert io.read(tmp_path / "a.png").pixels.shape == (1, 3, 3)


@pytest.mark.parametrize("suffix", ["png", "jpg", "bmp", "webp"])
@pytest.mark.parametrize("dtype", ["float32", "int16", "uint32"])
def test_types_that_a_format_cannot_hold(tmp_path: Path, suffix: str, dtype: str) -> None:
    with pytest.raises(ValueError, match=f"cannot hold {dtype}; scale it to"):
        io.write(tmp_path / f"a.{suffix}", image(np.ones((3, 3), dtype)))
    assert os.listdir(tmp_path) == []


def test_volumes_are_for_npy(tmp_path: Path) -> None:
    for suffix in ("png", "tif"):
        with pytest.raises(ValueError, match=r"cannot hold an array of shape \(4, 5, 6\)"):
            io.write(tmp_path / f"a.{suffix}", io.Image(np.zeros((4, 5, 6), np.uint8)))
    with pytest.raises(ValueError, match="cannot hold an array"):
        io.write(tmp_path / "a.png", io.Image(np.zeros((4, 5, 7), np.uint8), channels=True))


def test_booleans_are_black_and_white(tmp_path: Path) -> None:
    io.write(tmp_path / "a.png", io.Image(np.array([[True, False]])))
    assert io.read(tmp_path / "a.png").pixels.tolist() == [[255, 0]]


@pytest.mark.parametrize("size", [tones._MANY - 1, tones._MANY])
def test_float64_is_rounded_once_in_small_and_large_pictures(size: int) -> None:
    found = fit.saturated(np.full(size, 0.50000001), np.dtype(np.uint8))
    assert (found == 1).all()


def test_large_pictures_are_converted_without_a_compiler(monkeypatch: pytest.MonkeyPatch) -> None:
    values = np.linspace(-3, 300, tones._MANY, dtype=np.float32)
    wanted = fit.saturated(values, np.dtype(np.uint8))
    monkeypatch.setenv("NUMBA_DISABLE_JIT", "1")
    assert tones.scaled(values, np.dtype(np.uint8)) is None
    np.testing.assert_array_equal(fit.saturated(values, np.dtype(np.uint8)), wanted)
