"""Large files are read, filtered and written in bands: the output file is that of the whole picture."""

from __future__ import annotations

import struct
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import imfilter
from imfilter import io
from imfilter._base import dtypes
from imfilter._cli import apply, denoise_table, edges, streamed, task
from imfilter._files import exif
from tests.cli.commands import EXTRA, NAMES, done, noise, save
from tests.cli.streaming import same, tiff
from tests.looping import loop_over

#: Commands whose result depends on the whole picture.
WHOLE = {"canny", "harris", "meijering"}
STREAMED = [name for name in NAMES if name not in WHOLE]


#: Layouts of TIFF files. The picture has 150 rows, so that all have several strips or tiles.
LAYOUTS: dict[str, dict[str, Any]] = {
    "one strip": {},
    "strips": {"rowsperstrip": 7},
    "wide": {"rowsperstrip": 7, "bigtiff": True},
    "other order": {"rowsperstrip": 40, "byteorder": ">"},
    "tiles": {"tile": (16, 32)},
    "deflate": {"rowsperstrip": 5, "compression": "zlib", "predictor": 2},
    "lzw": {"rowsperstrip": 30, "compression": "lzw"},
    "zstd tiles": {"tile": (32, 16), "compression": "zstd"},
    "jpeg": {"tile": (32, 48), "compression": "jpeg"},
}


@loop_over("layout", LAYOUTS)
@loop_over("channels", [(), (3,)])
def test_layouts_of_tiff(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: list[str], layout: str, channels: tuple[int]
) -> None:
    source = tiff(tmp_path / "in.tif", noise(150, 70, *channels), **LAYOUTS[layout])
    same(written, monkeypatch, source, ".tif", "sobel")


@pytest.mark.parametrize("without", [False, True], ids=["imagecodecs", "no imagecodecs"])
def test_kinds_of_tiff(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: list[str], without: bool
) -> None:
    if without:
        monkeypatch.setitem(sys.modules, "imagecodecs", None)
    strips, tiles = {"rowsperstrip": 9}, {"tile": (16, 16)}
    alpha, planes = {"extrasamples": ["unassalpha"]}, {"photometric": "rgb", "planarconfig": "separate"}
    palette = {"colormap": noise(3, 256, dtype="uint16"), "photometric": "palette"}
    kinds: list[tuple[np.ndarray, dict[str, Any]]] = [
        (noise(90, 41) % 2 == 0, strips),
        (noise(90, 41), {**strips, "photometric": "miniswhite"}),
        (noise(90, 41), {**strips, **palette}),
        (noise(90, 41, 4), {**strips, "photometric": "separated"}),
        (noise(3, 90, 41), {**strips, **planes}),
        (noise(3, 90, 41), {**tiles, **planes, "compression": "zlib"}),
        (noise(90, 41, 4, dtype="uint16"), {**strips, "byteorder": ">", **alpha}),
        (noise(90, 41, 2), {**strips, "photometric": "minisblack", **alpha}),
        (noise(90, 41, 4), {**strips, "extrasamples": ["assocalpha"]}),
        (noise(90, 41).astype("float32"), tiles),
        (noise(90, 41).astype("int16") - np.int16(99), {**strips, "compression": "zlib"}),
    ]
    for number, (pixels, layout) in enumerate(kinds):
        source = tiff(tmp_path / f"{number}.tif", pixels, **layout)
        same(written, monkeypatch, source, ".tif", "gaussian", "--sigma", "1.5")


_LONG = ["box --size 86,22", "gaussian --sigma 9", "gaussian_gradient_magnitude --sigma 8"]


@pytest.mark.parametrize("words", _LONG)
def test_windows_longer_than_a_periodic_picture(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: list[str], words: str
) -> None:
    name, *options = words.split()
    source = tiff(tmp_path / "in.tif", noise(24, 40, dtype="uint16").astype("float32"), rowsperstrip=7)
    same(written, monkeypatch, source, ".npy", name, *options, "--mode", "wrap")


@pytest.mark.slow
@pytest.mark.parametrize("name", STREAMED)
@loop_over("channels", [(), (3,), (2,), (4,)])
@loop_over("suffix", [".tif", ".npy"])
def test_filters(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    written: list[str],
    name: str,
    channels: tuple[int, ...],
    suffix: str,
) -> None:
    if name == "hog" and suffix == ".npy":
        return  # the descriptor of the whole picture
    source = save(tmp_path / "in.tif", noise(97, 31, *channels))
    options = [*EXTRA.get(name, []), *(["--mask", str(source)] if name == "fill" else [])]
    if name == "frangi":
        options = ["--gamma", "20"]  # by default the whole picture decides
    same(written, monkeypatch, source, suffix, name, *options)


@loop_over("name", task._ONE_SUM)
@loop_over("suffix", [".tif", ".npy"])
def test_linear_filters_compute_each_row_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: list[str], name: str, suffix: str
) -> None:
    rows: list[int] = []
    like = apply.like

    def counted(image: Any, pixels: np.ndarray, *more: Any) -> Any:
        rows.append(len(pixels))
        return like(image, pixels, *more)

    for module in (apply, edges):
        monkeypatch.setattr(module, "like", counted)
    source = save(tmp_path / "in.tif", noise(150, 31))
    done(name, source, tmp_path / f"out{suffix}", *EXTRA.get(name, []))
    assert len(rows) > 3
    assert sum(rows) <= 152, rows  # the first and the last band may have one row more


@loop_over("name", [*task._ONE_SUM, "median", "std", "erode", "tophat", "bilateral", "hessian", "resize"])
@loop_over("channels", [(), (3,), (4,)])
@loop_over("suffix", [".tif", ".npy"])
@loop_over("dtype", [None, "float32", "float64", "uint16"])
def test_the_type_of_the_result_is_known(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    written: list[str],
    name: str,
    channels: tuple[int, ...],
    suffix: str,
    dtype: str | None,
) -> None:
    """The size of a band depends on it. It is left open where the result has the size that is assumed."""
    known: list[np.dtype[Any]] = []
    writing = streamed._write

    def watched(made: Any, *more: Any) -> None:
        source = made.image.pixels.dtype
        known.append(made.result or (source if made.direct else dtypes.derived(source)))
        writing(made, *more)

    monkeypatch.setattr(streamed, "_write", watched)
    source, out = save(tmp_path / "in.tif", noise(40, 21, *channels)), tmp_path / f"out{suffix}"
    done(name, source, out, *EXTRA.get(name, []), *([] if dtype is None else ["--dtype", dtype]))
    (known_type,), found = known, io.read(out).pixels.dtype
    assert known_type == found or (dtype is None and known_type.itemsize >= found.itemsize)


@pytest.mark.parametrize("name", ["sobel", "gaussian", "erode", "median", "correlate", "bilateral"])
@loop_over("mode", ["mirror", "symmetric", "edge", "wrap", "zero", "constant"])
@pytest.mark.slow
def test_borders(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: list[str], name: str, mode: str
) -> None:
    source = tiff(tmp_path / "in.tif", noise(61, 23), rowsperstrip=7, compression="zlib")
    same(written, monkeypatch, source, ".tif", name, "--mode", mode, *EXTRA.get(name, []))


@loop_over("dtype", ["bool", "uint8", "int16", "uint32", "float32", "float64"])
@loop_over("suffix", [".npy", ".tif", ".png", ".jpg"])
def test_arrays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: list[str], dtype: str, suffix: str
) -> None:
    pixels = (noise(83, 26) % 128).astype(dtype)
    if dtype == "float64":
        pixels[40, 10], pixels[70, 3] = np.nan, np.inf
    np.save(tmp_path / "in.npy", pixels.astype(np.dtype(dtype).newbyteorder(">")))
    for words in (["sobel", "--full-scale", "100"], ["gaussian", "--full-scale", "100"]):
        options = [] if suffix == ".npy" or (suffix == ".tif" and dtype[0] == "f") else words[1:]
        same(written, monkeypatch, tmp_path / "in.npy", suffix, words[0], *options)


def test_channels_of_arrays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: list[str]) -> None:
    np.save(tmp_path / "in.npy", noise(83, 26, 3))
    same(written, monkeypatch, tmp_path / "in.npy", ".npy", "gaussian", "--channel-axis", "-1")
    done("gaussian", tmp_path / "in.npy", tmp_path / "out.npy", "--channel-axis", "0")
    assert written == []


def test_volumes_of_arrays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: list[str]) -> None:
    volume = noise(24, 9, 20)
    np.save(tmp_path / "in.npy", volume)
    same(written, monkeypatch, tmp_path / "in.npy", ".npy", "gaussian", "--sigma", "1")
    np.testing.assert_array_equal(np.load(tmp_path / "bands.npy"), imfilter.gaussian(volume, 1.0))


@pytest.mark.parametrize("name", ["sobel", "gaussian", "fill", "median"])
@loop_over(
    "options",
    [
        ["--mask", "MASK"],
        ["--nodata", "7"],
        ["--nodata", "none"],
        ["--mask", "MASK", "--min-coverage", "0.6"],
    ],
)
@loop_over("channels", [(), (3,), (4,)])
@pytest.mark.slow
def test_absent_pixels(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    written: list[str],
    name: str,
    options: list[str],
    channels: tuple[int, ...],
) -> None:
    mask = noise(83, 26) % 3
    mask[40:] = 1
    tiff(tmp_path / "mask.tif", mask, rowsperstrip=5)
    pixels = noise(83, 26, *channels) % 16
    pixels[10:30] += 10
    image = io.Image(pixels, pixels.ndim == 3, channels == (4,), nodata=3)
    io.write(tmp_path / "in.tif", image)
    words = [str(tmp_path / "mask.tif") if word == "MASK" else word for word in options]
    same(written, monkeypatch, tmp_path / "in.tif", ".tif", name, *words)


@pytest.mark.parametrize("nodata", [None, -9999.0, float("nan")])
@pytest.mark.parametrize("absent", [False, True], ids=["complete", "absent"])
@pytest.mark.slow
def test_absent_floats(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: list[str], nodata: float | None, absent: bool
) -> None:
    """A piece without absent samples is filtered as the whole picture, which may have some."""
    pixels = noise(83, 26).astype("float32")
    if absent:
        pixels[20:30, 5:] = np.nan if nodata is None else nodata
    io.write(tmp_path / "in.tif", io.Image(pixels, nodata=nodata))
    np.save(tmp_path / "in.npy", pixels)
    mask = tmp_path / "mask.npy"
    np.save(mask, pixels % 5 != 1)
    for name in ("gaussian", "fill", "sobel", "median", "std", "hessian", "bilateral", "erode"):
        options = ["--which", "largest"] if name == "hessian" else []
        same(written, monkeypatch, tmp_path / "in.tif", ".tif", name, "--nan", "ignore", *options)
        same(written, monkeypatch, tmp_path / "in.npy", ".npy", name, "--mask", str(mask), *options)


@pytest.mark.parametrize("absent", [False, True], ids=["complete", "absent"])
def test_absent_samples_of_volumes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: list[str], absent: bool
) -> None:
    volume = noise(24, 9, 20).astype("float32")
    if absent:
        volume[:3, 2, :9] = np.nan
    np.save(tmp_path / "in.npy", volume)
    same(written, monkeypatch, tmp_path / "in.npy", ".npy", "gaussian", "--nan", "ignore")
    found = np.load(tmp_path / "bands.npy")
    np.testing.assert_array_equal(found, imfilter.gaussian(volume, 1.0, nan="ignore"))


def test_opaque_alpha(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: list[str]) -> None:
    pixels = noise(83, 26, 4)
    pixels[..., 3] = 255
    source = save(tmp_path / "in.tif", pixels)
    for name in ("gaussian", "sobel", "erode", "correlate", "bilateral"):
        same(written, monkeypatch, source, ".tif", name, *EXTRA.get(name, []))
        same(written, monkeypatch, source, ".jpg", name, *EXTRA.get(name, []))
    pixels[70, 3, 3] = 254  # one pixel in one band
    source = save(tmp_path / "in.tif", pixels)
    for name in ("gaussian", "sobel", "erode", "correlate", "bilateral"):
        same(written, monkeypatch, source, ".tif", name, *EXTRA.get(name, []))
        same(written, monkeypatch, source, ".tif", name, "--background", "#102030", *EXTRA.get(name, []))


@pytest.mark.parametrize("order", ["<", ">"])
def test_metadata(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: list[str], order: str) -> None:
    profile = bytes(16) + b"RGB " + bytes(300)
    block = struct.pack(
        order + "2sHIHHHI4sI", b"II" if order == "<" else b"MM", 42, 8, 1, 0x0131, 2, 4, b"abc\0", 0
    )
    image = io.Image(
        noise(83, 26, 3), channels=True, icc=profile, exif=exif.PREFIX + block, dpi=(72.0, 300.0)
    )
    io.write(tmp_path / "in.tif", image)
    same(written, monkeypatch, tmp_path / "in.tif", ".tif", "gaussian")
    found = io.read(tmp_path / "bands.tif")
    assert found.icc == profile
    assert found.exif is not None
    assert found.dpi == (72.0, 300.0)
    same(written, monkeypatch, tmp_path / "in.tif", ".tif", "sobel", "--no-exif")


def test_denoising(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: list[str]) -> None:
    source = save(tmp_path / "in.tif", noise(97, 31))
    assert {c.name for c in denoise_table.DENOISING} >= {"non_local_means", "anisotropic_diffusion"}
    same(written, monkeypatch, source, ".tif", "anisotropic-diffusion", "--iterations", "3", "--kappa", "20")
    same(written, monkeypatch, source, ".tif", "non-local-means", "--noise", "20", "--search", "5")


@loop_over(
    "options",
    [
        *(["--scale", "0.5"], ["--scale", "0.25,0.3"], ["--shape", "12,31"], ["--shape", "48,10"]),
        *(["--shape", "25,20"], ["--scale", "1.7", "--method", "linear"], ["--shape", "1,1"]),
        ["--scale", "0.37", "--method", "lanczos", "--mode", "wrap"],
        ["--scale", "2.5,0.5", "--method", "cubic", "--mode", "constant", "--cval", "40"],
        ["--shape", "100,9", "--method", "nearest", "--align", "corners"],
        ["--scale", "0.4", "--method", "linear", "--no-antialias", "--mode", "mirror"],
        ["--scale", "0.7", "--method", "cubic", "--nodata", "7"],
    ],
)
@loop_over("channels", [(), (3,), (4,)])
@pytest.mark.slow
def test_resized(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    written: list[str],
    options: list[str],
    channels: tuple[int],
) -> None:
    for dtype in ("uint8", "uint16"):
        source = save(tmp_path / "in.tif", noise(48, 31, *channels, dtype=dtype))
        same(written, monkeypatch, source, ".tif", "resize", *options)
        same(written, monkeypatch, source, ".tif", "resize", *options, "--dtype", "float32")
        same(written, monkeypatch, source, ".png", "resize", *options, "--range", "10,200")


@pytest.mark.parametrize("dtype", ["bool", "int16", "uint64", "float32", "float64"])
@pytest.mark.slow
def test_resized_arrays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: list[str], dtype: str
) -> None:
    """The result of the bands is that of the function, to the last bit."""
    for shape, scale, axis in (
        ((90, 41), (0.3, 1.4), None),
        ((50, 9, 20), (0.7, 2, 0.5), None),
        ((40, 30, 3), (2.2, 0.3), -1),
    ):
        pixels = noise(*shape).astype(dtype)
        np.save(tmp_path / "in.npy", pixels)
        for method in ("area", "linear", "cubic", "lanczos", "nearest"):
            if method == "area" and max(scale) > 1:
                continue
            words = ["--scale", ",".join(map(str, scale)), "--method", method]
            words += [] if axis is None else ["--channel-axis", str(axis)]
            same(written, monkeypatch, tmp_path / "in.npy", ".npy", "resize", *words)
            wanted = imfilter.resize(pixels, scale=scale, method=method, channel_axis=axis)
            np.testing.assert_array_equal(np.load(tmp_path / "bands.npy"), wanted)


@pytest.mark.parametrize("channels", [(), (3,)], ids=["grey", "rgb"])
@pytest.mark.parametrize("suffix", [".tif", ".png", ".npy"])
@pytest.mark.slow
def test_pipelines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: list[str], channels: tuple[int], suffix: str
) -> None:
    source = save(tmp_path / "in.tif", noise(97, 31, *channels))
    steps = ["gaussian --sigma 1.5", "median --size 5", "sobel"]
    same(written, monkeypatch, source, suffix, "pipe", *steps)
    same(written, monkeypatch, source, suffix, "pipe", "open --element disk:2", "threshold --method sauvola")
    same(written, monkeypatch, source, suffix, "pipe", steps[0], "--nodata", "7")
    mask = save(tmp_path / "mask.png", noise(97, 31) % 3)
    same(written, monkeypatch, source, suffix, "pipe", *steps[:2], "--mask", mask)
    same(written, monkeypatch, source, suffix, "pipe", "gaussian", "threshold", "median")
    lower = np.zeros((97, 31), np.uint8)
    lower[60:] = 1  # the first bands have no pixel that is present
    half = save(tmp_path / "half.png", lower)
    same(written, monkeypatch, source, suffix, "pipe", "gaussian", "threshold", "--mask", half)
    same(written, monkeypatch, save(tmp_path / "a.tif", noise(97, 31, 4)), suffix, "pipe", *steps)


def test_pipelines_of_volumes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: list[str]) -> None:
    volume = noise(24, 9, 20)
    np.save(tmp_path / "in.npy", volume)
    same(written, monkeypatch, tmp_path / "in.npy", ".npy", "pipe", "gaussian --sigma 1", "median --size 3")
    wanted = imfilter.median(imfilter.gaussian(volume, 1.0, dtype=np.float32), 3)
    np.testing.assert_array_equal(np.load(tmp_path / "bands.npy"), wanted)


def test_the_input_may_be_the_output(tmp_path: Path, written: list[str]) -> None:
    source = save(tmp_path / "in.tif", noise(97, 31))
    done("sobel", source, tmp_path / "out.tif")
    done("sobel", source, source)
    assert written == [str(tmp_path / "out.tif"), str(source)]
    assert source.read_bytes() == (tmp_path / "out.tif").read_bytes()


def test_a_turned_picture_is_read_whole(tmp_path: Path, written: list[str]) -> None:
    source = tiff(tmp_path / "in.tif", noise(97, 31), extratags=[(274, "H", 1, 6, True)])
    done("sobel", source, tmp_path / "out.tif")
    assert written == []
    assert io.read(tmp_path / "out.tif").pixels.shape == (31, 97)


@pytest.mark.parametrize("workers", ["1", "2", "5"])
def test_workers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: list[str], workers: str) -> None:
    source = tiff(tmp_path / "in.tif", noise(400, 31), rowsperstrip=3, compression="zlib")
    same(written, monkeypatch, source, ".tif", "gaussian", "--workers", workers)
