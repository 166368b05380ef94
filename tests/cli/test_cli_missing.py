"""Absent pixels in the command: masks, the value of absent pixels, NaN, and filling."""

from __future__ import annotations

import inspect
import operator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import imfilter
from imfilter import io
from imfilter._cli import strips, table
from tests.cli.commands import EXTRA, RNG, done, failed, noise, save

LINEAR = ["gaussian", "box", "sharpen", "unsharp_mask"]
ARGUMENTS: dict[str, list[Any]] = {"gaussian": [1.0], "box": [3], "fill": [1.0]}


def holes(*shape: int) -> np.ndarray:
    """Return which pixels are present: not some single ones, and not a block larger than a window."""
    present = RNG.random(shape) < 0.8
    present[2 : shape[0] // 2, 3 : shape[1] // 2] = False
    return present


def mask_file(path: Path, present: np.ndarray) -> Path:
    return save(
        path, present.astype(np.uint8) * RNG.integers(1, 256, present.shape, np.uint8, endpoint=False)
    )


def read(path: Path) -> np.ndarray:
    return io.read(path).pixels


def call(name: str, image: np.ndarray, **options: Any) -> np.ndarray:
    return getattr(imfilter, name)(image, *ARGUMENTS.get(name, []), **options)


def test_options_are_those_of_the_function() -> None:
    names = [option.name for option in (*table.MASK, table.MIN_COVERAGE)]
    assert names == ["mask", "nodata", "nan", "min_coverage"]
    for command in table.COMMANDS:
        known = inspect.signature(operator.attrgetter(command.calls or command.name)(imfilter)).parameters
        options = {option.name: option for option in table.missing_of(command)}
        assert list(options) == names[: 4 if "min_coverage" in known else 3]
        assert known["nan"].default == options["nan"].default
        if "min_coverage" in options:
            assert known["min_coverage"].default == options["min_coverage"].default
        assert known["mask"].default is None


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
@pytest.mark.parametrize("name", [*LINEAR, "fill"])
def test_masks(tmp_path: Path, name: str, dtype: str) -> None:
    pixels, present = noise(23, 31, dtype="uint8").astype(dtype), holes(23, 31)
    source, mask = save(tmp_path / "in.tif", pixels), mask_file(tmp_path / "mask.png", present)
    done(name, source, tmp_path / "out.tif", "--mask", mask)
    np.testing.assert_array_equal(read(tmp_path / "out.tif"), call(name, pixels, mask=present))
    done(name, source, tmp_path / "out.tif", "--mask", mask, "--min-coverage", 0.6, "--nodata", 77777)
    expected = call(name, np.where(pixels == 77777, 0, pixels), mask=present, min_coverage=0.6)
    if dtype == "float32":
        expected = np.where(np.isnan(expected), 77777, expected)
        assert (expected == 77777).any()
    np.testing.assert_array_equal(read(tmp_path / "out.tif"), expected)


@pytest.mark.parametrize("name", [*LINEAR, "fill"])
def test_colour(tmp_path: Path, name: str) -> None:
    pixels, present = noise(40, 50, 3), holes(40, 50)
    mask = mask_file(tmp_path / "mask.png", np.stack([present, present, 0 * present], -1))
    source = save(tmp_path / "in.png", pixels)
    done(name, source, tmp_path / "out.png", "--mask", mask)
    np.testing.assert_array_equal(
        read(tmp_path / "out.png"), call(name, pixels, mask=present, channel_axis=-1)
    )
    # Each channel has its own absent samples of a value.
    done(name, source, tmp_path / "out.png", "--mask", mask, "--nodata", 7)
    expected = call(name, np.ma.masked_array(pixels, ~present[..., None] | (pixels == 7)), channel_axis=-1)
    assert np.ma.getmaskarray(expected).any()
    np.testing.assert_array_equal(read(tmp_path / "out.png"), expected.filled(7))


@pytest.mark.parametrize("name", ["sobel", "laplacian", "gaussian_gradient_magnitude"])
def test_derivatives(tmp_path: Path, name: str) -> None:
    pixels, present = noise(23, 31), holes(23, 31)
    source, mask = save(tmp_path / "in.png", pixels), mask_file(tmp_path / "mask.png", present)
    extra = ["--sigma", 0.5] if name == "gaussian_gradient_magnitude" else []
    done(name, source, tmp_path / "out.npy", "--mask", mask, *extra)
    raw = getattr(imfilter, name)(pixels, *extra[1:], mask=present)
    np.testing.assert_array_equal(read(tmp_path / "out.npy"), raw)
    assert np.isnan(raw).any()
    done(name, source, tmp_path / "whole.png", *extra)
    done(name, source, tmp_path / "out.png", "--mask", mask, *extra, "--nodata", 255)
    picture, whole = read(tmp_path / "out.png"), read(tmp_path / "whole.png")
    assert (picture[np.isnan(raw)] == 255).all()
    far = np.zeros_like(present)
    far[16:, 20:] = True
    present |= far
    mask_file(mask, present)
    done(name, source, tmp_path / "out.png", "--mask", mask, *extra)
    np.testing.assert_array_equal(read(tmp_path / "out.png")[19:, 23:], whole[19:, 23:])
    assert (
        read(tmp_path / "out.png")[np.isnan(getattr(imfilter, name)(pixels, *extra[1:], mask=present))] == 0
    ).all()


def test_luminance_needs_every_channel(tmp_path: Path) -> None:
    pixels = noise(15, 16, 3)
    pixels[4, 5, 1] = pixels[9, 9, 2] = 200
    done("sobel", save(tmp_path / "in.png", pixels), tmp_path / "out.npy", "--nodata", 200)
    grey = np.zeros((15, 16), np.float32)
    for weight, plane in zip((0.299, 0.587, 0.114), np.moveaxis(pixels, -1, 0), strict=True):
        grey += np.float32(weight) * plane
    expected = imfilter.sobel(grey, mask=(pixels != 200).all(-1))
    np.testing.assert_allclose(read(tmp_path / "out.npy"), expected, rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize("mode", ["mirror", "zero", "wrap", "shrink"])
def test_kernels(tmp_path: Path, mode: str) -> None:
    pixels, present = noise(23, 31, dtype="uint16"), holes(23, 31)
    source, mask = save(tmp_path / "in.png", pixels), mask_file(tmp_path / "mask.png", present)
    done(
        "correlate",
        source,
        tmp_path / "out.npy",
        "--kernel",
        "1,2,1;0,0,0;-1,-2,-1",
        "--mask",
        mask,
        "--mode",
        mode,
        "--stride",
        2,
    )
    expected = imfilter.correlate(
        pixels, [[1, 2, 1], [0, 0, 0], [-1, -2, -1]], mask=present, mode=mode, stride=2
    )
    np.testing.assert_array_equal(read(tmp_path / "out.npy"), expected)


@pytest.mark.parametrize("name", [*LINEAR, "fill", "sobel", "correlate"])
@pytest.mark.parametrize("kind", ["png", "tif"])
def test_a_full_mask_changes_nothing(tmp_path: Path, name: str, kind: str) -> None:
    pixels = noise(20, 21, 3)
    source = save(tmp_path / "in.png", pixels)
    full = mask_file(tmp_path / "mask.png", np.ones((20, 21), bool))
    done(name, source, tmp_path / f"plain.{kind}", *EXTRA.get(name, []))
    done(name, source, tmp_path / f"full.{kind}", "--mask", full, *EXTRA.get(name, []), "--nan", "ignore")
    assert (tmp_path / f"plain.{kind}").read_bytes() == (tmp_path / f"full.{kind}").read_bytes()


@pytest.mark.parametrize("name", ["gaussian", "fill", "sobel"])
def test_bands_give_the_same_bits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    pixels, present = noise(60, 31, 4), holes(60, 31)
    pixels[..., 3] |= 1
    source, mask = save(tmp_path / "in.png", pixels), mask_file(tmp_path / "mask.png", present)
    for mode in ("mirror", "wrap", "shrink"):
        arguments = (name, source, "--mask", mask, "--mode", mode, "--nodata", 3, "--radius", 2)
        arguments = arguments if name != "sobel" else arguments[:-2]
        done(*arguments[:2], tmp_path / "whole.png", *arguments[2:])
        with monkeypatch.context() as patch:
            patch.setattr(strips, "_BAND", 1 << 9)
            done(*arguments[:2], tmp_path / "bands.png", *arguments[2:])
        np.testing.assert_array_equal(read(tmp_path / "bands.png"), read(tmp_path / "whole.png"))


@pytest.mark.parametrize("name", ["gaussian", "fill", "correlate"])
def test_alpha(tmp_path: Path, name: str) -> None:
    """Absent pixels and transparent pixels do not count. Where nothing is present, nothing is seen."""
    pixels, present = noise(23, 31, 4), holes(23, 31)
    present[15, 20] = True
    pixels[..., :3] = 200, 30, 90
    pixels[..., 3] = 255
    pixels[~present] = 1, 255, 3, 77
    pixels[15, 20] = 0, 0, 250, 0
    source, mask = save(tmp_path / "in.png", pixels), mask_file(tmp_path / "mask.png", present)
    kernel = ["--kernel", "0,0.25,0;0.25,0,0.25;0,0.25,0"] if name == "correlate" else ["--radius", 1]
    done(name, source, tmp_path / "out.png", "--mask", mask, *kernel)
    result = read(tmp_path / "out.png")
    seen = result[..., 3] > 0
    assert not seen[4:7, 5:12].any()
    assert seen.mean() > 0.8
    shown = result[seen][:, :3].astype(int)
    assert np.abs(shown - (200, 30, 90)).max() <= 1
    if name == "fill":
        np.testing.assert_array_equal(result[present], pixels[present])
    assert (result[4:7, 5:12] == 0).all()
    done(name, source, tmp_path / "out.png", "--mask", mask, *kernel, "--nodata", 9)
    assert read(tmp_path / "out.png")[5, 8].tolist() == [9, 9, 9, 0]


def test_fill(tmp_path: Path) -> None:
    pixels, present = noise(23, 31).astype(np.float32), holes(23, 31)
    pixels[~present] = -9999
    source = save(tmp_path / "photo.tif", pixels)
    done("fill", source, tmp_path / "out.tif", "--nodata", -9999, "--sigma", 3)
    expected = imfilter.fill(pixels, 3.0, mask=present)
    np.testing.assert_array_equal(read(tmp_path / "out.tif"), expected)
    pixels[~present] = np.nan
    save(source, pixels)
    done("fill", source, tmp_path / "out.tif", "--sigma", 3)
    np.testing.assert_array_equal(read(tmp_path / "out.tif"), expected)
    done("fill", source, tmp_path / "out.tif", "--sigma", 3, "--nan", "propagate")
    np.testing.assert_array_equal(read(tmp_path / "out.tif"), pixels)
    pixels[20, 25] = -9999
    save(source, pixels)
    done("fill", source, tmp_path / "out.tif", "--nan", "propagate", "--nodata", -9999)
    kept = imfilter.fill(pixels, 1.0, mask=pixels != -9999, nan="propagate")
    assert np.isnan(kept[~present]).all()
    undefined = (pixels == -9999) & np.isnan(kept)
    np.testing.assert_array_equal(read(tmp_path / "out.tif"), np.where(undefined, -9999, kept))
    pixels[20, 25] = 5
    save(source, pixels)
    done("fill", source, tmp_path / "out.npy", "--sigma", 3, "--min-coverage", 0.5)
    np.testing.assert_array_equal(read(tmp_path / "out.npy"), imfilter.fill(pixels, 3.0, min_coverage=0.5))


def test_arrays(tmp_path: Path) -> None:
    volume, present = RNG.random((5, 6, 7, 3)), RNG.random((5, 6, 7, 3)) < 0.7
    source = save(tmp_path / "in.npy", volume)
    whole, spatial = save(tmp_path / "mask.npy", present), save(tmp_path / "flat.npy", present[..., 0])
    done("gaussian", source, tmp_path / "out.npy", "--channel-axis", -1, "--mask", whole)
    np.testing.assert_array_equal(
        read(tmp_path / "out.npy"), imfilter.gaussian(volume, 1.0, mask=present, channel_axis=-1)
    )
    done("gaussian", source, tmp_path / "out.npy", "--channel-axis", -1, "--mask", spatial)
    np.testing.assert_array_equal(
        read(tmp_path / "out.npy"), imfilter.gaussian(volume, 1.0, mask=present[..., 0], channel_axis=-1)
    )
    first = save(tmp_path / "first.npy", np.moveaxis(volume, -1, 0))
    mask = save(tmp_path / "mask.npy", np.moveaxis(present, -1, 0))
    done("fill", first, tmp_path / "out.npy", "--channel-axis", 0, "--mask", mask)
    expected = imfilter.fill(volume, 1.0, mask=present, channel_axis=-1)
    np.testing.assert_array_equal(read(tmp_path / "out.npy"), np.moveaxis(expected, -1, 0))
    line = np.array([1.0, np.nan, 3.0, 4.0])
    done("box", save(tmp_path / "line.npy", line), tmp_path / "out.npy", "--nan", "ignore")
    np.testing.assert_array_equal(read(tmp_path / "out.npy"), imfilter.box(line, 3, nan="ignore"))


def test_edges_of_what_is_present(tmp_path: Path) -> None:
    pixels, present = noise(40, 50), np.ones((40, 50), bool)
    present[:, 20:] = False
    pixels[~present] = 7
    source, mask = save(tmp_path / "in.png", pixels), mask_file(tmp_path / "mask.png", present)
    thresholds = ["--low", 50, "--high", 100]
    done("canny", source, tmp_path / "out.npy", "--mask", mask, *thresholds)
    expected = imfilter.canny(np.where(present, pixels, 0), 50, 100, mask=present)
    assert expected.any()
    np.testing.assert_array_equal(read(tmp_path / "out.npy"), expected)
    floats = pixels.astype(np.float32)
    floats[~present] = np.nan
    save(tmp_path / "in.npy", floats)
    done("canny", tmp_path / "in.npy", tmp_path / "nan.npy", "--nan", "ignore", *thresholds)
    np.testing.assert_array_equal(read(tmp_path / "nan.npy"), expected)


def test_errors(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source, out = save(tmp_path / "in.png", noise(20, 30)), tmp_path / "out.png"
    small = save(tmp_path / "mask.png", noise(20, 29))
    error = failed(capsys, 2, "gaussian", source, out, "--mask", small)
    assert error.endswith(f"--mask must have the size of IN, 30 x 20 pixels, got 29 x 20 pixels in {small}")
    error = failed(capsys, 1, "gaussian", source, out, "--mask", tmp_path / "absent.png")
    assert "absent.png" in error
    cube = save(tmp_path / "cube.npy", np.zeros((2, 3, 4)))
    assert "shape (2, 3, 4), got 30 x 20 pixels" in failed(capsys, 2, "box", cube, out, "--mask", source)
    assert "'x' is not a number, nan or none" in failed(capsys, 2, "box", source, out, "--nodata", "x")
    assert "'drop' is not one of propagate, ignore" in failed(capsys, 2, "box", source, out, "--nan", "drop")
    error = failed(capsys, 2, "box", source, out, "--min-coverage", 2)
    assert "min_coverage must be from 0 to 1, got 2.0" in error
    assert not out.exists()
