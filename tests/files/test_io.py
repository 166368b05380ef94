"""Every format round trip, and every way to store a picture that is read."""

from __future__ import annotations

import os
import struct
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
import tifffile
from PIL import Image as Pillow

from imfilter import io
from imfilter._files import png
from tests.files.pictures import (
    REAL,
    RNG,
    SHAPES,
    chunk,
    icc,
    image,
    picture,
    raw_png,
)
from tests.looping import loop_over


@loop_over("layout", SHAPES)
@loop_over(
    ("suffix", "dtype"),
    [
        ("png", "uint8"),
        ("png", "uint16"),
        ("webp", "uint8"),
        ("bmp", "uint8"),
        *(("tif", dtype) for dtype in REAL),
    ],
)
def test_lossless_round_trip(tmp_path: Path, layout: str, suffix: str, dtype: str) -> None:
    pixels = picture(SHAPES[layout], dtype)
    path = tmp_path / f"a.{suffix}"
    if suffix == "bmp" and layout in ("grey+alpha", "rgba"):
        with pytest.raises(ValueError, match="cannot hold transparency"):
            io.write(path, image(pixels))
        assert not path.exists()
        return
    io.write(path, image(pixels))
    back = io.read(path)
    if suffix == "webp" and pixels.shape[-1] not in (3, 4):  # WebP has no grey
        colour = pixels if pixels.ndim == 2 else pixels[..., 0]
        expected = np.stack([colour] * 3 + ([pixels[..., 1]] if pixels.ndim == 3 else []), axis=-1)
    else:
        expected = pixels
    assert back.pixels.dtype == expected.dtype
    np.testing.assert_array_equal(back.pixels, expected)
    assert back.alpha == (expected.ndim == 3 and expected.shape[2] in (2, 4))
    assert back.channels == (expected.ndim == 3)


@loop_over("dtype", ["bool", "int64", "float16", "float64", ">u2", ">f4"])
@loop_over("shape", [(5,), (4, 5), (3, 4, 5), (2, 3, 4, 5)])
def test_npy_round_trip(tmp_path: Path, dtype: str, shape: tuple[int, ...]) -> None:
    pixels = RNG.integers(0, 2, shape).astype(dtype)
    io.write(tmp_path / "a.npy", io.Image(pixels))
    back = io.read(tmp_path / "a.npy")
    np.testing.assert_array_equal(back.pixels, pixels)
    assert back.pixels.dtype == pixels.dtype.newbyteorder("=")
    assert not back.channels
    back.pixels[...] = 0  # an array of one's own, not a map of the file


@pytest.mark.parametrize("layout", SHAPES)
def test_16_bit_png_agrees_with_another_reader_and_writer(tmp_path: Path, layout: str) -> None:
    pixels = picture(SHAPES[layout], "uint16")
    path = tmp_path / "a.png"
    io.write(path, image(pixels))
    seen = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if layout == "grey+alpha":
        assert seen.dtype == np.uint16
        np.testing.assert_array_equal(seen[..., 2], pixels[..., 0])
        np.testing.assert_array_equal(seen[..., 3], pixels[..., 1])
        return
    order = {2: ..., 3: (..., [2, 1, 0, 3][: pixels.shape[-1]])}[pixels.ndim]
    np.testing.assert_array_equal(seen[order], pixels)
    cv2.imwrite(str(path), pixels[order])
    np.testing.assert_array_equal(io.read(path).pixels, pixels)


def test_16_bit_png_in_several_blocks_of_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(png, "_BLOCK", 300)
    pixels = picture((23, 31, 3), "uint16")
    io.write(tmp_path / "a.png", image(pixels))
    np.testing.assert_array_equal(io.read(tmp_path / "a.png").pixels, pixels)


def test_interlaced_16_bit_png(tmp_path: Path) -> None:
    # 2 x 1 pixels: Adam7's pass 1 holds the first pixel, pass 6 the second.
    first, second = (258, 772, 1286), (65535, 1, 4660)
    rows = b"\0" + struct.pack(">3H", *first) + b"\0" + struct.pack(">3H", *second)
    (tmp_path / "a.png").write_bytes(raw_png(2, 1, 16, 2, rows, interlace=1))
    np.testing.assert_array_equal(io.read(tmp_path / "a.png").pixels, [[first, second]])


@pytest.mark.parametrize(("colour", "samples"), [(0, (300, 700)), (2, (300, 700, 9, 1, 2, 3))])
def test_colour_key_of_a_16_bit_png_becomes_alpha(
    tmp_path: Path, colour: int, samples: tuple[int, ...]
) -> None:
    channels = len(samples) // 2
    key = struct.pack(f">{channels}H", *samples[:channels])
    rows = b"\0" + struct.pack(f">{len(samples)}H", *samples)
    (tmp_path / "a.png").write_bytes(raw_png(2, 1, 16, colour, rows, chunk(b"tRNS", key)))
    back = io.read(tmp_path / "a.png")
    assert back.alpha
    np.testing.assert_array_equal(back.pixels[0, :, -1], [0, 65535])
    np.testing.assert_array_equal(back.pixels[0, :, :-1].ravel(), samples)


def test_odd_modes_become_grey_or_rgb(tmp_path: Path) -> None:
    rgb = picture((9, 7, 3), "uint8")
    source = Pillow.fromarray(rgb)
    source.convert("P", palette=Pillow.Palette.ADAPTIVE, colors=255).save(tmp_path / "p.png")
    expected = np.asarray(Pillow.open(tmp_path / "p.png").convert("RGB"))
    np.testing.assert_array_equal(io.read(tmp_path / "p.png").pixels, expected)

    source.convert("1").save(tmp_path / "1.png")
    one = io.read(tmp_path / "1.png")
    assert one.pixels.shape == (9, 7)
    assert set(np.unique(one.pixels)) == {0, 255}

    source.convert("CMYK").save(tmp_path / "c.jpg", icc_profile=icc())
    cmyk = io.read(tmp_path / "c.jpg")
    assert cmyk.pixels.shape == (9, 7, 3)
    source.convert("CMYK").save(tmp_path / "c.tif")
    np.testing.assert_allclose(io.read(tmp_path / "c.tif").pixels, rgb, atol=1)
    source.convert("YCbCr").save(tmp_path / "y.tif")
    np.testing.assert_allclose(io.read(tmp_path / "y.tif").pixels, rgb, atol=3)
    source.convert("1").save(tmp_path / "1.tif", compression="group4")
    np.testing.assert_array_equal(io.read(tmp_path / "1.tif").pixels, one.pixels)
    source.convert("P").save(tmp_path / "p.tif")
    assert io.read(tmp_path / "p.tif").pixels.shape == (9, 7, 3)


def test_palette_and_keys_with_transparency(tmp_path: Path) -> None:
    source = Pillow.fromarray(np.array([[0, 1, 2]], np.uint8), "P")
    source.putpalette([10, 20, 30, 40, 50, 60, 70, 80, 90])
    source.save(tmp_path / "p.png", transparency=bytes([0, 128, 255]))
    back = io.read(tmp_path / "p.png")
    np.testing.assert_array_equal(back.pixels, [[[10, 20, 30, 0], [40, 50, 60, 128], [70, 80, 90, 255]]])
    Pillow.fromarray(np.array([[5, 6]], np.uint8)).save(tmp_path / "l.png", transparency=6)
    np.testing.assert_array_equal(io.read(tmp_path / "l.png").pixels, [[[5, 255], [6, 0]]])
    rgb = np.array([[[1, 2, 3], [4, 5, 6]]], np.uint8)
    Pillow.fromarray(rgb).save(tmp_path / "rgb.png", transparency=(4, 5, 6))
    np.testing.assert_array_equal(io.read(tmp_path / "rgb.png").pixels[..., 3], [[255, 0]])


@pytest.mark.parametrize("compression", ["tiff_lzw", "tiff_adobe_deflate", "packbits", "jpeg"])
@pytest.mark.parametrize("shape", [(40, 50), (40, 50, 3), (40, 50, 4)])
def test_compressed_tiff(tmp_path: Path, compression: str, shape: tuple[int, ...]) -> None:
    if compression == "jpeg":
        if shape == (40, 50, 4):
            return  # JPEG has no fourth channel
        pixels = np.full(shape, 90, np.uint8)
    else:
        pixels = picture(shape, "uint8")
    Pillow.fromarray(pixels).save(tmp_path / "a.tif", compression=compression)
    np.testing.assert_array_equal(io.read(tmp_path / "a.tif").pixels, pixels)


WITHOUT_CODECS = """
import sys
sys.modules["imagecodecs"] = None
import numpy as np
from imfilter import io
for name in sys.argv[1:]:
    try:
        np.testing.assert_array_equal(io.read(name).pixels, np.load(name + ".npy"))
    except io.FileError as error:
        print(error)
"""


def recompressed(path: Path) -> None:
    """Turn the one strip of a TIFF into LZW: nine-bit codes, cleared before they would grow."""
    with tifffile.TiffFile(path, mode="r+") as file:
        tags = file.pages[0].tags
        codes = []
        for number in tags["StripOffsets"].value:
            assert len(tags["StripOffsets"].value) in (1, 3)
            count = tags["StripByteCounts"].value[0]
            file.filehandle.seek(number)
            data = file.filehandle.read(count)
            strip = [256]
            for place, byte in enumerate(data):
                strip += [256, byte] if place and place % 200 == 0 else [byte]
            bits = "".join(f"{code:09b}" for code in [*strip, 257])
            bits += "0" * (-len(bits) % 8)
            codes.append(int(bits, 2).to_bytes(len(bits) // 8, "big"))
        places = []
        for strip_bytes in codes:
            file.filehandle.seek(0, 2)
            places.append(file.filehandle.tell())
            file.filehandle.write(strip_bytes)
        tags["StripOffsets"].overwrite(places)
        tags["StripByteCounts"].overwrite([len(strip_bytes) for strip_bytes in codes])
        tags["Compression"].overwrite(5)


def test_compressed_16_bit_tiff_needs_no_codec_package(tmp_path: Path) -> None:
    names = []
    for compression in ("zlib", "lzw", "lzma"):
        for byteorder in "<>":
            for shape in ((13, 19), (13, 19, 3), (13, 19, 4)):
                pixels = picture(shape, "uint16")
                path = tmp_path / f"{compression}{len(names)}.tif"
                tifffile.imwrite(
                    path,
                    pixels,
                    compression=None if compression == "lzw" else compression,
                    byteorder=byteorder,
                    photometric="rgb" if len(shape) == 3 else "minisblack",
                    extrasamples=["unassalpha"] if shape[-1] == 4 else None,
                )
                if compression == "lzw":
                    recompressed(path)
                np.save(f"{path}.npy", pixels)
                names.append(str(path))
    command = [sys.executable, "-c", WITHOUT_CODECS, *names]
    result = subprocess.run(command, check=True, env=environment(), capture_output=True, text=True)
    assert result.stdout == ""


def test_compression_that_needs_a_codec_package_says_so(tmp_path: Path) -> None:
    real, packed, deep = (tmp_path / name for name in ("real.tif", "packed.tif", "deep.tif"))
    tifffile.imwrite(real, picture((13, 19), "float32"), compression="zlib", predictor=3)
    tifffile.imwrite(packed, picture((13, 19), "uint16"), compression="zstd")
    tifffile.imwrite(deep, picture((13, 19), "uint16") >> 4, bitspersample=12)
    command = [sys.executable, "-c", WITHOUT_CODECS, str(real), str(packed), str(deep)]
    result = subprocess.run(command, check=True, env=environment(), capture_output=True, text=True)
    needs = 'need the package imagecodecs: pip install "imfilter[tiff]"'
    assert result.stdout.splitlines() == [
        f"{real}: deflate data with 32 bits and predictor 3 {needs}",
        f"{packed}: Zstandard data with 16 bits {needs}",
        f"{deep}: uncompressed data with 12 bits {needs}",
    ]


def environment() -> dict[str, str]:
    root = str(Path(__file__).parents[2])
    return {**os.environ, "PYTHONPATH": root}


@pytest.mark.parametrize("dtype", ["float32", "int16", "uint32"])
def test_compressed_tiff_of_other_types(tmp_path: Path, dtype: str) -> None:
    pixels = picture((13, 19, 3), dtype)
    tifffile.imwrite(
        tmp_path / "a.tif", pixels, photometric="rgb", compression="zlib", predictor=dtype != "float32"
    )
    np.testing.assert_array_equal(io.read(tmp_path / "a.tif").pixels, pixels)


def test_tiff_layouts(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    pixels = picture((8, 9, 3), "uint16")
    tifffile.imwrite(path, np.moveaxis(pixels, -1, 0), photometric="rgb", planarconfig="separate")
    np.testing.assert_array_equal(io.read(path).pixels, pixels)
    tifffile.imwrite(path, pixels[..., 0], photometric="miniswhite")
    np.testing.assert_array_equal(io.read(path).pixels, 65535 - pixels[..., 0])
    tifffile.imwrite(path, pixels[..., 0], tile=(16, 16), bigtiff=True, byteorder=">")
    np.testing.assert_array_equal(io.read(path).pixels, pixels[..., 0])
    premultiplied = np.array([[[50, 20, 0, 100], [7, 7, 7, 0], [200, 255, 0, 255]]], np.uint8)
    tifffile.imwrite(path, premultiplied, photometric="rgb", extrasamples=["assocalpha"])
    straight = [[[128, 51, 0, 100], [0, 0, 0, 0], [200, 255, 0, 255]]]
    np.testing.assert_array_equal(io.read(path).pixels, straight)


def test_tiff_thumbnails_are_not_pages(tmp_path: Path) -> None:
    pixels = picture((8, 9), "uint8")
    with tifffile.TiffWriter(tmp_path / "a.tif") as file:
        file.write(pixels)
        file.write(pixels[::2, ::2], subfiletype=1)
    np.testing.assert_array_equal(io.read(tmp_path / "a.tif").pixels, pixels)


@pytest.mark.parametrize("shape", [(30, 40), (30, 40, 3)])
def test_jpeg(tmp_path: Path, shape: tuple[int, ...]) -> None:
    ramp = np.linspace(0, 255, 40).astype(np.uint8)
    pixels = np.ascontiguousarray(np.broadcast_to(ramp if len(shape) == 2 else ramp[:, None], shape))
    io.write(tmp_path / "a.jpg", image(pixels))
    back = io.read(tmp_path / "a.jpg")
    assert back.pixels.shape == shape
    np.testing.assert_allclose(back.pixels.astype(int), pixels, atol=3)
    with Pillow.open(tmp_path / "a.jpg") as file:
        if len(shape) == 3:
            assert all(layer[1:3] == (1, 1) for layer in file.layer)  # no chroma subsampling
    io.write(tmp_path / "b.jpg", image(pixels), quality=10)
    assert (tmp_path / "b.jpg").stat().st_size < (tmp_path / "a.jpg").stat().st_size


def test_lossy_webp_on_request(tmp_path: Path) -> None:
    pixels = picture((40, 40, 3), "uint8")
    io.write(tmp_path / "a.webp", image(pixels), quality=20)
    assert (io.read(tmp_path / "a.webp").pixels != pixels).any()


def test_other_pixels_keep_the_metadata():
    photo = io.Image(np.zeros((4, 5, 3), np.uint8), channels=True, icc=b"profile", dpi=(72.0, 72.0))
    other = photo.with_pixels(np.ones((2, 3, 3), np.float32))
    assert other.pixels.shape == (2, 3, 3)
    assert (other.channels, other.icc, other.dpi) == (True, b"profile", (72.0, 72.0))
    assert io.Image(np.zeros((4, 5))).with_pixels(np.ones(3)).pixels.shape == (3,)
    for shape in ((4, 5), (4, 5, 4), (3,)):
        with pytest.raises(ValueError, match="pixels must have 3 channels along the last axis, got shape"):
            photo.with_pixels(np.zeros(shape))
