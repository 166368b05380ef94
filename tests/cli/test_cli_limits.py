"""Which values are black and white in integers: --full-scale, --range, and a word where neither is given."""

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
    NAMES,
    RANGED,
    RNG,
    SMOOTHING,
    done,
    failed,
    noise,
    run,
    said,
    save,
)
from tests.looping import loop_over

#: Own arguments of the functions, as the command has them by default.
ARGUMENTS = {"gaussian": [1.0], "box": [3], "percentile": [50.0]}


@pytest.fixture
def shares(tmp_path: Path) -> Path:
    """Save a smooth float picture from 0 to 1, with a corner and edges."""
    y, x = np.mgrid[:48, :56]
    pixels = 0.5 + 0.25 * np.sin(x / 5) + 0.25 * np.sin(y / 7)
    pixels[10:20, 12:30] = 1.0
    np.save(tmp_path / "shares.npy", pixels.astype(np.float32))
    return tmp_path / "shares.npy"


@loop_over("suffix", ["png", "jpg", "bmp", "webp"])
@pytest.mark.parametrize("name", [name for name in NAMES if name not in ["canny", *RANGED]])
@pytest.mark.slow
def test_the_advice_on_floats_works_when_followed(
    tmp_path: Path, shares: Path, capsys: pytest.CaptureFixture[str], name: str, suffix: str
) -> None:
    out, extra = tmp_path / f"out.{suffix}", EXTRA.get(name, [])
    message = failed(capsys, 2, name, shares, out, *extra)
    assert "--full-scale" in message
    assert "--range LOW,HIGH" in message
    assert not out.exists()
    for advice in (["--full-scale", 1], ["--range", "0,1"]):
        done(name, shares, out, *extra, *advice)
        assert said(capsys) == ""
        pixels = io.read(out).pixels
        assert pixels.max() > np.iinfo(pixels.dtype).max // 10
        # Nine samples have few entropies.
        assert len(np.unique(pixels)) > (2 if name == "entropy" else 20)


@pytest.mark.parametrize("name", NAMES)
def test_a_float_picture_is_not_rounded_away_in_silence(
    tmp_path: Path, shares: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    extra = [*EXTRA.get(name, []), "--dtype", "uint8"]
    for suffix in ("png", "npy", "tif"):
        code = run(name, shares, tmp_path / f"out.{suffix}", *extra)
        err = said(capsys)
        if code:
            assert code == 2
            assert "--full-scale" in err
        elif name not in ("canny", "hog", *RANGED):  # yes or no; cells
            assert err.startswith(f"imfilter: warning: {shares}: ")
            assert err.count("\n") == 1
            assert "--full-scale 1" in err
    large = tmp_path / "large.npy"
    np.save(large, np.load(shares) * 300)
    if name in SMOOTHING:
        done(name, large, tmp_path / "large.png", *extra)
        assert said(capsys) == ""


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ([-1.0, 0.5, 1.0], True),
        ([np.nan, 0.5, 0.25], True),
        ([1e-30, 0.0, 0.0], True),
        ([0.0, 0.0, 0.0], False),
        ([np.nan, np.nan, np.nan], False),
        ([0.5, 0.5, 1.01], False),
        ([0.5, 0.5, -np.inf], False),
    ],
)
def test_which_pictures_are_told_of(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], values: list[float], told: bool
) -> None:
    np.save(tmp_path / "in.npy", np.tile(values, (9, 2)))
    done("median", tmp_path / "in.npy", tmp_path / "out.npy", "--dtype", "int16")
    assert bool(said(capsys)) == told
    done("median", tmp_path / "in.npy", tmp_path / "out.npy")
    assert said(capsys) == ""


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
@pytest.mark.parametrize("name", SMOOTHING)
def test_limits_of_smoothing(tmp_path: Path, shares: Path, name: str, dtype: str) -> None:
    pixels, top = np.load(shares), np.iinfo(dtype).max
    smooth = getattr(imfilter, name)(pixels, *ARGUMENTS.get(name, []))
    for options, low, high in (
        (["--full-scale", 1], 0, 1),
        (["--full-scale", 0.5], 0, 0.5),
        (["--range", "0.25,0.75"], 0.25, 0.75),
        (["--range", "-1,1"], -1, 1),
    ):
        for suffix in ("png", "npy"):
            done(name, shares, tmp_path / f"out.{suffix}", "--dtype", dtype, *options)
            result = io.read(tmp_path / f"out.{suffix}").pixels
            assert result.dtype == dtype
            exact = np.clip((smooth.astype(np.float64) - low) / (high - low), 0, 1) * top
            np.testing.assert_allclose(result, exact, atol=0.52)


def test_limits_of_integers(tmp_path: Path) -> None:
    """12 bits in a file of 16; and the lower half of 8 bits."""
    pixels = (noise(30, 40, 3, dtype="uint16") // 16).astype(np.uint16)
    source = save(tmp_path / "in.png", pixels)
    done("box", source, tmp_path / "out.png", "--size", 1, "--full-scale", 4095)
    np.testing.assert_allclose(io.read(tmp_path / "out.png").pixels, pixels / 4095 * 65535, atol=0.51)
    done("box", source, tmp_path / "out.jpg", "--size", 1, "--full-scale", 4095, "--quality", 100)
    assert io.read(tmp_path / "out.jpg").pixels.max() > 250
    source = save(tmp_path / "in.png", noise(30, 40))
    done("box", source, tmp_path / "out.png", "--size", 1, "--range", "0,127.5")
    expected = np.minimum(io.read(source).pixels.astype(int) * 2, 255)
    np.testing.assert_array_equal(io.read(tmp_path / "out.png").pixels, expected)


@pytest.mark.parametrize("kernel", ["1,2,1;2,4,2;1,2,1", "0,1,0;1,-4,1;0,1,0", "1"])
def test_limits_of_kernels(tmp_path: Path, shares: Path, kernel: str) -> None:
    """As if the picture had been on the scale of the result before."""
    pixels = np.load(shares).astype(np.float64)
    weights = np.array([[float(w) for w in row.split(",")] for row in kernel.split(";")])
    for low, high, bias in ((0.0, 1.0, 0.0), (-1.0, 3.0, 0.25), (0.25, 0.5, 0.0)):
        options = ["--kernel", kernel, "--range", f"{low},{high}", "--bias", bias, "--dtype", "uint8"]
        done("correlate", shares, tmp_path / "out.png", *options)
        scaled = (pixels - low) * 255 / (high - low)
        exact = imfilter.correlate(scaled, weights, bias=bias * 255 / (high - low))
        result = io.read(tmp_path / "out.png").pixels
        np.testing.assert_allclose(result, np.clip(exact, 0, 255), atol=0.52)
        done("correlate", shares, tmp_path / "out.png", *options, "--signed")
        result = io.read(tmp_path / "out.png").pixels
        np.testing.assert_allclose(result, np.clip(exact + 128, 0, 255), atol=0.52)


@pytest.mark.parametrize("name", DERIVATIVES)
def test_limits_of_edges(tmp_path: Path, shares: Path, name: str) -> None:
    """From black to white is the edge that is white: the same for a picture that was scaled before."""
    for low, high in ((0.0, 1.0), (-2.0, 2.0), (0.25, 0.5)):
        done(name, shares, tmp_path / "out.png", "--range", f"{low},{high}", "--dtype", "uint8")
        np.save(tmp_path / "scaled.npy", (np.load(shares) - np.float32(low)) * np.float32(200 / (high - low)))
        done(name, tmp_path / "scaled.npy", tmp_path / "same.png", "--full-scale", 200, "--dtype", "uint8")
        first, second = (io.read(tmp_path / file).pixels.astype(int) for file in ("out.png", "same.png"))
        np.testing.assert_allclose(first, second, atol=1)
    done(name, shares, tmp_path / "out.npy", "--full-scale", 1, "--dtype", "uint8")
    done(name, shares, tmp_path / "out.png", "--full-scale", 1, "--dtype", "uint8")
    np.testing.assert_array_equal(np.load(tmp_path / "out.npy"), io.read(tmp_path / "out.png").pixels)


def test_transparency_is_over_what_is_black(tmp_path: Path) -> None:
    pixels = RNG.random((30, 20, 4)).astype(np.float32) + 5
    pixels[..., 3] = 1.0
    pixels[10:20, :, 3] = 0.0
    source = save(tmp_path / "in.tif", pixels)
    done("sobel", source, tmp_path / "out.png", "--range", "5,6", "--dtype", "uint8")
    black = pixels[..., :3].copy()
    black[10:20] = 5
    done(
        "sobel",
        save(tmp_path / "black.tif", black),
        tmp_path / "same.png",
        "--range",
        "5,6",
        "--dtype",
        "uint8",
    )
    first, second = (io.read(tmp_path / file).pixels.astype(int) for file in ("out.png", "same.png"))
    np.testing.assert_allclose(first, second, atol=1)
    done("gaussian", source, tmp_path / "out.png", "--range", "5,6", "--dtype", "uint8", "--sigma", 0.5)
    result = io.read(tmp_path / "out.png")
    assert (result.pixels[13:17] == 0).all()
    exact = imfilter.gaussian(pixels[:8, :, :3] - 5, 0.5, channel_axis=-1) * 255
    np.testing.assert_allclose(result.pixels[:5, :, :3], exact[:5], atol=0.6)


def test_thresholds_of_canny_are_on_the_scale_of_8_bits(tmp_path: Path, shares: Path) -> None:
    options = ["--low", 60, "--high", 180]
    done("canny", shares, tmp_path / "out.npy", *options, "--range", "-1,1")
    scaled = (np.load(shares) + np.float32(1)) * np.float32(127.5)
    np.testing.assert_array_equal(np.load(tmp_path / "out.npy"), imfilter.canny(scaled, 60, 180))
    assert 0 < np.load(tmp_path / "out.npy").sum() < 1000


def test_corners_are_on_a_picture_that_is_seen(tmp_path: Path, shares: Path) -> None:
    done("harris", shares, tmp_path / "out.png", "--full-scale", 1)
    pixels = io.read(tmp_path / "out.png").pixels
    red = (pixels == [65535, 0, 0]).all(axis=-1)
    assert red.any()
    np.testing.assert_allclose(pixels[~red][:, 0], np.load(shares)[~red] * 65535, atol=0.51)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["box", "out.png", "--range", "1"], "'1' is not LOW,HIGH"),
        (["box", "out.png", "--range", "1,2,3"], "'1,2,3' is not LOW,HIGH"),
        (["box", "out.png", "--range", "a,2"], "'a' is not a number"),
        (["box", "out.png", "--range", "0,inf"], "not a finite number"),
        (["box", "out.png", "--range", "2,2"], "LOW must be below HIGH, got 2,2"),
        (["box", "out.png", "--range", "0,1", "--full-scale", "1"], "give only one of them"),
        (["box", "out.npy", "--full-scale", "1"], "--dtype uint8 or uint16"),
        (["sobel", "out.npy", "--range", "0,1"], "--dtype uint8 or uint16"),
        (["sobel", "out.tif", "--range", "0,1", "--dtype", "float32"], "--dtype uint8 or uint16"),
        (["harris", "out.csv", "--full-scale", "1"], "leave them out"),
        (["harris", "out.npy", "--full-scale", "1"], "leave them out"),
        (["hog", "out.npy", "--full-scale", "1"], "leave them out"),
    ],
)
def test_limits_that_mean_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    name, out, *options = arguments
    source = save(tmp_path / "in.png", noise(40, 40))
    assert words in failed(capsys, 2, name, source, tmp_path / out, *options)
    assert os.listdir(tmp_path) == ["in.png"]


@pytest.mark.parametrize("name", ["fill_holes", "clahe", "blobs", "non_local_means"])
def test_advice_names_only_options_that_the_command_has(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    source = save(tmp_path / "in.npy", RNG.random((40, 50)) * 200)
    message = failed(capsys, 2, name, source, tmp_path / "out.png")
    assert "--full-scale" not in message
    assert "--dtype uint8 or uint16" in message
    done(name, source, tmp_path / "out.png", "--dtype", "uint8")
    assert io.read(tmp_path / "out.png").pixels.dtype == np.uint8
    done(name, source, tmp_path / "out.npy")
