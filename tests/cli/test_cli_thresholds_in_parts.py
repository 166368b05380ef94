"""Thresholds of large stacks, arrays of zarr and pipelines: the histograms of the parts are merged."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import imfilter
from imfilter import io
from imfilter._cli import blocks, blockwise, stack_work
from tests.cli.commands import done, failed, noise
from tests.cli.test_cli_streamed_thresholds import GLOBAL, two_hills
from tests.looping import loop_over

#: The letters of the filtered axes, and the axes of C Z Y X that have one threshold together. Samples beside
#: a single axis are one signal.
AXES = [("ZYX", (1, 2, 3)), ("YX", (2, 3)), ("ZX", (1, 3)), ("Z", (1, 2, 3)), ("Y", (2, 3))]


@pytest.fixture
def parts(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Filter every stack in small parts. Collect the numbers of samples that are held at once."""
    monkeypatch.setattr(blockwise, "_LARGE", 0)
    monkeypatch.setattr(blocks, "SAMPLES", 1)
    monkeypatch.setattr(stack_work, "_FRAMES", 1)
    sizes: list[int] = []
    reading, filtering = blocks.read, stack_work.Work.result

    def read(*given: Any) -> Any:
        found = reading(*given)
        sizes.append(found.size)
        return found

    def result(self: Any, block: np.ndarray, *more: Any) -> Any:
        sizes.append(block.size)
        return filtering(self, block, *more)

    monkeypatch.setattr(blocks, "read", read)
    monkeypatch.setattr(stack_work.Work, "result", result)
    return sizes


def stack(path: Path, pixels: np.ndarray, chunks: tuple[int, ...] = (1, 6, 12, 20)) -> Path:
    """Write a stack with the axes C Z Y X. Chunks are those of zarr: each is a file."""
    if path.suffix == ".zarr":
        zarr = pytest.importorskip("zarr")
        made = zarr.create_array(
            path, shape=pixels.shape, dtype=pixels.dtype, chunks=chunks, dimension_names=[*"czyx"]
        )
        made[...] = pixels
    elif path.suffix == ".npy":
        np.save(path, pixels)
    else:
        io.write(path, io.Image(pixels, axes="CZYX"))
    return path


def pixels_of(path: Path) -> np.ndarray:
    return np.load(path) if path.suffix == ".npy" else io.read(path).pixels


def above(pixels: np.ndarray, together: tuple[int, ...], find: Callable[[np.ndarray], Any]) -> np.ndarray:
    """Return the numbers of the classes of samples. The axes in `together` have the same thresholds."""
    turned = np.moveaxis(pixels, together, range(-len(together), 0))
    found = np.empty(turned.shape, np.uint8)
    for index in np.ndindex(turned.shape[: -len(together)]):
        limits = np.atleast_1d(find(turned[index])).tolist()  # NumPy compares float32 with them as float32
        found[index] = sum(turned[index] > limit for limit in limits)
    return np.moveaxis(found, range(-len(together), 0), together)


@pytest.mark.parametrize("method", GLOBAL)
@loop_over("dtype", ["uint8", "uint16", "int32", "float32"])
@loop_over("suffix", [".zarr", ".tif", ".npy"])
@pytest.mark.slow
def test_volumes(tmp_path: Path, parts: list[int], suffix: str, dtype: str, method: str) -> None:
    parts.clear()
    pixels = two_hills(2, 13, 21, 34).astype(dtype)
    pixels[1] //= 2  # each volume has a threshold of its own
    source, out = stack(tmp_path / f"a{suffix}", pixels), tmp_path / f"out{suffix}"
    done("threshold", source, out, "--method", method, "--axes", "ZYX")
    wanted = above(pixels, (1, 2, 3), getattr(imfilter.threshold, method))
    white = 1 if suffix != ".tif" else 127.5 if method == "multi_otsu" else 255
    np.testing.assert_array_equal(pixels_of(out), np.rint(wanted * white))
    assert max(parts) < pixels[0].size


@pytest.mark.parametrize("suffix", [".zarr", ".tif"])
@pytest.mark.parametrize(("axes", "together"), AXES)
def test_axes(tmp_path: Path, parts: list[int], suffix: str, axes: str, together: tuple[int, ...]) -> None:
    pixels = two_hills(3, 13, 21, 34)
    pixels[1, 2:7, 3:9] //= 2
    source = stack(tmp_path / f"a{suffix}", pixels)
    for name in ("out.npy", "out.zarr"):
        done("threshold", source, tmp_path / name, "--axes", axes)
        wanted = above(pixels, together, imfilter.threshold.otsu)
        np.testing.assert_array_equal(pixels_of(tmp_path / name), wanted)


@pytest.mark.parametrize("method", GLOBAL)
@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_colours_along_time(
    tmp_path: Path, parts: list[int], monkeypatch: pytest.MonkeyPatch, dtype: str, method: str
) -> None:
    """All samples beside the axis of time are one signal, also the channels of a colour."""
    pixels = two_hills(13, 21, 34, 3).astype(dtype)
    if dtype == "float32":
        pixels[3, 5:8] = np.nan
    io.write(tmp_path / "a.tif", io.Image(pixels, True, axes="TYXS"))
    words = ["pipe", tmp_path / "a.tif", tmp_path / "out.npy", "median", f"threshold --method {method}"]
    found = []
    for frames in (1, 1 << 40):
        monkeypatch.setattr(stack_work, "_FRAMES", frames)
        done(*words, "erode", "--time", "--nan", "ignore")
        found.append(np.load(tmp_path / "out.npy"))
        assert (max(parts) < pixels.size) == (frames == 1)
    np.testing.assert_array_equal(*found)


@pytest.mark.parametrize("suffix", [".zarr", ".tif"])
def test_absent_samples(
    tmp_path: Path, parts: list[int], capsys: pytest.CaptureFixture[str], suffix: str
) -> None:
    pixels = two_hills(2, 13, 21, 34).astype("float32")
    pixels[0, 3, 5:8] = np.nan
    mask = noise(13, 21, 34) % 3 > 0
    np.save(tmp_path / "mask.npy", mask)
    source, out = stack(tmp_path / f"a{suffix}", pixels), tmp_path / "out.zarr"
    line = failed(capsys, 2, "threshold", source, out, "--axes", "ZYX")
    assert "nan must be 'ignore'" in line
    for options, present in (([], True), (["--mask", tmp_path / "mask.npy"], mask)):
        done("threshold", source, out, "--axes", "ZYX", "--nan", "ignore", *options)
        for found, volume in zip(pixels_of(out), pixels, strict=True):
            here = np.where(present, volume, np.nan)
            np.testing.assert_array_equal(found, here > imfilter.threshold.otsu(here, nan="ignore"))


def test_colours_have_one_threshold(tmp_path: Path, parts: list[int]) -> None:
    pixels = two_hills(5, 21, 34, 3)
    io.write(tmp_path / "a.tif", io.Image(pixels, True, axes="ZYXS"))
    done("threshold", tmp_path / "a.tif", tmp_path / "out.npy", "--axes", "ZYX")
    grey = imfilter.color.rgb_to_gray(pixels, dtype=np.float32)
    wanted = grey > imfilter.threshold.otsu(grey)
    np.testing.assert_array_equal(np.load(tmp_path / "out.npy"), wanted)
    assert max(parts) < pixels.size


@pytest.mark.parametrize("suffix", [".zarr", ".tif"])
@pytest.mark.parametrize("dtype", ["uint8", "float32"])
@pytest.mark.slow
def test_steps_of_stacks(tmp_path: Path, parts: list[int], suffix: str, dtype: str) -> None:
    pixels = two_hills(2, 33, 21, 34).astype(dtype)
    source, out = stack(tmp_path / f"a{suffix}", pixels), tmp_path / "out.zarr"
    steps = ["gaussian --sigma 0.6", "sobel", "threshold", "box --size 3", "threshold --method li"]
    done("pipe", source, out, *steps, "erode", "--axes", "ZYX")
    for found, volume in zip(pixels_of(out), pixels.astype("float32"), strict=True):
        edges = imfilter.sobel(imfilter.gaussian(volume, 0.6))
        soft = imfilter.box((edges > imfilter.threshold.otsu(edges)).astype("float32"), 3)
        kept = (soft > imfilter.threshold.li(soft)).astype("float32")
        np.testing.assert_array_equal(found, imfilter.morphology.erosion(kept))
    assert max(parts) < pixels[0].size


def test_an_error_of_a_threshold_names_the_step(
    tmp_path: Path, parts: list[int], capsys: pytest.CaptureFixture[str]
) -> None:
    pixels = two_hills(2, 13, 21, 34).astype("float32")
    pixels[1, 5, 6, 7] = np.nan
    source = stack(tmp_path / "a.tif", pixels)
    line = failed(capsys, 2, "pipe", source, tmp_path / "out.npy", "box", "threshold", "--axes", "ZYX")
    assert line.startswith("step 2, threshold: nan must be 'ignore'")


@pytest.mark.parametrize("size", [1, 1 << 14, 1 << 22])
def test_the_mean_of_floats_is_summed_in_order(
    tmp_path: Path, parts: list[int], monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    """Sums are rounded. The samples are so near the mean that its last bit decides."""
    pixels = (noise(2, 40, 130, 120, dtype="uint16") / 7).astype("float32")
    for volume in pixels:
        volume[::3, 5, 6] = imfilter.threshold.mean(volume)
    monkeypatch.setattr(stack_work, "_FRAMES", size)
    for suffix in (".tif", ".zarr"):
        source = stack(tmp_path / f"a{suffix}", pixels, (1, 12, 36, 50))
        done("threshold", source, tmp_path / "out.zarr", "--method", "mean", "--axes", "ZYX")
        wanted = above(pixels, (1, 2, 3), imfilter.threshold.mean)
        np.testing.assert_array_equal(pixels_of(tmp_path / "out.zarr"), wanted)


@pytest.mark.parametrize("shape", [(13, 21, 34), (200, 1, 2)])
@pytest.mark.parametrize("kind", ["whole", "nodata", "mask"])
@pytest.mark.parametrize("frames", [1, 1 << 40])
def test_a_signal_along_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shape: tuple[int, ...], kind: str, frames: int
) -> None:
    """The samples beside the axis are no colours: one that is absent leaves the others as they are."""
    monkeypatch.setattr(stack_work, "_FRAMES", frames)
    pixels = 100 + two_hills(*shape) // 2
    present, options = np.ones(shape, bool), []
    if kind != "whole":
        present[3, 0, 1] = present[7, 0, 0] = False
    if kind == "nodata":
        pixels[~present] = 0
        options = ["--nodata", "0"]
    if kind == "mask":
        np.save(tmp_path / "mask.npy", present)
        options = ["--mask", tmp_path / "mask.npy"]
    io.write(tmp_path / "a.tif", io.Image(pixels, axes="TYX"))
    done("threshold", tmp_path / "a.tif", tmp_path / "out.npy", "--time", *options)
    limit = imfilter.threshold.otsu(pixels, mask=present)
    np.testing.assert_array_equal(np.load(tmp_path / "out.npy"), (pixels > limit) & present)
