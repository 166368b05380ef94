"""What the command computes: values, bit depth, the rule for white, luminance."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

import imfilter
from imfilter import io
from imfilter._cli import colour as colours
from imfilter._cli import edges
from tests.cli.commands import (
    DERIVATIVES,
    RNG,
    SMOOTHING,
    done,
    failed,
    noise,
    save,
)
from tests.looping import loop_over


@pytest.mark.parametrize("name", SMOOTHING)
@loop_over("dtype", ["uint8", "uint16"])
@loop_over("shape", [(15, 12), (15, 12, 3)])
def test_smoothing_is_the_function_on_each_channel(
    tmp_path: Path, name: str, dtype: str, shape: tuple[int, ...]
) -> None:
    pixels = noise(*shape, dtype=dtype)
    done(name, save(tmp_path / "in.png", pixels), tmp_path / "out.png")
    arguments = {"gaussian": [1.0], "box": [3], "percentile": [50.0]}.get(name, [])
    expected = getattr(imfilter, name)(pixels, *arguments, channel_axis=-1 if pixels.ndim == 3 else None)
    result = io.read(tmp_path / "out.png").pixels
    assert result.dtype == dtype
    np.testing.assert_array_equal(result, expected)


def test_options_reach_the_function(tmp_path: Path) -> None:
    pixels = noise(15, 12)
    source = save(tmp_path / "in.png", pixels)
    out = tmp_path / "out.png"
    done(
        "gaussian",
        source,
        out,
        "--sigma",
        "2,0.5",
        "--truncate",
        3,
        "--mode",
        "constant",
        "--cval",
        7,
        "--workers",
        1,
    )
    expected = imfilter.gaussian(pixels, (2, 0.5), truncate=3, mode="constant", cval=7)
    np.testing.assert_array_equal(io.read(out).pixels, expected)
    done("box", source, out, "--size", "2,5", "--mode", "wrap")
    np.testing.assert_array_equal(io.read(out).pixels, imfilter.box(pixels, (2, 5), mode="wrap"))


@pytest.mark.parametrize("name", DERIVATIVES)
def test_white_is_the_response_to_a_full_scale_edge(tmp_path: Path, name: str) -> None:
    for dtype in ("uint8", "uint16"):
        top = np.iinfo(dtype).max
        for axis in (0, 1):
            edge = np.zeros((40, 40), dtype)
            edge[
                (slice(20, None), slice(None))[axis == 1 :][0]
                if axis == 0
                else (slice(None), slice(20, None))
            ] = top
            done(name, save(tmp_path / "in.png", edge), tmp_path / "out.png")
            result = io.read(tmp_path / "out.png")
            assert result.pixels.dtype == dtype
            assert result.pixels.max() == top
            assert result.pixels[0, 0] == 0
            half = (edge // 2 + 0).astype(dtype)
            done(name, save(tmp_path / "in.png", half), tmp_path / "out.png")
            assert abs(int(io.read(tmp_path / "out.png").pixels.max()) - (top // 2)) <= 1


@loop_over("name", ["sobel", "roberts", "prewitt", "scharr"])
@loop_over(
    "options", ["", "--normalize", "--spacing 0.5", "--spacing 2,1", "--mode shrink", "--full-scale 64"]
)
def test_taps_that_are_scaled_give_the_bits_of_scaled_magnitudes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, options: str
) -> None:
    source = save(tmp_path / "in.png", noise(300, 310))
    done(name, source, tmp_path / "one.png", *options.split())
    with monkeypatch.context() as changed:
        changed.setattr(edges, "_scales_exactly", lambda *_: False)
        done(name, source, tmp_path / "two.png", *options.split())
    one, two = (io.read(tmp_path / f"{which}.png").pixels for which in ("one", "two"))
    assert one.std() > 1
    np.testing.assert_array_equal(one, two)


def test_the_rule_is_the_same_for_every_image(tmp_path: Path) -> None:
    faint = np.full((10, 10), 100, np.uint8)
    faint[:, 5:] = 110
    done("sobel", save(tmp_path / "in.png", faint), tmp_path / "out.png")
    assert io.read(tmp_path / "out.png").pixels.max() == 10


@pytest.mark.parametrize("name", [name for name in DERIVATIVES if name != "gaussian_gradient_magnitude"])
def test_signed_results_are_around_mid_grey(tmp_path: Path, name: str) -> None:
    edge = np.zeros((40, 40), np.uint8)
    edge[:, 20:] = 255
    axis = ["--axis", "x"] if name in ("sobel", "scharr", "prewitt", "farid", "roberts") else []
    results = []
    for number, pixels in enumerate((edge, 255 - edge)):
        source = save(tmp_path / "in.png", pixels)
        done(name, source, tmp_path / "out.png", "--signed", *axis)
        results.append(io.read(tmp_path / "out.png").pixels.astype(int))
        assert results[number][0, 0] == 128
    assert max(results[0].max(), results[1].max()) == 255
    np.testing.assert_allclose(results[0] - 128, 128 - results[1], atol=1)


def test_axis_words(tmp_path: Path) -> None:
    pixels = noise(12, 9)
    source = save(tmp_path / "in.png", pixels)
    for word, axis in (("x", 1), ("y", 0), ("1", 1), ("-2", 0)):
        done("sobel", source, tmp_path / "out.npy", "--axis", word)
        np.testing.assert_array_equal(np.load(tmp_path / "out.npy"), imfilter.sobel(pixels, axis=axis))


@pytest.mark.parametrize("suffix", ["npy", "tif"])
def test_raw_values_of_derivatives(tmp_path: Path, suffix: str) -> None:
    pixels = noise(12, 9)
    source = save(tmp_path / "in.png", pixels)
    wanted = [] if suffix == "npy" else ["--dtype", "float32"]
    done("laplacian", source, tmp_path / f"out.{suffix}", *wanted)
    result = io.read(tmp_path / f"out.{suffix}").pixels
    assert result.dtype == np.float32
    np.testing.assert_array_equal(result, imfilter.laplacian(pixels))


def test_float_images(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pixels = RNG.random((12, 9)).astype(np.float32)
    source = save(tmp_path / "in.tif", pixels)
    done("sobel", source, tmp_path / "out.tif")
    np.testing.assert_array_equal(io.read(tmp_path / "out.tif").pixels, imfilter.sobel(pixels))
    done("gaussian", source, tmp_path / "out.tif")
    np.testing.assert_array_equal(io.read(tmp_path / "out.tif").pixels, imfilter.gaussian(pixels, 1.0))
    assert "--full-scale" in failed(capsys, 2, "sobel", source, tmp_path / "out.png")
    done("sobel", source, tmp_path / "out.png", "--full-scale", 1)
    result = io.read(tmp_path / "out.png").pixels
    assert result.dtype == np.uint16
    expected = np.minimum(imfilter.sobel(pixels) / 4, 1) * 65535
    np.testing.assert_allclose(result, expected, atol=0.51)
    assert "--full-scale" in failed(capsys, 2, "gaussian", source, tmp_path / "out.png")
    large = save(tmp_path / "large.tif", pixels * 200)
    done("gaussian", large, tmp_path / "out.png", "--dtype", "uint8")
    np.testing.assert_array_equal(
        io.read(tmp_path / "out.png").pixels, imfilter.gaussian(pixels * 200, 1.0, dtype="uint8")
    )


def test_full_scale_of_12_bits(tmp_path: Path) -> None:
    edge = np.zeros((20, 20), np.uint16)
    edge[:, 10:] = 4095
    done("sobel", save(tmp_path / "in.png", edge), tmp_path / "out.png", "--full-scale", 4095)
    assert io.read(tmp_path / "out.png").pixels.max() == 65535


def test_luminance_is_bt601_and_not_rounded(tmp_path: Path) -> None:
    pixels = noise(12, 9, 3, dtype="uint16")
    done("laplacian", save(tmp_path / "in.png", pixels), tmp_path / "out.npy")
    grey = pixels.astype(np.float64) @ [0.299, 0.587, 0.114]
    result = np.load(tmp_path / "out.npy")
    assert result.shape == (12, 9)
    np.testing.assert_allclose(result, imfilter.laplacian(grey), atol=0.2)
    np.testing.assert_allclose(colours.luminance(pixels), grey, rtol=1e-6)


def test_grey_in_colour_has_the_edges_of_grey(tmp_path: Path) -> None:
    grey = noise(12, 9)
    done("sobel", save(tmp_path / "grey.png", grey), tmp_path / "a.png")
    done("sobel", save(tmp_path / "rgb.png", np.stack([grey] * 3, -1)), tmp_path / "b.png")
    first, second = (io.read(tmp_path / name).pixels.astype(int) for name in ("a.png", "b.png"))
    np.testing.assert_allclose(first, second, atol=1)


def test_per_channel(tmp_path: Path) -> None:
    pixels = noise(12, 9, 3)
    source = save(tmp_path / "in.png", pixels)
    done("sobel", source, tmp_path / "out.npy", "--per-channel")
    np.testing.assert_array_equal(np.load(tmp_path / "out.npy"), imfilter.sobel(pixels, channel_axis=-1))
    done("sobel", source, tmp_path / "out.png", "--per_channel")
    assert io.read(tmp_path / "out.png").pixels.shape == (12, 9, 3)


@pytest.mark.parametrize(("source", "target"), [("uint8", "uint16"), ("uint16", "uint8")])
def test_bit_depth_of_pictures_is_scaled(tmp_path: Path, source: str, target: str) -> None:
    factor = np.iinfo(target).max / np.iinfo(source).max
    pixels = noise(12, 9, 3, dtype=source)
    path = save(tmp_path / "in.png", pixels)
    done("gaussian", path, tmp_path / "out.png", "--dtype", target)
    result = io.read(tmp_path / "out.png").pixels
    assert result.dtype == target
    exact = imfilter.gaussian(pixels, 1.0, channel_axis=-1, dtype="float64") * factor
    np.testing.assert_allclose(result, exact, atol=0.6)
    done("correlate", path, tmp_path / "out.png", "--kernel", "1", "--dtype", target)
    np.testing.assert_allclose(io.read(tmp_path / "out.png").pixels, pixels * factor, atol=0.51)
    done("gaussian", path, tmp_path / "out.npy", "--dtype", target)
    np.testing.assert_array_equal(
        np.load(tmp_path / "out.npy"), imfilter.gaussian(pixels, 1.0, channel_axis=-1, dtype=target)
    )


def test_16_bits_into_a_format_of_8(tmp_path: Path) -> None:
    pixels = np.full((16, 16), 25700, np.uint16)
    done("gaussian", save(tmp_path / "in.png", pixels), tmp_path / "out.bmp")
    assert (io.read(tmp_path / "out.bmp").pixels == 100).all()


def test_edges_are_white_on_black(tmp_path: Path) -> None:
    colour = noise(40, 50, 3)
    source = save(tmp_path / "in.png", colour)
    expected = imfilter.canny(colours.luminance(colour), 100, 400, sigma=0.5, nms="interpolated")
    options = ["--low", 100, "--high", 400, "--sigma", 0.5, "--nms", "interpolated"]
    done("canny", source, tmp_path / "out.png", *options)
    np.testing.assert_array_equal(io.read(tmp_path / "out.png").pixels, expected * np.uint8(255))
    done("canny", source, tmp_path / "wide.png", *options, "--dtype", "uint16")
    np.testing.assert_array_equal(io.read(tmp_path / "wide.png").pixels, expected * np.uint16(65535))
    done("canny", source, tmp_path / "out.npy", *options)
    result = np.load(tmp_path / "out.npy")
    assert result.dtype == bool
    np.testing.assert_array_equal(result, expected)


def test_descriptors(tmp_path: Path) -> None:
    colour = noise(48, 64, 3)
    source = save(tmp_path / "in.png", colour)
    options = ["--pixels-per-cell", "8,4", "--cells-per-block", 2, "--block-norm", "L1", "--interpolate"]
    same = {"pixels_per_cell": (8, 4), "cells_per_block": 2, "block_norm": "L1", "interpolate": True}
    expected, picture = imfilter.hog(colour, visualize=True, channel_axis=-1, **same)
    done("hog", source, tmp_path / "out.npy", *options)
    np.testing.assert_array_equal(np.load(tmp_path / "out.npy"), expected)
    done("hog", source, tmp_path / "half.npy", *options, "--dtype", "float32")
    np.testing.assert_array_equal(np.load(tmp_path / "half.npy"), expected.astype(np.float32))
    done("hog", source, tmp_path / "out.tif", *options, "--dtype", "float32")
    np.testing.assert_allclose(io.read(tmp_path / "out.tif").pixels, picture, rtol=1e-6)


@pytest.mark.parametrize(("dtype", "white"), [("uint8", 255), ("uint16", 65535)])
def test_a_straight_edge_through_a_cell_is_white(tmp_path: Path, dtype: str, white: int) -> None:
    step = np.zeros((48, 48), dtype)
    step[:, 20:] = white
    source = save(tmp_path / "in.png", step)
    done("hog", source, tmp_path / "out.png")
    result = io.read(tmp_path / "out.png").pixels
    assert result.dtype == dtype
    assert result.max() == white
    assert not result[:, :16].any()
    done("hog", source, tmp_path / "dark.png", "--full-scale", 2 * white)
    np.testing.assert_allclose(io.read(tmp_path / "dark.png").pixels, result / 2, atol=0.5)
    done("hog", source, tmp_path / "more.png", "--full-scale", white / 2)
    np.testing.assert_array_equal(io.read(tmp_path / "more.png").pixels, result)


def test_corners_are_listed(tmp_path: Path) -> None:
    board = np.kron(np.indices((4, 5)).sum(axis=0) % 2, np.ones((12, 12))).astype(np.uint8) * 200
    source = save(tmp_path / "in.png", np.stack([board] * 3, axis=-1))
    plane = colours.luminance(np.stack([board] * 3, axis=-1))
    response = imfilter.harris(plane, size=5)
    expected = imfilter.corner_peaks(response, min_distance=5, relative=0.01, count=7)
    options = ["--size", 5, "--count", 7]
    done("harris", source, tmp_path / "out.json", *options)
    listed = json.loads((tmp_path / "out.json").read_text())
    assert [[c["row"], c["column"]] for c in listed] == expected.tolist()
    assert [c["response"] for c in listed] == response[tuple(expected.T)].tolist()
    done("harris", source, tmp_path / "out.csv", *options)
    with open(tmp_path / "out.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [{k: float(v) for k, v in row.items()} for row in rows] == listed
    done("harris", source, tmp_path / "fine.json", *options, "--refine")
    fine = json.loads((tmp_path / "fine.json").read_text())
    assert all(abs(a["row"] - b["row"]) <= 0.5 for a, b in zip(fine, listed, strict=True))
    done("harris", source, tmp_path / "far.json", "--size", 5, "--distance", 13, "--metric", "chebyshev")
    far = imfilter.corner_peaks(response, min_distance=13, metric="chebyshev", relative=0.01)
    listed = json.loads((tmp_path / "far.json").read_text())
    assert [[c["row"], c["column"]] for c in listed] == far.tolist()
    done("harris", source, tmp_path / "out.npy", *options)
    np.testing.assert_array_equal(np.load(tmp_path / "out.npy"), response)


def test_corners_are_marked(tmp_path: Path) -> None:
    board = np.kron(np.indices((4, 5)).sum(axis=0) % 2, np.ones((12, 12))).astype(np.uint8) * 200
    done("harris", save(tmp_path / "in.png", board), tmp_path / "out.png", "--size", 3)
    result = io.read(tmp_path / "out.png").pixels
    assert result.shape == (48, 60, 3)
    red = (result == (255, 0, 0)).all(axis=-1)
    np.testing.assert_array_equal(result[~red], np.stack([board] * 3, axis=-1)[~red])
    peaks = imfilter.corner_peaks(imfilter.harris(board, size=3), min_distance=5, relative=0.01)
    assert len(peaks) >= 12
    assert red[tuple(peaks.T)].all()
    assert red.sum() <= 9 * len(peaks)


def test_a_table_of_corners_is_whole_or_absent(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = save(tmp_path / "in.png", noise(20, 20))
    assert "aperture must be 3, 5 or 7, got 4" in failed(
        capsys, 2, "harris", source, tmp_path / "out.csv", "--aperture", 4
    )
    assert "metric must be one of 'euclidean', 'chebyshev', got 'max'" in failed(
        capsys, 2, "harris", source, tmp_path / "out.csv", "--metric", "max"
    )
    assert "does not exist" in failed(capsys, 1, "harris", source, tmp_path / "no" / "out.csv")
    assert not (tmp_path / "out.csv").exists()
    assert "unknown file type '.csv'" in failed(capsys, 1, "sobel", source, tmp_path / "out.csv")
