"""The commands of orientation, ridges and filters with a direction."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import imfilter
from imfilter import io
from tests.cli.commands import done, failed, noise, save


def test_raw_values(tmp_path: Path) -> None:
    pixels, out = noise(24, 26), tmp_path / "out.npy"
    source = save(tmp_path / "in.png", pixels)
    values = imfilter.hessian_eigenvalues(pixels, 1.0)
    for which, expected in (
        ("largest", values[0]),
        ("smallest", values[1]),
        ("determinant", values[0] * values[1]),
    ):
        done("hessian", source, out, "--sigma", 1, "--which", which)
        np.testing.assert_array_equal(np.load(out), expected)
    done("steered", source, out, "--theta", 0.5, "--order", 2)
    np.testing.assert_array_equal(np.load(out), imfilter.steered(pixels, 1.0, 0.5, order=2))
    for part in ("real", "imag", "magnitude"):
        done("gabor", source, out, "--frequency", 0.25, "--theta", 0.6, "--part", part)
        np.testing.assert_array_equal(np.load(out), imfilter.gabor(pixels, 0.25, 0.6, part=part))
    for name in ("frangi", "sato", "meijering"):
        done(name, source, out, "--sigmas", "1,1.5", "--no-black-ridges")
        expected = getattr(imfilter, name)(pixels, (1, 1.5), black_ridges=False)
        np.testing.assert_array_equal(np.load(out), expected)
    for name in ("orientation", "coherence"):
        done(name, source, out, "--sigma", 1, "--operator", "scharr")
        np.testing.assert_array_equal(np.load(out), getattr(imfilter, name)(pixels, 1.0, operator="scharr"))


def test_pictures_have_the_range_of_the_measure(tmp_path: Path) -> None:
    pixels, out = noise(30, 31), tmp_path / "out.png"
    source = save(tmp_path / "in.png", pixels)
    for name, low, high in (
        ("frangi", 0.0, 1.0),
        ("meijering", 0.0, 1.0),
        ("coherence", 0.0, 1.0),
        ("orientation", -np.pi / 2, np.pi / 2),
    ):
        sigmas = ["--sigmas", 1] if name in ("frangi", "meijering") else []
        done(name, source, out, *sigmas)
        exact = (getattr(imfilter, name)(pixels, 1.0) - low) / (high - low) * 255
        np.testing.assert_allclose(io.read(out).pixels, exact, rtol=0, atol=0.51)


def test_absent_pixels(tmp_path: Path) -> None:
    pixels = noise(30, 31)
    pixels[8:22, 5:25] = 0
    source, out = save(tmp_path / "in.png", pixels), tmp_path / "out.npy"
    done("hessian", source, out, "--nodata", 0)
    present = pixels != 0
    expected = imfilter.hessian_eigenvalues(pixels, 1.0, mask=present)[0]
    assert np.isnan(expected).any()
    np.testing.assert_array_equal(np.load(out), np.nan_to_num(expected, nan=0))


@pytest.mark.parametrize("option", [("--part", "complex"), ("--frequency", "0")])
def test_errors(tmp_path: Path, capsys: pytest.CaptureFixture[str], option: tuple[str, str]) -> None:
    source = save(tmp_path / "in.png", noise(9, 9))
    assert option[0] in failed(capsys, 2, "gabor", source, tmp_path / "out.png", *option)
