"""Filters along time alone: each sample of a frame is in a signal of its own, which may have gaps."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import imfilter
from imfilter import io
from imfilter._cli import blocks, blockwise
from imfilter._cli.catalogue import FILTERS
from tests.cli.commands import done, failed, noise

OPTIONS = {
    "anisotropic_diffusion": ["--kappa", "30", "--iterations", "3"],
    "butterworth": ["--cutoff", "0.2"],
    "clahe": ["--value-range", "0,255"],  # else it is that of all signals
    "convolve": ["--kernel", "1,2,1"],
    "correlate": ["--kernel", "1,2,1"],
    "fill": ["--sigma", "2"],
    "homomorphic": ["--cutoff", "0.2"],
    "non_local_means": ["--patch", "3", "--search", "5", "--noise", "20"],
    "resize": ["--scale", "0.5"],
    "richardson_lucy": ["--kernel", "1,2,1", "--iterations", "2"],
    "rolling_ball": ["--radius", "3"],
    "total_variation": ["--weight", "20"],
    "wiener": ["--kernel", "1,2,1"],
}
#: Filters of images with two axes.
IMAGES = (
    *("canny", "harris", "hog", "steered", "gabor"),
    *("frangi", "sato", "meijering", "orientation", "coherence"),
)
#: Filters of two images, of objects, and those whose threshold may be that of all signals.
OTHERS = "blobs", "distance", "match_template", "reconstruct", "skeleton", "threshold"
SIGNALS = [one.name for one in FILTERS if one.name not in (*IMAGES, *OTHERS)]


def film(path: Path, pixels: np.ndarray) -> Path:
    io.write(path, io.Image(pixels, axes="TYX"))
    return path


def gaps(dtype: str) -> np.ndarray:
    """Return frames of three samples. Each sample is absent at other times."""
    pixels = (noise(24, 1, 3) // 2 + 60).astype(dtype)
    for time, column in ((3, 0), (4, 0), (9, 1), (17, 2)):
        pixels[time, 0, column] = 0
    return pixels


@pytest.mark.parametrize("name", SIGNALS)
@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_signals(tmp_path: Path, name: str, dtype: str) -> None:
    if name == "entropy" and dtype == "float32":
        pytest.skip("floats have no bins")
    check_each(tmp_path, name, gaps(dtype), OPTIONS.get(name, []))


def check_each(tmp_path: Path, name: str, pixels: np.ndarray, options: list[str]) -> None:
    """Check that no sample of a frame changes the others."""
    words = [tmp_path / "out.npy", "--time", "--nodata", "0", *options]
    done(name, film(tmp_path / "all.tif", pixels), *words)
    found = np.load(tmp_path / "out.npy")
    for column in range(3):
        alone = np.broadcast_to(pixels[..., column : column + 1], pixels.shape)
        done(name, film(tmp_path / "one.tif", np.ascontiguousarray(alone)), *words)
        expected = np.load(tmp_path / "out.npy")
        np.testing.assert_array_equal(found[..., column], expected[..., column])


@pytest.mark.parametrize("method", ["niblack", "sauvola", "local"])
def test_local_thresholds(tmp_path: Path, method: str) -> None:
    check_each(tmp_path, "threshold", gaps("uint8"), ["--method", method, "--size", "5"])


@pytest.mark.parametrize("method", ["niblack", "sauvola", "local"])
def test_local_thresholds_in_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, method: str) -> None:
    zarr = pytest.importorskip("zarr")
    pixels = noise(24, 4, 6)
    stored = zarr.create_array(
        tmp_path / "in.zarr", shape=pixels.shape, dtype="u1", chunks=(8, 2, 3), dimension_names=[*"tyx"]
    )
    stored[...] = pixels
    words = "--time", "--method", method, "--size", "5"
    done("threshold", film(tmp_path / "in.tif", pixels), tmp_path / "whole.npy", *words)
    monkeypatch.setattr(blockwise, "_LARGE", 0)
    monkeypatch.setattr(blocks, "SAMPLES", 1)
    done("threshold", tmp_path / "in.zarr", tmp_path / "out.zarr", *words)
    found = np.asarray(zarr.open(tmp_path / "out.zarr", mode="r")[...])
    np.testing.assert_array_equal(found, np.load(tmp_path / "whole.npy"))


@pytest.mark.parametrize("channels", [2, 5])
def test_local_thresholds_of_channels(tmp_path: Path, channels: int) -> None:
    pixels = noise(20, 21, channels)
    np.save(tmp_path / "in.npy", pixels)
    words = tmp_path / "in.npy", tmp_path / "out.npy", "--channel-axis", "-1"
    done("threshold", *words, "--method", "niblack", "--size", "5")
    expected = pixels > imfilter.threshold.niblack(pixels, 5, channel_axis=-1)
    np.testing.assert_array_equal(np.load(tmp_path / "out.npy"), expected)


@pytest.mark.parametrize(
    ("name", "function", "options"),
    [
        ("guided", imfilter.guided, {"radius": 2, "eps": 25.5**2}),
        ("bilateral", imfilter.bilateral, {"sigma_space": 1.5, "sigma_range": 25.5}),
    ],
)
def test_guides(tmp_path: Path, name: str, function: object, options: dict[str, float]) -> None:
    """All signals share a guide, but not their gaps."""
    pixels, guide = gaps("uint8"), noise(24)
    np.save(tmp_path / "guide.npy", guide)
    words = [f"--{key.replace('_', '-')}={value}" for key, value in options.items()]
    words += ["--time", "--nodata=0", f"--guide={tmp_path / 'guide.npy'}"]
    source, out = film(tmp_path / "in.tif", pixels), tmp_path / "out.npy"
    done(name, source, out, *words)
    found = np.load(out)
    for column in range(3):
        signal = pixels[:, 0, column]
        alone = function(signal, guide=guide, mask=signal != 0, **options)  # type: ignore[operator]
        np.testing.assert_array_equal(found[:, 0, column], np.ma.filled(alone, 0))


def test_one_progress_is_not_that_of_many_signals(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    source, out = film(tmp_path / "in.tif", gaps("uint8")), tmp_path / "out.npy"
    done("total_variation", source, out, "--time", "--weight", 20)
    assert "total variation" not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "function", "options"),
    [
        ("non_local_means", imfilter.non_local_means, {"patch": 3, "search": 5, "noise": 20.0}),
        ("total_variation", imfilter.total_variation, {"weight": 20.0}),
        ("anisotropic_diffusion", imfilter.anisotropic_diffusion, {"kappa": 30.0, "iterations": 3}),
        ("fill_holes", imfilter.morphology.fill_holes, {}),
        ("guided", imfilter.guided, {"radius": 2, "eps": 25.5**2}),
        ("bilateral", imfilter.bilateral, {"sigma_space": 1.5, "sigma_range": 25.5}),
    ],
)
def test_functions(tmp_path: Path, name: str, function: object, options: dict[str, float]) -> None:
    """Where nothing is absent, and with a mask, the values are those of the function."""
    pixels, present = noise(24, 2, 4), noise(24, 2, 4) > 30
    np.save(tmp_path / "mask.npy", present)
    words = [f"--{key.replace('_', '-')}={value}" for key, value in options.items()]
    source, out = film(tmp_path / "in.tif", pixels), tmp_path / "out.npy"
    done(name, source, out, "--time", *words)
    np.testing.assert_array_equal(np.load(out), function(pixels, axes=0, **options))  # type: ignore[operator]
    done(name, source, out, "--time", "--mask", tmp_path / "mask.npy", *words)
    expected = function(pixels, axes=0, mask=present, **options)  # type: ignore[operator]
    expected = expected if name in ("guided", "bilateral") else np.where(present, expected, 0)
    np.testing.assert_array_equal(np.load(out), expected)


@pytest.mark.parametrize("name", [*IMAGES, "match_template", "blobs", "skeleton"])
def test_images(tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    """Frames side by side are no image: a filter of images says that it needs two axes."""
    source = film(tmp_path / "in.tif", gaps("uint8"))
    required = {"match_template": ["--template", source], "gabor": ["--frequency", "0.2"]}.get(name, [])
    out = tmp_path / ("out.tif" if name == "blobs" else "out.npy")  # a list of blobs is for one picture
    for options in ([],) if name == "skeleton" else ([], ["--nodata", "0"]):
        line = failed(capsys, 2, name, source, out, "--time", *required, *options)
        assert line == f"image must have 2 axes for {name}, got 1; --axes YX filters each plane"


def test_a_seed_is_one_signal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = film(tmp_path / "in.tif", gaps("uint8"))
    line = failed(capsys, 2, "reconstruct", source, tmp_path / "out.npy", "--time", "--seed", source)
    words = "which all signals share, got shape (24, 1, 3); give such a .npy file"
    assert line == f"--seed must have one axis of 24 samples, {words}"


@pytest.mark.parametrize("name", ["sobel", "bilateral", "total_variation", "fill_holes"])
def test_three_samples_are_no_colour(tmp_path: Path, name: str) -> None:
    pixels = noise(24, 1, 3)
    done(name, film(tmp_path / "in.tif", pixels), tmp_path / "out.npy", "--time", *OPTIONS.get(name, []))
    wider = np.concatenate([pixels] * 3, axis=1)
    done(name, film(tmp_path / "in.tif", wider), tmp_path / "wide.npy", "--time", *OPTIONS.get(name, []))
    np.testing.assert_array_equal(np.load(tmp_path / "out.npy"), np.load(tmp_path / "wide.npy")[:, :1])
