"""Transparency: what cannot be seen does not bleed into what can."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

import imfilter
from imfilter import io
from tests.cli.commands import (
    DERIVATIVES,
    EXTRA,
    MEASURES,
    NAMES,
    RESIDUES,
    SMOOTHING,
    STATISTICS,
    done,
    failed,
    noise,
    save,
)
from tests.looping import loop_over


def cutout(dtype: str = "uint8") -> np.ndarray:
    """Draw an opaque disc of one colour on transparent pixels of a glaring other one."""
    top = np.iinfo(dtype).max
    y, x = np.mgrid[:33, :41]
    pixels = np.zeros((33, 41, 4), dtype)
    pixels[...] = (0, top, 0, 0)
    pixels[(y - 16) ** 2 + (x - 20) ** 2 < 100] = (top // 5 * 4, top // 3, top // 7, top)
    return pixels


@loop_over("dtype", ["uint8", "uint16"])
@pytest.mark.parametrize("name", [*SMOOTHING, "correlate", "convolve"])
def test_transparent_pixels_do_not_bleed(tmp_path: Path, name: str, dtype: str) -> None:
    pixels = cutout(dtype)
    done(name, save(tmp_path / "in.png", pixels), tmp_path / "out.png", *EXTRA.get(name, []))
    result = io.read(tmp_path / "out.png").pixels
    assert result.dtype == dtype
    colour = result[..., :3].astype(int)
    factor = 16 if name == "correlate" else 1  # the sum of its kernel
    disc = np.minimum(pixels[16, 20, :3].astype(int) * factor, np.iinfo(dtype).max)
    seen = result[..., 3] > 0
    assert 0 < seen.sum() < seen.size
    assert np.abs(colour[seen] - disc).max() <= 1
    assert (colour[~seen] == 0).all()
    alpha = pixels[..., 3]
    arguments = {"gaussian": [1.0], "box": [3], "percentile": [50.0]}.get(name, [])
    if name in SMOOTHING:
        expected = getattr(imfilter, name)(alpha, *arguments)
        np.testing.assert_allclose(result[..., 3].astype(int), expected, atol=1)


def test_half_transparent_colours_are_weighed(tmp_path: Path) -> None:
    pixels = np.array([[[200, 0, 0, 255], [0, 100, 0, 51], [0, 0, 0, 0]]], np.uint8)
    done("box", save(tmp_path / "in.png", pixels), tmp_path / "out.png", "--size", "1,3")
    result = io.read(tmp_path / "out.png").pixels[0, 1]
    assert result.tolist() == [round(200 / 1.2), round(100 * 0.2 / 1.2), 0, 102]


@pytest.mark.parametrize("name", NAMES)
@loop_over("shape", [(25, 27), (25, 27, 3)])
@loop_over("mode", ["mirror", "zero"])
@pytest.mark.slow
def test_opaque_alpha_changes_nothing(tmp_path: Path, name: str, shape: tuple[int, ...], mode: str) -> None:
    pixels = noise(*shape)
    colour = pixels if pixels.ndim == 3 else pixels[..., None]
    opaque = np.concatenate([colour, np.full((25, 27, 1), 255, np.uint8)], axis=-1)
    extra = [*EXTRA.get(name, []), *([] if name == "hog" else ["--mode", mode])]
    done(name, save(tmp_path / "a.png", pixels), tmp_path / "a_out.png", *extra)
    done(name, save(tmp_path / "b.png", opaque), tmp_path / "b_out.png", *extra)
    plain, result = io.read(tmp_path / "a_out.png"), io.read(tmp_path / "b_out.png")
    np.testing.assert_array_equal(result.colour, plain.pixels)
    without = [*DERIVATIVES, *STATISTICS, *MEASURES, *RESIDUES, "canny", "harris", "hog"]
    assert result.alpha == (name not in without)
    if result.opacity is not None:
        assert (result.opacity == 255).all()


def test_edges_of_a_cutout_are_those_over_black(tmp_path: Path) -> None:
    pixels = cutout()
    over_black = pixels[..., :3] * (pixels[..., 3:] > 0)
    done("sobel", save(tmp_path / "a.png", pixels), tmp_path / "a_out.png")
    done("sobel", save(tmp_path / "b.png", over_black), tmp_path / "b_out.png")
    result = io.read(tmp_path / "a_out.png")
    assert not result.alpha
    np.testing.assert_array_equal(result.pixels, io.read(tmp_path / "b_out.png").pixels)


def test_a_kernel_of_sum_zero_gives_an_opaque_picture(tmp_path: Path) -> None:
    source = save(tmp_path / "in.png", cutout())
    done("correlate", source, tmp_path / "out.png", "--kernel", "LAPLACIAN", "--signed")
    result = io.read(tmp_path / "out.png")
    assert not result.alpha
    assert result.pixels.shape == (33, 41, 3)
    assert result.pixels[0, 0].tolist() == [128, 128, 128]


def test_bias_is_added_to_colour_and_not_to_alpha(tmp_path: Path) -> None:
    done(
        "correlate", save(tmp_path / "in.png", cutout()), tmp_path / "out.png", "--kernel", "1", "--bias", 10
    )
    expected = cutout().astype(int)
    expected[..., :3] += 10
    expected[expected[..., 3] == 0] = 0
    np.testing.assert_array_equal(io.read(tmp_path / "out.png").pixels, expected)


def test_transparency_into_jpeg(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = save(tmp_path / "in.png", cutout())
    assert "--background" in failed(capsys, 2, "gaussian", source, tmp_path / "out.jpg")
    assert os.listdir(tmp_path) == ["in.png"]
    done("gaussian", source, tmp_path / "out.jpg", "--background", "white")
    assert io.read(tmp_path / "out.jpg").pixels[0, 0].min() > 250
    done("sobel", source, tmp_path / "out.jpg")
