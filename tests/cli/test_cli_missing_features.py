"""Corners and descriptors of pictures with absent pixels: those of the function for the same array."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import imfilter
from imfilter import io
from imfilter._cli import colour as colours
from imfilter._cli import strips
from tests.cli.commands import RNG, done, failed, noise, save
from tests.cli.test_cli_missing import holes, mask_file, read
from tests.cli.test_cli_nodata import geotiff
from tests.looping import loop_over

HOG: dict[str, Any] = {"pixels_per_cell": (8, 4), "cells_per_block": 2}
HOG_OPTIONS = ["--pixels-per-cell", "8,4", "--cells-per-block", 2]
#: What makes each kind of output.
OUTPUTS = [
    *(("harris", ending, []) for ending in ("csv", "json", "npy", "png", "tif")),
    ("harris", "json", ["--refine", "--strength", 0, "--min-coverage", 0.7]),
    *(("hog", ending, HOG_OPTIONS) for ending in ("npy", "png", "tif")),
    ("hog", "tif", ["--interpolate", "--dtype", "float64"]),
]


def masked(pixels: np.ndarray, present: np.ndarray) -> Any:
    return np.ma.masked_array(pixels, ~present)


def listed(path: Path) -> list[list[float]]:
    return [[c["row"], c["column"], c["response"]] for c in json.loads(path.read_text())]


def corners(response: Any, **options: Any) -> list[list[float]]:
    """Return the rows of a table of corners, with the defaults of the command."""
    found = imfilter.corner_peaks(response, **{"min_distance": 5, "relative": 0.01, **options})
    places = np.rint(found).astype(int)
    return [
        [*at, float(response[tuple(place)])]
        for at, place in zip(found.tolist(), places.tolist(), strict=True)
    ]


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32", "float64"])
def test_corners_of_what_is_present(tmp_path: Path, dtype: str) -> None:
    pixels, present = noise(40, 50, dtype="uint8").astype(dtype), holes(40, 50)
    source, mask = save(tmp_path / "in.npy", pixels), mask_file(tmp_path / "mask.png", present)
    response = imfilter.harris(masked(pixels, present), size=3)
    unknown = np.ma.getmaskarray(response)
    assert unknown[~present].all()
    arguments = ["--mask", mask, "--size", 3]
    done("harris", source, tmp_path / "out.npy", *arguments)
    np.testing.assert_array_equal(read(tmp_path / "out.npy"), response.filled(np.nan))
    done("harris", source, tmp_path / "out.json", *arguments)
    found = listed(tmp_path / "out.json")
    assert found == corners(response)
    assert found
    places = np.array(found)[:, :2].astype(int)
    assert present[tuple(places.T)].all()
    done("harris", source, tmp_path / "out.csv", *arguments)
    with open(tmp_path / "out.csv", newline="") as file:
        assert [[float(v) for v in row.values()] for row in csv.DictReader(file)] == found
    done("harris", source, tmp_path / "fine.json", *arguments, "--refine", "--strength", 0, "--count", 9)
    assert listed(tmp_path / "fine.json") == corners(response, relative=0, count=9, refine=True)


def test_a_response_needs_enough_of_the_window(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pixels, present = noise(40, 50), holes(40, 50)
    source, mask = save(tmp_path / "in.png", pixels), mask_file(tmp_path / "mask.png", present)
    arguments = ["--mask", mask, "--size", 3, "--min-coverage", 0.8, "--mode", "shrink"]
    response = imfilter.harris(masked(pixels, present), size=3, min_coverage=0.8, mode="shrink")
    assert np.ma.getmaskarray(response)[present].any()
    done("harris", source, tmp_path / "out.npy", *arguments, "--nodata", 300)
    np.testing.assert_array_equal(read(tmp_path / "out.npy"), response.filled(300))
    done("harris", source, tmp_path / "out.json", *arguments)
    assert listed(tmp_path / "out.json") == corners(response)
    # Windows beyond the border are not whole, also without a mask.
    edge = imfilter.harris(masked(pixels, present | True), size=3, min_coverage=0.8, mode="shrink")
    assert np.ma.getmaskarray(edge)[0].all()
    done("harris", source, tmp_path / "edge.json", *arguments[2:], "--strength", 0)
    assert listed(tmp_path / "edge.json") == corners(edge, relative=0)
    for ending in ("json", "npy", "png"):
        error = failed(capsys, 2, "harris", source, tmp_path / f"no.{ending}", "--min-coverage", 2)
        assert "min_coverage must be from 0 to 1, got 2.0" in error


def test_marks_are_on_what_is_present(tmp_path: Path) -> None:
    pixels, present = noise(60, 70, 3), np.ones((60, 70), bool)
    present[:, 40:] = False
    mask = mask_file(tmp_path / "mask.png", present)
    pixels[pixels == 9] = 8
    done("harris", save(tmp_path / "in.png", pixels), tmp_path / "out.tif", "--mask", mask, "--nodata", 9)
    found, red = io.read(tmp_path / "out.tif"), [255, 0, 0]
    marks = (found.pixels == red).all(-1)
    assert found.nodata == 9
    assert marks.any()
    assert not marks[:, 43:].any()  # an arm has two pixels
    np.testing.assert_array_equal(found.pixels[present & ~marks], pixels[present & ~marks])
    assert (found.pixels[~present & ~marks] == 9).all()
    response = imfilter.harris(masked(colours.luminance(pixels), present))
    centres = np.array(corners(response))[:, :2].astype(int)
    assert marks[tuple(centres.T)].all()
    done("harris", tmp_path / "in.png", tmp_path / "out.png", "--mask", mask)
    plain = read(tmp_path / "out.png")
    np.testing.assert_array_equal((plain == red).all(-1), marks)
    assert (plain[~present & ~marks] == 0).all()


@pytest.mark.parametrize("channels", [(), (3,)])
@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_descriptors_of_what_is_present(tmp_path: Path, channels: tuple[int, ...], dtype: str) -> None:
    pixels, present = noise(48, 40, *channels).astype(dtype), holes(48, 40)
    source, mask = save(tmp_path / "in.tif", pixels), mask_file(tmp_path / "mask.png", present)
    options = {**HOG, "channel_axis": -1} if channels else HOG
    expected, picture = imfilter.hog(pixels, mask=present, visualize=True, **options)
    assert np.isfinite(expected).all()
    assert expected.any()
    assert not picture[8:24, 4:20].any()
    done("hog", source, tmp_path / "out.npy", "--mask", mask, *HOG_OPTIONS)
    np.testing.assert_array_equal(read(tmp_path / "out.npy"), expected)
    done("hog", source, tmp_path / "out.tif", "--mask", mask, *HOG_OPTIONS, "--dtype", "float32")
    np.testing.assert_array_equal(read(tmp_path / "out.tif"), picture.astype(np.float32))
    arguments = ["--mask", mask, *HOG_OPTIONS, "--full-scale", 255, "--dtype", "uint8"]
    done("hog", source, tmp_path / "out.png", *arguments)
    drawn = read(tmp_path / "out.png")
    assert drawn.any()
    assert not drawn[8:24, 4:20].any()
    # Each channel has its own absent samples of a value.
    absent = pixels == pixels[30, 20].flat[0]
    inside = ~absent & (present[..., None] if channels else present)
    value = pixels[30, 20].flat[0]
    done("hog", source, tmp_path / "out.npy", "--mask", mask, "--nodata", value, *HOG_OPTIONS)
    np.testing.assert_array_equal(read(tmp_path / "out.npy"), imfilter.hog(pixels, mask=inside, **options))


@pytest.mark.parametrize(("name", "ending", "options"), OUTPUTS)
@loop_over("channels", [(), (3,), (4,)])
@pytest.mark.slow
def test_absent_pixels_change_nothing(
    tmp_path: Path, name: str, ending: str, options: list[Any], channels: tuple[int, ...]
) -> None:
    pixels, present = noise(48, 40, *channels), holes(48, 40)
    mask, results = mask_file(tmp_path / "mask.png", present), []
    for n in range(3):
        pixels[~present] = (0, 255, noise(*pixels[~present].shape))[n]
        out = tmp_path / f"{n}.{ending}"
        done(name, save(tmp_path / "in.png", pixels), out, "--mask", mask, *options)
        results.append(out.read_bytes())
    assert results[0] == results[1] == results[2]


@pytest.mark.parametrize(("name", "ending", "options"), OUTPUTS)
@loop_over("channels", [(), (3,)])
@pytest.mark.slow
def test_values_that_are_absent(
    tmp_path: Path, name: str, ending: str, options: list[Any], channels: tuple[int, ...]
) -> None:
    """A mask, a value, the tag of a GeoTIFF and NaN make the same pixels absent, with the same result."""
    pixels, present = noise(48, 40, *channels).astype(np.float32), holes(48, 40)
    mask, source = mask_file(tmp_path / "present.png", present), tmp_path / "in.tif"
    options = [*options, *(["--full-scale", 255] if ending == "png" else [])]

    def result(value: float, *more: object) -> bytes:
        pixels[~present] = value
        done(name, geotiff(source, pixels, -9999), tmp_path / f"out.{ending}", *options, *more)
        return (tmp_path / f"out.{ending}").read_bytes()

    wanted = result(1e30, "--mask", mask)
    assert wanted == result(np.inf, "--mask", mask)
    assert wanted == result(-9999)
    if ending == "tif":
        assert io.read(tmp_path / "out.tif").nodata == (-9999 if name == "harris" else None)
    assert wanted == result(np.nan, "--nan", "ignore")
    assert wanted != result(-9999, "--nodata", "none")
    if ending == "tif":
        assert io.read(tmp_path / "out.tif").nodata is None
    if (name, ending) not in (("harris", "npy"), ("harris", "tif")):  # undefined pixels have the value there
        assert wanted == result(-5, "--nodata", -5)


def test_roots_of_what_is_present(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Only the pixels that are present must have roots."""
    pixels, present = noise(48, 40).astype(np.float32), holes(48, 40)
    pixels[~present] = -9999
    source, arguments = geotiff(tmp_path / "in.tif", pixels, -9999), [*HOG_OPTIONS, "--transform-sqrt"]
    done("hog", source, tmp_path / "out.npy", *arguments)
    expected = imfilter.hog(pixels, mask=present, transform_sqrt=True, **HOG)
    np.testing.assert_array_equal(read(tmp_path / "out.npy"), expected)
    error = failed(capsys, 2, "hog", source, tmp_path / "out.npy", *arguments, "--nodata", "none")
    assert "must not be negative" in error


@loop_over("mode", ["mirror", "wrap", "shrink"])
@pytest.mark.parametrize(("name", "ending", "options"), OUTPUTS)
@pytest.mark.slow
def test_bands_give_the_same_bits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, ending: str, options: list[Any], mode: str
) -> None:
    pixels, present = noise(120, 40, 4, dtype="uint16"), holes(120, 40)
    present[40:] = True  # some bands have no absent pixels
    source, mask = save(tmp_path / "in.png", pixels), mask_file(tmp_path / "mask.png", present)
    more = ["--mask", mask, *options, *(["--mode", mode] if name == "harris" else [])]
    done(name, source, tmp_path / f"whole.{ending}", *more)
    monkeypatch.setattr(strips, "_BAND", 1 << 9)
    done(name, source, tmp_path / f"bands.{ending}", *more)
    assert (tmp_path / f"whole.{ending}").read_bytes() == (tmp_path / f"bands.{ending}").read_bytes()


@pytest.mark.parametrize(("name", "ending", "options"), OUTPUTS)
def test_a_full_mask_changes_nothing(tmp_path: Path, name: str, ending: str, options: list[Any]) -> None:
    source = save(tmp_path / "in.png", noise(48, 40, 3))
    full = mask_file(tmp_path / "mask.png", np.ones((48, 40), bool))
    done(name, source, tmp_path / f"plain.{ending}", *options)
    done(name, source, tmp_path / f"full.{ending}", "--mask", full, "--nan", "ignore", *options)
    assert (tmp_path / f"plain.{ending}").read_bytes() == (tmp_path / f"full.{ending}").read_bytes()


def test_nothing_is_present(tmp_path: Path) -> None:
    source = save(tmp_path / "in.png", noise(48, 40))
    mask = save(tmp_path / "mask.png", np.zeros((48, 40), np.uint8))
    done("harris", source, tmp_path / "out.csv", "--mask", mask, "--refine")
    assert (tmp_path / "out.csv").read_text() == "row,column,response\n"
    done("harris", source, tmp_path / "out.npy", "--mask", mask)
    assert np.isnan(read(tmp_path / "out.npy")).all()
    for name in ("harris", "hog"):
        done(name, source, tmp_path / "out.png", "--mask", mask)
        assert not read(tmp_path / "out.png").any()


def test_arrays_with_channels(tmp_path: Path) -> None:
    volume, present = noise(3, 48, 40), RNG.random((3, 48, 40)) < 0.9
    source, mask = save(tmp_path / "in.npy", volume), save(tmp_path / "mask.npy", present)
    arguments = ["--channel-axis", 0, "--mask", mask]
    done("hog", source, tmp_path / "out.npy", *arguments, *HOG_OPTIONS)
    expected = imfilter.hog(volume, mask=present, channel_axis=0, **HOG)
    np.testing.assert_array_equal(read(tmp_path / "out.npy"), expected)
    done("harris", source, tmp_path / "out.npy", *arguments)
    grey = colours.luminance(np.moveaxis(volume, 0, -1))
    response = imfilter.harris(masked(grey, present.all(axis=0)))
    np.testing.assert_array_equal(read(tmp_path / "out.npy"), response.filled(np.nan))
