"""Large files are read, filtered and written in bands: the output file is that of the whole picture."""

from __future__ import annotations

import errno
import signal
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

from imfilter import io
from imfilter._cli import denoise_table, streamed, strips
from imfilter._files import bands, exif, lazy
from tests.cli.commands import EXTRA, NAMES, done, failed, noise, said, save, subprocess_env
from tests.files.pictures import chunk, raw_png

#: Commands whose result depends on the whole picture.
WHOLE = {"canny", "harris", "meijering", "resize"}
STREAMED = [name for name in NAMES if name not in WHOLE]


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Stream every file in bands of few rows. Collect the names of the outputs that are written in bands."""
    monkeypatch.setattr(streamed, "_SMALL", 0)
    monkeypatch.setattr(strips, "_BAND", 1)
    monkeypatch.setattr(lazy, "_READ", 1)
    names: list[str] = []
    writing = streamed._write

    def watched(made: Any, rows: Any, destination: str, *more: Any) -> None:
        names.append(destination)
        writing(made, rows, destination, *more)

    monkeypatch.setattr(streamed, "_write", watched)
    return names


def same(written: list[str], monkeypatch: pytest.MonkeyPatch, source: Path, suffix: str, *words: str) -> None:
    """Check that a command writes the same file in bands as whole."""
    name, *options = words
    out, whole = source.with_name(f"bands{suffix}"), source.with_name(f"whole{suffix}")
    done(name, source, out, *options)
    assert written == [str(out)], f"{words} is not streamed"
    written.clear()
    with monkeypatch.context() as patch:
        patch.setattr(streamed, "_SMALL", 1 << 60)
        patch.setattr(strips, "_BAND", 1 << 40)
        done(name, source, whole, *options)
    assert written == []
    if suffix != ".png":
        assert out.read_bytes() == whole.read_bytes()
        return
    found, wanted = io.read(out), io.read(whole)
    np.testing.assert_array_equal(found.pixels, wanted.pixels)
    assert found.pixels.dtype == wanted.pixels.dtype
    for name in ("alpha", "channels", "icc", "exif", "dpi", "colorimetry"):
        assert getattr(found, name) == getattr(wanted, name), name


def tiff(path: Path, pixels: np.ndarray, **layout: Any) -> Path:
    """Write a TIFF with a resolution."""
    colours = pixels.ndim == 3 and layout.get("planarconfig") != "separate"
    layout.setdefault("photometric", "rgb" if colours else "minisblack")
    tifffile.imwrite(path, pixels, metadata=None, resolution=(300, 200), resolutionunit="INCH", **layout)
    return path


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


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("channels", [(), (3,)], ids=["grey", "rgb"])
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


PNGS = [(bits, colour) for colour in (0, 2, 3, 4, 6) for bits in (1, 2, 4, 8, 16)]
PNGS = [(b, c) for b, c in PNGS if b == 8 or (b == 16 and c != 3) or (b < 8 and c in (0, 3))]


@pytest.mark.parametrize(("bits", "colour"), PNGS)
@pytest.mark.parametrize("keyed", [False, True])
def test_kinds_of_png(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    written: list[str],
    bits: int,
    colour: int,
    keyed: bool,
) -> None:
    channels = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[colour]
    rows = noise(60, -(-23 * bits * channels // 8))
    rows[20:40] = rows[20]
    raw = b"".join(bytes([number % 5]) + row.tobytes() for number, row in enumerate(rows))
    more = [
        chunk(b"pHYs", struct.pack(">IIB", 2835, 5906, 1)),
        chunk(b"tEXt", b"a\0b"),
        chunk(b"tEXt", b"c\0d"),
    ]
    if colour == 3:
        more.append(chunk(b"PLTE", noise(3 << bits).tobytes()))
    if keyed and colour not in (4, 6):
        more.append(chunk(b"tRNS", bytes({0: 2, 2: 6, 3: 1 << bits}[colour])))
    (tmp_path / "in.png").write_bytes(raw_png(23, 60, bits, colour, raw, *more))
    same(written, monkeypatch, tmp_path / "in.png", ".png", "gaussian")
    same(written, monkeypatch, tmp_path / "in.png", ".tif", "gaussian", "--mode", "wrap")
    same(written, monkeypatch, tmp_path / "in.png", ".npy", "sobel")


@pytest.mark.parametrize("channels", [(), (3,), (2,), (4,)], ids=["grey", "rgb", "grey-alpha", "rgba"])
@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_png(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: list[str], channels: tuple[int], dtype: str
) -> None:
    source = save(tmp_path / "in.png", noise(97, 31, *channels, dtype=dtype))
    same(written, monkeypatch, source, ".png", "median")
    same(written, monkeypatch, source, ".tif", "sobel")


def test_metadata_of_png(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: list[str]) -> None:
    profile = bytes(16) + b"RGB " + bytes(300)
    block = exif.PREFIX + struct.pack("<2sHIHHHI4sI", b"II", 42, 8, 1, 0x0131, 2, 4, b"abc\0", 0)
    gamma = (b"gAMA", struct.pack(">I", 100000))
    image = io.Image(
        noise(83, 26, 3), channels=True, icc=profile, exif=block, dpi=(72.0, 300.0), colorimetry=(gamma,)
    )
    io.write(tmp_path / "in.png", image)
    for suffix in (".png", ".tif"):
        same(written, monkeypatch, tmp_path / "in.png", suffix, "gaussian")
        found = io.read(tmp_path / f"bands{suffix}")
        assert found.icc == profile
        assert found.exif is not None


def test_a_png_that_ends_early(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], written: list[str]
) -> None:
    source = save(tmp_path / "in.png", noise(200, 70))
    source.write_bytes(source.read_bytes()[:9000])
    assert failed(capsys, 1, "sobel", source, tmp_path / "out.png").startswith(f"{source}: is damaged")
    assert [path.name for path in tmp_path.iterdir()] == ["in.png"]


def test_a_png_with_exif_behind_its_pixels_is_read_whole(tmp_path: Path, written: list[str]) -> None:
    source = save(tmp_path / "in.png", noise(90, 70))
    block = struct.pack("<2sHIHHHI4sI", b"II", 42, 8, 1, 0x0131, 2, 4, b"abc\0", 0)
    source.write_bytes(source.read_bytes()[:-12] + chunk(b"eXIf", block) + chunk(b"IEND", b""))
    done("gaussian", source, tmp_path / "out.png")
    assert written == []
    assert io.read(tmp_path / "out.png").exif is not None


@pytest.mark.slow
@pytest.mark.parametrize("name", STREAMED)
@pytest.mark.parametrize("channels", [(), (3,), (2,), (4,)], ids=["grey", "rgb", "grey-alpha", "rgba"])
@pytest.mark.parametrize("suffix", [".tif", ".npy"])
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
    same(written, monkeypatch, source, suffix, name, *options)


@pytest.mark.parametrize("name", ["sobel", "gaussian", "erode", "median", "correlate", "bilateral"])
@pytest.mark.parametrize("mode", ["mirror", "symmetric", "edge", "wrap", "zero", "constant"])
def test_borders(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: list[str], name: str, mode: str
) -> None:
    source = tiff(tmp_path / "in.tif", noise(61, 23), rowsperstrip=7, compression="zlib")
    same(written, monkeypatch, source, ".tif", name, "--mode", mode, *EXTRA.get(name, []))


@pytest.mark.parametrize("dtype", ["bool", "uint8", "int16", "uint32", "float32", "float64"])
@pytest.mark.parametrize("suffix", [".npy", ".tif", ".png", ".jpg"])
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
    np.save(tmp_path / "in.npy", noise(8, 9, 20))
    done("gaussian", tmp_path / "in.npy", tmp_path / "out.npy")  # a volume
    assert written == []


@pytest.mark.parametrize("name", ["sobel", "gaussian", "fill", "median"])
@pytest.mark.parametrize(
    "options",
    [
        ["--mask", "MASK"],
        ["--nodata", "7"],
        ["--nodata", "none"],
        ["--mask", "MASK", "--min-coverage", "0.6"],
    ],
)
@pytest.mark.parametrize("channels", [(), (3,), (4,)], ids=["grey", "rgb", "rgba"])
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
def test_absent_floats(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: list[str], nodata: float | None
) -> None:
    """A filter of a piece without absent samples rounds floats like one of a picture without them."""
    pixels = noise(83, 26).astype("float32")
    pixels[20:30, 5:] = np.nan if nodata is None else nodata
    source, bands, whole = (tmp_path / f"{name}.tif" for name in ("in", "bands", "whole"))
    io.write(source, io.Image(pixels, nodata=nodata))
    for name in ("gaussian", "fill", "sobel", "median"):
        done(name, source, bands, "--nan", "ignore")
        assert written.pop() == str(bands)
        with monkeypatch.context() as patch:
            patch.setattr(streamed, "_SMALL", 1 << 60)
            done(name, source, whole, "--nan", "ignore")
        found, wanted = io.read(bands), io.read(whole)
        np.testing.assert_allclose(found.pixels, wanted.pixels, rtol=1e-5, atol=1e-4)
        np.testing.assert_equal(found.nodata, wanted.nodata)


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


@pytest.mark.parametrize(
    "options",
    [["--scale", "0.5"], ["--scale", "0.25,0.3"], ["--shape", "24,31"], ["--shape", "96,10"]],
)
@pytest.mark.parametrize("channels", [(), (3,), (4,)], ids=["grey", "rgb", "rgba"])
def test_means_of_whole_rows(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    written: list[str],
    options: list[str],
    channels: tuple[int],
) -> None:
    for dtype in ("uint8", "uint16"):
        source = save(tmp_path / "in.tif", noise(96, 31, *channels, dtype=dtype))
        same(written, monkeypatch, source, ".tif", "resize", *options)
        same(written, monkeypatch, source, ".tif", "resize", *options, "--dtype", "float32")
        same(written, monkeypatch, source, ".tif", "resize", *options, "--range", "10,200")
    done("resize", source, tmp_path / "out.tif", "--shape", "50,20")
    done("resize", source, tmp_path / "out.tif", "--scale", "0.5", "--method", "cubic")
    assert written == []


@pytest.mark.parametrize("method", ["niblack", "sauvola", "local"])
@pytest.mark.parametrize("channels", [(), (3,), (4,)], ids=["grey", "rgb", "rgba"])
@pytest.mark.parametrize("options", [[], ["--size", "9,4", "--mode", "wrap"], ["--nodata", "7"]])
def test_local_thresholds(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    written: list[str],
    method: str,
    channels: tuple[int],
    options: list[str],
) -> None:
    source = save(tmp_path / "in.tif", noise(96, 31, *channels))
    same(written, monkeypatch, source, ".tif", "threshold", "--method", method, *options)
    same(written, monkeypatch, source, ".npy", "threshold", "--method", method, *options)
    done("threshold", source, tmp_path / "out.tif")
    assert written == []


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


def test_a_large_picture_that_must_be_whole_is_told_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], written: list[str]
) -> None:
    monkeypatch.setattr(streamed, "_LARGE", 1000)
    source = save(tmp_path / "in.tif", noise(97, 31))
    done("canny", source, tmp_path / "out.tif")
    message = "0.0 GB of pixels are held in memory, because canny needs the whole picture"
    assert said(capsys) == f"imfilter: warning: {source}: {message}\n"
    save(tmp_path / "in.bmp", noise(97, 31))
    done("sobel", tmp_path / "in.bmp", tmp_path / "out.tif")
    assert said(capsys).endswith("because .bmp is read as a whole\n")
    done("sobel", source, tmp_path / "out.tif")
    assert said(capsys) == ""
    assert written == [str(tmp_path / "out.tif")]


def test_rounding_is_told_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], written: list[str]
) -> None:
    source = save(tmp_path / "in.npy", noise(97, 31).astype("float32") / 300)
    for name, options in (("gaussian", []), ("resize", ["--shape", "50,20"])):
        done(name, source, tmp_path / "out.png", "--dtype", "uint8", *options)
        message = said(capsys)
        assert message.count("\n") == 1
        assert "values are rounded to whole numbers" in message
    assert written == [str(tmp_path / "out.png")]


def test_channels_of_a_picture_are_known(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], written: list[str]
) -> None:
    source = save(tmp_path / "in.tif", noise(97, 31, 3))
    message = failed(capsys, 2, "gaussian", source, tmp_path / "out.tif", "--channel-axis", "-1")
    assert message == "--channel-axis is only for .npy files, and IN is a picture"
    assert written == []


def test_a_damaged_strip_leaves_no_output(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], written: list[str]
) -> None:
    source = tiff(tmp_path / "in.tif", noise(200, 31), rowsperstrip=10, compression="zlib")
    with tifffile.TiffFile(source) as file:
        offset = file.pages.first.dataoffsets[15]
    data = bytearray(source.read_bytes())
    data[offset : offset + 40] = bytes(40)
    source.write_bytes(data)
    (tmp_path / "out.tif").write_bytes(b"old")
    assert failed(capsys, 1, "sobel", source, tmp_path / "out.tif").startswith(f"{source}: is damaged")
    assert written == [str(tmp_path / "out.tif")]
    assert (tmp_path / "out.tif").read_bytes() == b"old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.tif", "out.tif"]


@pytest.mark.parametrize("suffix", [".tif", ".npy"])
def test_a_full_disk_leaves_no_output(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    written: list[str],
    suffix: str,
) -> None:
    source = save(tmp_path / "in.tif", noise(200, 31))
    opened = bands._writer

    def filling(*arguments: Any) -> Any:
        writer, count = opened(*arguments), 0
        write = writer.write

        def limited(image: io.Image) -> None:
            nonlocal count
            count += 1
            if count > 3:
                raise OSError(errno.ENOSPC, "No space left on device")
            write(image)

        writer.write = limited  # type: ignore[method-assign]
        return writer

    monkeypatch.setattr(bands, "_writer", filling)
    out = tmp_path / f"out{suffix}"
    message = failed(capsys, 1, "sobel", source, out)
    assert message == f"{out}: cannot be written: No space left on device"
    assert [path.name for path in tmp_path.iterdir()] == ["in.tif"]


# The sixth band never ends. NumPy starts threads, so it is imported after the command waits for signals.
ENDLESS = """
import time
from imfilter import cli
run = cli._filter
def patched(*arguments):
    import imfilter
    from imfilter._cli import streamed, strips
    streamed._SMALL, strips._BAND = 0, 1
    box, calls = imfilter.box, []
    def long(*arguments, **options):
        calls.append(1)
        if len(calls) == 6:
            print("written", flush=True)
        if len(calls) > 5:
            time.sleep(100)
        return box(*arguments, **options)
    imfilter.box = long
    run(*arguments)
cli._filter = patched
cli.main()
"""


@pytest.mark.slow
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_a_signal_leaves_no_output(tmp_path: Path, name: str) -> None:
    source = save(tmp_path / "in.tif", noise(200, 31))
    arguments = ["box", str(source), str(tmp_path / "out.tif"), "--size", "3"]
    running = subprocess.Popen(
        [sys.executable, "-c", ENDLESS, *arguments],
        env=subprocess_env(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert running.stdout is not None
    assert running.stdout.readline() == "written\n"
    running.send_signal(getattr(signal, name))
    assert "Traceback" not in running.communicate(timeout=60)[1]
    assert running.returncode == -getattr(signal, name)
    assert [path.name for path in tmp_path.iterdir()] == ["in.tif"]


# The peak of the process itself. That of `resource` is at least the memory of the process that started it.
PEAK = """
import sys
from imfilter import cli
code = cli.call(sys.argv[1:])
with open("/proc/self/status") as status:
    print(next(line.split()[1] for line in status if line.startswith("VmHWM")))
sys.exit(code)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells the peak of a process itself")
@pytest.mark.parametrize(("name", "suffix"), [("sobel", ".tif"), ("gaussian", ".npy"), ("sobel", ".png")])
def test_memory_does_not_grow_with_the_picture(tmp_path: Path, name: str, suffix: str) -> None:
    """The larger picture has 96 MB, and its result in floats 384 MB."""
    found = []
    for rows in (4000, 16000):
        source = tmp_path / "in.tif"
        tifffile.imwrite(source, np.tile(noise(100, 6000), (rows // 100, 1)), photometric="minisblack")
        result = subprocess.run(
            [sys.executable, "-c", PEAK, name, str(source), str(tmp_path / f"out{suffix}")],
            env=subprocess_env(),
            capture_output=True,
            text=True,
            check=True,
        )
        found.append(int(result.stdout) * 1024)
    assert found[1] < found[0] + 20_000_000
    assert found[1] < 220_000_000
