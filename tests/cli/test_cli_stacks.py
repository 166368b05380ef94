"""Stacks in the command: which axes are filtered, values, metadata, masks and errors."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
import tifffile

import imfilter
from imfilter import io
from tests.cli.commands import done, failed, noise, said, save, subprocess_env
from tests.looping import loop_over

WORDS = {"axes": "TZCYX", "spacing": 0.7, "unit": "um", "finterval": 1.5}


def stack(path: Path, pixels: np.ndarray, **options: object) -> Path:
    tifffile.imwrite(path, pixels, photometric="minisblack", **options)
    return path


@pytest.fixture
def imagej(tmp_path: Path) -> tuple[Path, np.ndarray]:
    pixels = noise(3, 5, 2, 20, 24)
    words = {**WORDS, "Ranges": (0.0, 9.0, 0.0, 9.0), "min": 3.0}
    return stack(tmp_path / "in.tif", pixels, imagej=True, resolution=(2, 2), metadata=words), pixels


@pytest.mark.parametrize("axes", [None, "YX", "ZYX", "TYX", "XY", "T", "Z"])
def test_the_axes_that_are_filtered(tmp_path: Path, imagej: tuple[Path, np.ndarray], axes: str) -> None:
    source, pixels = imagej
    done("median", source, tmp_path / "out.tif", "--size", 3, *(["--axes", axes] if axes else []))
    places = tuple("TZCYX".index(axis) for axis in axes or "ZYX")
    found = io.read(tmp_path / "out.tif")
    np.testing.assert_array_equal(found.pixels, imfilter.median(pixels, 3, axes=places))
    assert (found.axes, found.spacing) == ("TZCYX", (1.5, 0.7, None, 0.5, 0.5))
    assert "min" in found.details["ImageJ"]
    with tifffile.TiffFile(tmp_path / "out.tif") as file:
        assert file.is_imagej


def test_options_for_each_axis_follow_the_letters(tmp_path: Path, imagej: tuple[Path, np.ndarray]) -> None:
    source, pixels = imagej
    done("gaussian", source, tmp_path / "out.npy", "--sigma", "2,0.5", "--axes", "XY")
    # Columns are the first axis then. The order of the sums differs in the last digits.
    turned = np.ascontiguousarray(pixels.swapaxes(3, 4))
    expected = imfilter.gaussian(turned, (2, 0.5), axes=(3, 4)).swapaxes(3, 4)
    np.testing.assert_array_equal(np.load(tmp_path / "out.npy"), expected)
    done("sobel", source, tmp_path / "out.npy", "--axis", "z")
    np.testing.assert_array_equal(
        np.load(tmp_path / "out.npy"), imfilter.sobel(pixels, axis=1, axes=(1, 3, 4))
    )


def test_edges_of_a_stack(tmp_path: Path, imagej: tuple[Path, np.ndarray]) -> None:
    source, pixels = imagej
    done("sobel", source, tmp_path / "out.tif", "--axes", "YX")
    found = io.read(tmp_path / "out.tif")
    assert found.pixels.dtype == np.uint8
    page = save(tmp_path / "page.png", pixels[1, 2, 1])
    done("sobel", page, tmp_path / "edges.png")
    np.testing.assert_array_equal(found.pixels[1, 2, 1], io.read(tmp_path / "edges.png").pixels)
    assert "Ranges" not in found.details["ImageJ"]  # the range of values has changed
    done("sobel", source, tmp_path / "out.tif", "--axes", "YX", "--dtype", "float64")
    with tifffile.TiffFile(tmp_path / "out.tif") as file:  # ImageJ has no float64
        assert file.is_ome
    assert io.read(tmp_path / "out.tif").spacing == (1.5, 0.7, None, 0.5, 0.5)


def test_ome_of_five_axes(tmp_path: Path) -> None:
    pixels = noise(2, 3, 4, 16, 18, dtype="uint16")
    words = {"axes": "TCZYX", "PhysicalSizeX": 0.1, "Channel": {"Name": ["a", "b", "c"]}}
    source = stack(tmp_path / "in.ome.tif", pixels, ome=True, metadata=words)
    done("gaussian", source, tmp_path / "out.ome.tif", "--sigma", 1.5)
    expected = imfilter.gaussian(pixels, 1.5, axes=(2, 3, 4))
    with tifffile.TiffFile(tmp_path / "out.ome.tif") as file:
        assert file.series[0].axes == "TCZYX"
        assert 'Name="b"' in file.ome_metadata
        np.testing.assert_array_equal(file.asarray(), expected)
    done("canny", source, tmp_path / "out.tif", "--axes", "YX", "--low", 4500, "--high", 9000)
    edges = imfilter.canny(pixels[1, 2, 3], 4500, 9000, sigma=1.0)
    np.testing.assert_array_equal(io.read(tmp_path / "out.tif").pixels[1, 2, 3] > 0, edges)
    done("resize", source, tmp_path / "out.tif", "--scale", 0.5, "--axes", "YX")
    found = io.read(tmp_path / "out.tif")
    assert found.pixels.shape == (2, 3, 4, 8, 9)
    assert found.distance("X") == (0.2, "µm")


def test_colour_pages(tmp_path: Path) -> None:
    pixels = noise(4, 16, 18, 3)
    tifffile.imwrite(tmp_path / "in.tif", pixels, photometric="rgb")
    done("gaussian", tmp_path / "in.tif", tmp_path / "out.tif")
    expected = imfilter.gaussian(pixels, 1.0, axes=(1, 2), channel_axis=-1)
    np.testing.assert_array_equal(io.read(tmp_path / "out.tif").pixels, expected)
    done("sobel", tmp_path / "in.tif", tmp_path / "out.tif")
    found = io.read(tmp_path / "out.tif")
    assert (found.pixels.shape, found.axes) == ((4, 16, 18), "IYX")
    done("median", tmp_path / "in.tif", tmp_path / "out.tif", "--time")
    np.testing.assert_array_equal(io.read(tmp_path / "out.tif").pixels, imfilter.median(pixels, 3, axes=(0,)))


def test_pages_without_metadata(tmp_path: Path) -> None:
    pixels = noise(4, 16, 18)
    source = stack(tmp_path / "in.tif", pixels, metadata=None)
    for axes, places, names in ((None, (1, 2), "IYX"), ("ZYX", (0, 1, 2), "ZYX"), ("TYX", (0, 1, 2), "TYX")):
        done("gaussian", source, tmp_path / "out.tif", *(["--axes", axes] if axes else []))
        found = io.read(tmp_path / "out.tif")
        np.testing.assert_array_equal(found.pixels, imfilter.gaussian(pixels, 1.0, axes=places))
        assert found.axes == names
    done("gaussian", source, source)
    np.testing.assert_array_equal(io.read(source).pixels, imfilter.gaussian(pixels, 1.0, axes=(1, 2)))


def test_arrays_with_named_axes(tmp_path: Path) -> None:
    pixels = noise(2, 4, 16, 18)
    source = save(tmp_path / "in.npy", pixels)
    done("gaussian", source, tmp_path / "out.npy", "--axes", "YX")
    np.testing.assert_array_equal(np.load(tmp_path / "out.npy"), imfilter.gaussian(pixels, 1.0, axes=(2, 3)))
    done("gaussian", source, tmp_path / "out.tif", "--axes", "ZYX")
    np.testing.assert_array_equal(
        io.read(tmp_path / "out.tif").pixels, imfilter.gaussian(pixels, 1.0, axes=(1, 2, 3))
    )


def test_masks(tmp_path: Path) -> None:
    pixels, present = noise(4, 16, 18), noise(4, 16, 18) > 60
    source = stack(tmp_path / "in.tif", pixels, metadata=None)
    whole = save(tmp_path / "whole.npy", present)
    page = save(tmp_path / "page.npy", present[1])
    done("gaussian", source, tmp_path / "out.tif", "--mask", whole)
    expected = imfilter.gaussian(pixels, 1.0, axes=(1, 2), mask=present)
    np.testing.assert_array_equal(io.read(tmp_path / "out.tif").pixels, expected)
    done("gaussian", source, tmp_path / "out.tif", "--mask", page)
    expected = [imfilter.gaussian(plane, 1.0, mask=present[1]) for plane in pixels]
    np.testing.assert_array_equal(io.read(tmp_path / "out.tif").pixels, expected)
    done("median", source, tmp_path / "out.tif", "--mask", whole, "--axes", "T")
    expected = imfilter.median(pixels, 3, axes=(0,), mask=present)
    np.testing.assert_array_equal(io.read(tmp_path / "out.tif").pixels, expected)


def test_the_levels_of_entropy_are_bins(tmp_path: Path) -> None:
    pixels = noise(2, 16, 18)
    source = stack(tmp_path / "in.tif", pixels, metadata=None)
    done("entropy", source, tmp_path / "out.npy", "--levels", 16)
    expected = imfilter.local_entropy(pixels, 3, levels=16, axes=(1, 2))
    np.testing.assert_array_equal(np.load(tmp_path / "out.npy"), expected)


def test_warnings_are_said_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = stack(tmp_path / "in.tif", np.random.default_rng(0).random((5, 16, 18)), metadata=None)
    done("gaussian", source, tmp_path / "out.tif", "--dtype", "uint8")
    assert said(capsys).count("values are rounded to whole numbers") == 1


def test_errors(tmp_path: Path, capsys: pytest.CaptureFixture[str], imagej: tuple[Path, np.ndarray]) -> None:
    source, _ = imagej
    out = tmp_path / "out.tif"
    assert "BMP holds one picture, and IN has 30" in failed(capsys, 2, "box", source, tmp_path / "out.bmp")
    assert "frames of one axis, and IN has TZC" in failed(capsys, 2, "box", source, tmp_path / "out.gif")
    assert "a list of places is for one picture" in failed(capsys, 2, "harris", source, tmp_path / "out.csv")
    assert "--axes YX filters each plane" in failed(capsys, 2, "canny", source, out)
    assert "is not YX, ZYX" in failed(capsys, 2, "box", source, out, "--axes", "CYX")
    assert "give only one of them" in failed(capsys, 2, "box", source, out, "--axes", "YX", "--time")
    assert "--channel-axis is only for" in failed(capsys, 2, "box", source, out, "--channel-axis", -1)
    picture = save(tmp_path / "in.png", noise(8, 9, 3))
    assert "IN has a single picture" in failed(capsys, 2, "box", picture, out, "--axes", "ZYX")
    mask = save(tmp_path / "mask.npy", noise(8, 9))
    assert "--mask must have the shape of IN" in failed(capsys, 2, "box", source, out, "--mask", mask)
    pages = stack(tmp_path / "pages.tif", noise(2, 8, 9), metadata=None)
    assert "PNG holds one picture, and IN has 2" in failed(capsys, 2, "box", pages, tmp_path / "out.png")
    flat = stack(tmp_path / "flat.tif", noise(2, 8, 9), metadata=None)
    assert "has the axes IYX, and no" in failed(capsys, 2, "box", flat, out, "--axes", "TZX")
    assert not out.exists()


def test_damage_in_the_middle_leaves_no_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = stack(tmp_path / "in.tif", noise(5, 64, 64), metadata=None, compression="zlib")
    with tifffile.TiffFile(source) as file:
        place = file.pages[3].dataoffsets[0]
    data = bytearray(source.read_bytes())
    data[place : place + 4] = b"\xff\xff\xff\xff"
    source.write_bytes(data)
    message = failed(capsys, 1, "gaussian", source, tmp_path / "out.tif")
    assert f"{source}: plane 4 is damaged" in message
    assert sorted(os.listdir(tmp_path)) == ["in.tif"]


def test_pages_of_different_sizes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with tifffile.TiffWriter(tmp_path / "in.tif") as file:
        file.write(noise(8, 9), metadata=None)
        file.write(noise(8, 10), metadata=None)
    message = failed(capsys, 1, "gaussian", tmp_path / "in.tif", tmp_path / "out.tif")
    assert "page 2 has 10 x 8 pixels and page 1 has 9 x 8" in message
    assert "limit of 20 pixels in all" in failed(
        capsys, 1, "box", stack(tmp_path / "a.tif", noise(5, 4, 4), metadata=None), tmp_path / "o.tif",
        "--max-pixels", 20,
    )  # fmt: skip


def test_animations(tmp_path: Path) -> None:
    pixels = np.stack([np.full((12, 16, 3), value, np.uint8) for value in (0, 90, 255, 20)])
    pixels[:, 3:6, 4:9] = noise(4, 3, 5, 3)  # equal frames would become one
    source = tmp_path / "in.png"
    details = {"animation": {"durations": (40, 80, 120, 40), "loop": 3}}
    io.write(source, io.Image(pixels, True, axes="TYXS", details=details))
    for suffix in ("png", "webp", "tif"):
        done("gaussian", source, tmp_path / f"out.{suffix}")
        found = io.read(tmp_path / f"out.{suffix}")
        np.testing.assert_array_equal(
            found.pixels, imfilter.gaussian(pixels, 1.0, axes=(1, 2), channel_axis=-1)
        )
        if suffix != "tif":
            assert found.details["animation"] == details["animation"]
    done("median", source, tmp_path / "out.png", "--time")
    expected = imfilter.median(pixels, 3, axes=(0,))
    np.testing.assert_array_equal(io.read(tmp_path / "out.png").pixels, expected)
    pixels[:, 3:6, 4:9, 0] = [[[10]], [[90]], [[160]], [[255]]]
    io.write(source, io.Image(pixels, True, axes="TYXS", details=details))
    done("sobel", source, tmp_path / "out.gif")
    assert io.read(tmp_path / "out.gif").details["animation"]["durations"] == (40, 80, 120, 40)


FULL = """
import os, resource, signal, sys
from imfilter import cli
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (20000, resource.RLIM_INFINITY))
for name in sys.argv[2:]:
    assert cli.call(["median", sys.argv[1], name, "--axes", "YX"]) == 1, name
    assert not os.listdir("."), os.listdir(".")
"""


@pytest.mark.slow
def test_a_full_disk(tmp_path: Path) -> None:
    source = tmp_path / "in.tif"
    io.write(source, io.Image(noise(20, 60, 70), axes="TYX"))
    (tmp_path / "out").mkdir()
    names = [f"a.{suffix}" for suffix in ("tif", "npy", "mkv", "mp4", "gif", "png", "zarr", "nii", "nii.gz")]
    for package in ("av", "nibabel", "zarr"):
        pytest.importorskip(package)
    result = subprocess.run(
        [sys.executable, "-c", FULL, str(source), *names],
        cwd=tmp_path / "out",
        env=subprocess_env(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    lines = [line for line in result.stderr.splitlines() if "compiling" not in line]
    assert len(lines) == len(names)
    for name, line in zip(names, lines, strict=True):
        assert line.startswith(f"imfilter: error: {name}: cannot be written: ")


def test_a_stack_from_a_pipe(tmp_path: Path, imagej: tuple[Path, np.ndarray]) -> None:
    source, pixels = imagej
    os.mkfifo(tmp_path / "pipe")
    writer = threading.Thread(target=lambda: (tmp_path / "pipe").write_bytes(source.read_bytes()))
    writer.start()
    done("gaussian", tmp_path / "pipe", tmp_path / "out.tif", "--axes", "YX")
    writer.join()
    found = io.read(tmp_path / "out.tif")
    np.testing.assert_array_equal(found.pixels, imfilter.gaussian(pixels, 1.0, axes=(3, 4)))
    assert found.details["ImageJ"]["finterval"] == 1.5


@pytest.mark.parametrize("suffix", [".tif", ".npy", ".zarr", ".gif", ".mkv"])
def test_an_error_of_a_filter_is_no_error_of_writing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], suffix: str
) -> None:
    pixels = np.random.default_rng(0).random((3, 16, 18)).astype(np.float32)
    pixels[2, 3, 4] = np.nan
    io.write(tmp_path / "in.tif", io.Image(pixels, axes="TYX"))
    out = tmp_path / f"out{suffix}"
    line = failed(capsys, 2, "threshold", tmp_path / "in.tif", out)
    assert line == "nan must be 'ignore' for a picture with NaN, got 'propagate'"
    assert not out.exists()


@loop_over("axis", ["X", "Y"])
@loop_over("suffix", ["ome.tif", "tif", "png", "npy", "nii"])
def test_a_single_axis_of_a_plane(tmp_path: Path, axis: str, suffix: str) -> None:
    """Picture formats get whole planes, also of filters along their rows or columns."""
    pixels = noise(4, 12, 15)
    io.write(tmp_path / "in.ome.tif", io.Image(pixels, axes="TYX"))
    out = tmp_path / f"out.{suffix}"
    done("median", tmp_path / "in.ome.tif", out, "--axes", axis, "--size", 5)
    expected = imfilter.median(pixels, 5, axes="TYX".index(axis))
    np.testing.assert_array_equal(io.read(out).pixels.reshape(expected.shape), expected)
    mask = noise(4, 12, 15) // 128
    io.write(tmp_path / "mask.tif", io.Image(mask, axes="TYX"))
    done("median", tmp_path / "in.ome.tif", out, "--axes", axis, "--size", 5, "--mask", tmp_path / "mask.tif")
    expected = imfilter.median(pixels, 5, axes="TYX".index(axis), mask=mask > 0)
    np.testing.assert_array_equal(io.read(out).pixels.reshape(expected.shape), expected)
