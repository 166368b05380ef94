"""Pictures are filtered in bands of rows: what comes out is that of the whole, and memory stays small."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

from imfilter import io
from imfilter._base.plan import unused_rows
from imfilter._cli import reach, strips, table
from tests.cli.commands import EXTRA, NAMES, done, noise, peaks_of, save
from tests.looping import loop_over

#: Options with which a row of the result depends on more, or on other rows, than by default.
WINDOWS = {
    "correlate": [
        ["--kernel", "1,2,3,4;5,6,7,8;1,1,1,1;0,2,0,2"],
        ["--kernel", "1,2,1", "--kernel", "1,0,-1", "--signed"],
        ["--kernel", "1,2,1;2,4,2;1,2,1", "--stride", "3,2"],
        ["--kernel", "1,2,1;2,4,2;1,2,1", "--dilation", "4,1", "--padding", "valid"],
        ["--kernel", "1,2,1;2,4,2;1,2,1", "--stride", "2", "--padding", "1", "--bias", "3"],
        ["--kernel", "1,1;1,1", "--padding", "9"],
    ],
    "convolve": [["--kernel", "1,2,3,4;5,6,7,8;1,1,1,1;0,2,0,2"]],
    "gaussian": [["--sigma", "3,1"]],
    "box": [["--size", "8,3"]],
    "unsharp_mask": [["--sigma", "2"]],
    "median": [["--size", "5,2"]],
    "percentile": [["--q", "20", "--size", "4"]],
    "minimum": [["--size", "6"]],
    "maximum": [["--size", "7,1"]],
    "sobel": [["--axis", "y", "--signed"]],
    "scharr": [["--axis", "x"], ["--per-channel"]],
    "laplacian": [["--diagonals", "--signed"], ["--per-channel"]],
    "laplacian_of_gaussian": [["--sigma", "2,1", "--signed"], ["--sigma", "1.5", "--spacing", "0.5,1"]],
    "difference_of_gaussians": [["--low", "1", "--high", "3"], ["--radius", "6"]],
    "gaussian_gradient_magnitude": [["--sigma", "2"]],
    "harris": [["--size", "5", "--aperture", "7"]],
    "hog": [
        ["--pixels-per-cell", "5,7", "--interpolate"],
        ["--cells-per-block", "4,2", "--orientations", "6"],
    ],
    "canny": [["--sigma", "2"]],
    "erode": [["--element", "disk:3"], ["--element", "line:9,60", "--iterations", "3"]],
    "dilate": [["--element", "rectangle:8,3"], ["--connectivity", "2", "--mode", "wrap"]],
    "open": [["--element", "octagon:3,2", "--iterations", "2"]],
    "close": [["--element", "disk:4", "--mode", "symmetric"]],
    "tophat": [["--element", "disk:6"]],
    "blackhat": [["--element", "diamond:4"]],
    "gradient": [["--element", "rectangle:6,2"]],
}
CASES = [(name, more) for name in NAMES for more in ([], *WINDOWS.get(name, []))]


def results(
    monkeypatch: pytest.MonkeyPatch, source: Path, name: str, options: list[str], suffix: str
) -> list[np.ndarray]:
    """Return what the command makes of a picture whole, and in bands of few rows."""
    found = []
    for size in (1 << 40, 1):
        monkeypatch.setattr(strips, "_BAND", size)
        out = source.with_name(f"{size}.{suffix}")
        done(name, source, out, *options)
        found.append(io.read(out).pixels)
    return found


def pieces(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Collect how many rows each piece of an image has."""
    seen: list[int] = []
    bands = strips.bands

    def watched(*arguments: Any, **more: Any) -> Any:
        for band in bands(*arguments, **more):
            seen.append(band.piece.pixels.shape[0])
            yield band

    monkeypatch.setattr(strips, "bands", watched)
    return seen


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "more"), CASES, ids=lambda value: value if isinstance(value, str) else " ".join(value)
)
@loop_over("channels", [(), (3,), (2,), (4,)])
def test_bands_are_the_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, more: list[str], channels: tuple[int, ...]
) -> None:
    source = save(tmp_path / "in.png", noise(97, 31, *channels))
    options = more if "--kernel" in more else [*EXTRA.get(name, []), *more]
    whole, banded = results(monkeypatch, source, name, options, "png")
    np.testing.assert_array_equal(banded, whole)


@pytest.mark.slow
@loop_over("mode", ["mirror", "symmetric", "edge", "wrap", "zero", "constant"])
@pytest.mark.parametrize("name", [name for name in NAMES if name not in ("hog", "canny")])
def test_bands_have_the_border_of_the_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, mode: str
) -> None:
    source = save(tmp_path / "in.png", noise(61, 23, 4, dtype="uint16"))
    options = [*EXTRA.get(name, []), "--mode", mode]
    options += ["--cval", "70.5"] if mode == "constant" else []
    whole, banded = results(monkeypatch, source, name, options, "png")
    np.testing.assert_array_equal(banded, whole)


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
@loop_over("dtype", ["uint8", "int16", "float32", "float64", "bool"])
def test_bands_of_every_type(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, dtype: str) -> None:
    pixels = (noise(83, 26) % 128).astype(dtype)
    if dtype == "float64":
        pixels[40, 10], pixels[70, 3] = np.nan, np.inf
    np.save(tmp_path / "in.npy", pixels)
    options = [*EXTRA.get(name, []), "--full-scale", "100"]
    whole, banded = results(monkeypatch, tmp_path / "in.npy", name, options, "png")
    np.testing.assert_array_equal(banded, whole)


@pytest.mark.parametrize("name", [name for name in NAMES if name not in ("hog", "canny")])
@pytest.mark.slow
def test_raw_values_in_bands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    source = save(tmp_path / "in.png", noise(83, 33, 4))
    whole, banded = results(monkeypatch, source, name, EXTRA.get(name, []), "npy")
    np.testing.assert_array_equal(banded, whole)


@pytest.mark.parametrize(
    "words",
    [
        "bilateral --radius 2",
        "guided --radius 2",
        "anisotropic_diffusion --iterations 3 --kappa 9",
        "gaussian",
    ],
)
@pytest.mark.parametrize("clear", [0, 2])
def test_bands_without_a_transparent_pixel(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: str, clear: int
) -> None:
    """Pixels count by their opacity in all bands, or in none."""
    pixels = noise(83, 33, 4)
    pixels[..., -1] = 255
    pixels[40 : 40 + clear, 9, -1] = 20
    name, *options = words.split()
    whole, banded = results(monkeypatch, save(tmp_path / "in.png", pixels), name, options, "npy")
    np.testing.assert_array_equal(banded, whole)


def test_very_large_windows_may_round_otherwise(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Their algorithms depend on the length of the image: a rounded value may differ by 1."""
    np.save(tmp_path / "kernel.npy", np.abs(np.sin(np.arange(31 * 31.0))).reshape(31, 31) / 600)
    source = save(tmp_path / "in.png", noise(500, 300))
    options = ["--kernel", str(tmp_path / "kernel.npy")]
    whole, banded = results(monkeypatch, source, "correlate", options, "png")
    assert whole.std() > 1
    assert np.abs(whole.astype(int) - banded.astype(int)).max() <= 1


def test_a_large_picture_is_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = pieces(monkeypatch)
    monkeypatch.setattr(strips, "_BAND", 20 * 50 * 4)
    monkeypatch.setattr(strips, "_ROWS", 1)  # else the bands have 36 rows
    source = save(tmp_path / "in.png", noise(300, 50))
    for name, options in [
        ("prewitt", []),
        ("correlate", ["--kernel", "1,1;1,1"]),
        ("gaussian", ["--dtype", "uint16"]),
    ]:
        seen.clear()
        done(name, source, tmp_path / "out.png", *options)
        assert len(seen) > 10
        assert max(seen) < 40
    seen.clear()
    done("prewitt", source, tmp_path / "out.npy")  # grey, and raw: nothing lies between input and output
    done("sobel", source, tmp_path / "out.png")  # scaled by a power of 2
    assert seen == []


@pytest.mark.parametrize(("width", "least", "most"), [(20_000, 100, 104), (100_000, 33, 36), (400_000, 7, 8)])
def test_bands_of_a_wide_picture_have_more_rows(width: int, least: int, most: int) -> None:
    """With intermediate arrays, but only up to twice the size of others."""
    image = io.Image(np.zeros((1, width), np.uint8))
    rows = strips.Rows(10_000, 1, 1)
    assert least <= rows.length / strips.count_bands(image, rows) <= most


@pytest.mark.parametrize(("around", "direct", "most"), [(0, False, 6), (0, True, 11), (1, True, 33)])
def test_other_bands_of_a_wide_picture_have_no_more_rows(around: int, direct: bool, most: int) -> None:
    """Bands without rows around them, or without intermediate arrays."""
    image = io.Image(np.zeros((1, 400_000), np.uint8))
    rows = strips.Rows(10_000, around, around)
    assert rows.length / strips.count_bands(image, rows, direct=direct) <= most


def test_a_window_of_the_image_s_size_is_not_cut() -> None:
    (command,) = (c for c in table.COMMANDS if c.name == "laplacian_of_gaussian")
    options = {option.name: option.default for option in table.options_of(command)}
    image = io.Image(np.zeros((1000, 10000), np.uint8))
    rows = reach.rows_of(command, {**options, "sigma": 300.0}, 1000)
    assert rows is not None
    assert strips.count_bands(image, rows) == 1
    rows = reach.rows_of(command, {**options, "sigma": 1e300}, 1000)
    assert rows is not None
    assert strips.count_bands(image, rows) == 1


@pytest.mark.parametrize(("width", "most"), [(20_000, 21 << 20), (100_000, 88 << 20)])
def test_few_rows_are_filtered_twice(width: int, most: int) -> None:
    """Without intermediate arrays, a band of a wide picture has many times the rows around it."""
    image = io.Image(np.broadcast_to(np.uint8(), (40_000, width)))
    rows = strips.Rows(40_000, 8, 8)
    size = 40_000 // strips.count_bands(image, rows, 2, direct=True)
    assert size > 13 * 16
    assert 2 * (2 * size + 16) * width < most  # two threads
    assert strips.count_bands(image, rows, 2) > 40_000 // size
    least = 40_000 // strips.count_bands(image, rows, 8, direct=True)
    assert 8 * (2 * least + 16) * width < 88 << 20


@pytest.mark.parametrize("shortens", [False, True])
@pytest.mark.parametrize("threads", [2, 8])
@loop_over("width", [20_000, 100_000, 400_000])
@loop_over("result", ["uint8", "float32", "float64"])
def test_bands_count_the_bytes_of_the_result(width: int, result: str, threads: int, shortens: bool) -> None:
    image = io.Image(np.broadcast_to(np.uint8(), (40_000, width)))
    rows, dtype = strips.Rows(40_000, 8, 8), np.dtype(result)
    how: dict[str, Any] = {"direct": True, "shortens": shortens, "result": dtype}
    size = 40_000 // strips.count_bands(image, rows, threads, **how)
    assert size >= 16
    least = threads * (16 + 16) * width * (1 + dtype.itemsize)  # no row is computed more than twice
    assert threads * (size * dtype.itemsize + size + 16) * width < max(93 << 20, least)


def test_a_band_leaves_nothing_behind() -> None:
    """What is said of a band holds for its own work only, also if it fails."""
    seen = []

    def work(piece: io.Image) -> io.Image:
        seen.append(unused_rows.get())
        if len(seen) == 1:
            strips.Piecewise(image, rows, work).of(band)
            raise ValueError("broken")
        return piece

    image, rows = io.Image(np.arange(150).reshape(50, 3)), strips.Rows(50, 2, 1)
    band = strips.Band(10, 20, strips.cut(image, slice(8, 21)), 2)
    with pytest.raises(ValueError, match="broken"):
        strips.Piecewise(image, rows, work, shortens=True).of(band)
    assert seen == [(2, 1), (0, 0)]
    assert unused_rows.get() == (0, 0)


@loop_over("length", [1, 2, 3, 50])
@loop_over("rows", [(0, 0, 1, 1), (3, 4, 1, 1), (1, 1, 3, 1), (20, 20, 1, 10), (2, -2, 1, 1)])
def test_pieces_hold_what_bands_need(
    monkeypatch: pytest.MonkeyPatch, length: int, rows: tuple[int, ...]
) -> None:
    above, below, step, cell = rows
    monkeypatch.setattr(strips, "_BAND", 1)
    image = io.Image(np.arange(length * 3).reshape(length, 3))
    for wraps in (False, True):
        geometry = strips.Rows(-(-length // step), above, below, step, cell, wraps)
        at = 0
        for start, stop, piece, first, _ in strips.bands(
            image, geometry, strips.count_bands(image, geometry)
        ):
            assert start == at
            at = stop
            reaches = start * step < above or (stop - 1) * step + below >= length
            if wraps and reaches and stop - start == geometry.length:  # a longer image has another period
                np.testing.assert_array_equal(piece.pixels, image.pixels)
                assert first == 0
                continue
            begin = start * step - first * step  # where in the image the piece begins
            assert begin % (step * cell) == 0 or not cell > 1
            for row in range(start * step - above, (stop - 1) * step + below + 1):
                if 0 <= row < length or wraps:
                    np.testing.assert_array_equal(piece.pixels[row - begin], image.pixels[row % length])
        assert at == geometry.length


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "options", "channels", "values"),
    [
        ("sobel", [], 1, 1),
        ("sobel", ["--dtype", "uint16"], 1, 2),
        ("sobel", [], 3, 1),
        ("laplacian", ["--per-channel", "--signed"], 3, 3),
        ("laplacian_of_gaussian", ["--sigma", "3"], 1, 1),
        ("sobel", [], 4, 1),
        ("gaussian", [], 4, 4),
        ("gaussian", ["--dtype", "uint16"], 1, 2),
        ("correlate", ["--kernel", "1,2,1;2,4,2;1,2,1"], 1, 1),
        ("canny", ["--low", "100", "--high", "200"], 1, 1),
        ("hog", [], 1, 1),
        ("box", ["--background", "#102030"], 4, 4),
    ],
)
def test_memory_is_that_of_input_and_output(
    tmp_path: Path, name: str, options: list[str], channels: int, values: int
) -> None:
    """The picture has 16 million pixels, so that one array of them in float32 has 64 MB."""
    shape = (4000,) if channels == 1 else (4000, channels)

    def write(times: int) -> None:
        tifffile.imwrite(
            tmp_path / "in.tif",
            np.tile(noise(100, *shape), (times,) + (1,) * len(shape)),
            photometric="minisblack" if channels == 1 else "rgb",
            extrasamples=["unassalpha"] if channels == 4 else None,
        )

    small = [name, save(tmp_path / "small.png", noise(40, *shape)[:, :40]), tmp_path / "small.tif", *options]
    large = [name, tmp_path / "in.tif", tmp_path / "out.tif", *options]
    write(4)
    done(*small)  # compiles what the commands need
    done(*large)
    write(40)
    base, most = peaks_of(small, large)
    with tifffile.TiffFile(tmp_path / "out.tif") as file:
        assert file.pages.first.shape[:2] == (4000, 4000)
        assert file.pages.first.nbytes in (16_000_000 * values, 12_000_000 * values)  # without alpha
    assert most - base < 16_000_000 * (channels + values) + 60_000_000


@pytest.mark.slow
@pytest.mark.parametrize(
    "words",
    [
        "threshold --method otsu",
        "threshold --method mean",
        "threshold --method multi_otsu --mask MASK",
        "resize --scale 0.7 --method lanczos",
    ],
)
def test_memory_does_not_grow_with_the_picture(tmp_path: Path, words: str) -> None:
    """The picture has 128 million pixels. It is read in bands."""
    save(tmp_path / "small.png", noise(40, 40))
    save(tmp_path / "small_mask.png", noise(40, 40) % 2 + 1)
    name, *options = words.replace("MASK", str(tmp_path / "small_mask.png")).split()
    small = [name, tmp_path / "small.png", tmp_path / "small.tif", *options]
    name, *options = words.replace("MASK", str(tmp_path / "mask.tif")).split()
    large = [name, tmp_path / "in.tif", tmp_path / "out.tif", *options]

    def write(times: int) -> None:
        tifffile.imwrite(tmp_path / "in.tif", np.tile(noise(160, 8000), (times, 1)))
        tifffile.imwrite(tmp_path / "mask.tif", np.tile(noise(160, 8000) % 2, (times, 1)))

    write(10)
    done(*small)  # compiles what the commands need
    done(*large)
    write(100)
    base, most = peaks_of(small, large)
    with tifffile.TiffFile(tmp_path / "out.tif") as file:
        assert file.pages.first.shape in ((16000, 8000), (11200, 5600))
    assert most - base < 64_000_000


@pytest.mark.slow
def test_frames_are_read_and_written_one_by_one(tmp_path: Path) -> None:
    """120 frames have 120 MB."""
    for count in (4, 120):
        pixels = np.repeat(noise(1, 1000, 1000), count, axis=0)
        pixels[:, :100, :100] = noise(count, 100, 100)
        io.write(tmp_path / f"{count}.png", io.Image(pixels, axes="TYX"))
    commands = [["box", tmp_path / f"{count}.png", tmp_path / "out.png"] for count in (4, 120)]
    done(*commands[0])  # compiles what both need
    few, many = peaks_of(*commands)
    assert many - few < 30_000_000


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("anisotropic_diffusion", ["--iterations", "7", "--kappa", "20"]),
        ("non_local_means", ["--noise", "20", "--search", "9,5", "--mode", "wrap"]),
        ("non_local_means", ["--noise", "20", "--search", "5", "--patch", "7", "--mode", "symmetric"]),
    ],
)
@pytest.mark.parametrize("channels", [(), (4,)], ids=["grey", "rgba"])
def test_denoised_bands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, options: list[str], channels: tuple[int, ...]
) -> None:
    source = save(tmp_path / "in.png", noise(97, 31, *channels))
    seen = pieces(monkeypatch)
    whole, banded = results(monkeypatch, source, name.replace("_", "-"), options, "npy")
    np.testing.assert_array_equal(banded, whole)
    assert max(seen[1:]) < 97
