"""How a TIFF is stored changes nothing; what is no single picture in grey or colour is refused by name."""

from __future__ import annotations

import itertools
import struct
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image as Pillow

from imfilter import io
from tests.files.pictures import RNG, picture, raw_tiff
from tests.looping import loop_over


@pytest.mark.slow
@loop_over("compression", [None, "zlib", "lzw", "zstd", "lzma"])
@loop_over("dtype", ["uint8", "uint16", "int16", "float16", "float32", "float64"])
@loop_over("shape", [(45, 37), (45, 37, 3), (45, 37, 4)])
def test_strips_tiles_and_byte_orders(
    tmp_path: Path, shape: tuple[int, ...], dtype: str, compression: str | None
) -> None:
    pixels = picture(shape, dtype)
    path = tmp_path / "a.tif"
    cuts = [{"rowsperstrip": 4}, {"tile": (16, 32)}, {"tile": (48, 48)}]
    predictors = [1] if compression is None else [1, 3 if pixels.dtype.kind == "f" else 2]
    orders = [("<", False), (">", True)]
    for cut, (byteorder, bigtiff), predictor in itertools.product(cuts, orders, predictors):
        said = {"byteorder": byteorder, "bigtiff": bigtiff, "predictor": predictor, **cut}
        tifffile.imwrite(
            path,
            pixels,
            compression=compression,
            photometric="minisblack" if len(shape) == 2 else "rgb",
            extrasamples=["unassalpha"] if shape[-1] == 4 else None,
            metadata=None,
            **said,
        )
        back = io.read(path).pixels
        assert back.dtype == pixels.dtype
        assert back.dtype.isnative
        np.testing.assert_array_equal(back, pixels, err_msg=str(said))


@pytest.mark.parametrize("planar", ["contig", "separate"])
@pytest.mark.parametrize("cut", [{"rowsperstrip": 16}, {"tile": (16, 32)}])
def test_pictures_in_a_tiff(tmp_path: Path, planar: str, cut: dict) -> None:
    """Codecs that know of colour themselves: JPEG within its loss, JPEG 2000 and WebP exactly."""
    path = tmp_path / "a.tif"
    y, x = np.mgrid[:48, :64]
    smooth = np.stack([60 + y + x, 200 - x, 90 + y], -1).astype(np.uint8)
    planes = np.moveaxis(smooth, -1, 0) if planar == "separate" else smooth
    for subsampling in ((1, 1), (2, 2), (2, 1)):  # of YCbCr; planes of their own are red, green and blue
        options = {"planarconfig": planar, "compression": "jpeg", "compressionargs": {"level": 98}, **cut}
        tifffile.imwrite(path, planes, photometric="rgb", subsampling=subsampling, **options)
        np.testing.assert_allclose(io.read(path).pixels.astype(int), smooth, atol=8)
    for photometric in ("minisblack", "miniswhite"):
        tifffile.imwrite(path, smooth[..., 0], photometric=photometric, compression="jpeg", **cut)
        grey = smooth[..., 0] if photometric == "minisblack" else 255 - smooth[..., 0]
        np.testing.assert_allclose(io.read(path).pixels.astype(int), grey, atol=8)
    noise = picture((48, 64, 3), "uint8")
    planes = np.moveaxis(noise, -1, 0) if planar == "separate" else noise
    exact = {"compression": "jpeg2000", "compressionargs": {"level": 0, "reversible": True}, **cut}
    tifffile.imwrite(path, planes, photometric="rgb", planarconfig=planar, **exact)
    np.testing.assert_array_equal(io.read(path).pixels, noise)
    deep = picture((48, 64), "uint16")
    tifffile.imwrite(path, deep, **exact)
    np.testing.assert_array_equal(io.read(path).pixels, deep)
    if planar == "contig":
        for pixels in (noise, picture((48, 64, 4), "uint8")):
            alpha = ["unassalpha"] if pixels.shape[-1] == 4 else None
            options = {"compression": "webp", "compressionargs": {"lossless": True}, "extrasamples": alpha}
            tifffile.imwrite(path, pixels, photometric="rgb", **options, **cut)
            seen = pixels[..., -1:] > 0 if alpha else np.True_  # WebP drops the colour of what cannot be seen
            np.testing.assert_array_equal(io.read(path).pixels * seen, pixels * seen)


@pytest.mark.parametrize("compression", [None, "group3", "group4", "tiff_ccitt", "tiff_lzw", "packbits"])
def test_bilevel(tmp_path: Path, compression: str | None) -> None:
    bits = RNG.random((29, 43)) < 0.5
    Pillow.fromarray(bits).save(tmp_path / "a.tif", compression=compression)
    np.testing.assert_array_equal(io.read(tmp_path / "a.tif").pixels, bits * np.uint8(255))


@loop_over("compression", [None, "tiff_lzw", "tiff_adobe_deflate", "packbits"])
@loop_over("mode", ["L", "P", "RGB", "RGBA", "CMYK", "I;16", "F", "1", "LA"])
def test_files_of_another_writer(tmp_path: Path, mode: str, compression: str | None) -> None:
    path = tmp_path / "a.tif"
    bands = {"L": 1, "P": 1, "1": 1, "I;16": 1, "F": 1, "LA": 2, "RGB": 3, "RGBA": 4, "CMYK": 4}[mode]
    dtype = {"I;16": "uint16", "F": "float32"}.get(mode, "uint8")
    pixels = picture((19, 23) if bands == 1 else (19, 23, bands), dtype)
    source = Pillow.fromarray(pixels > 127 if mode == "1" else pixels)
    if mode in ("P", "CMYK"):
        source = Pillow.frombytes(mode, (23, 19), pixels.tobytes())
    if mode == "P":
        source.putpalette(picture((256, 3), "uint8").tobytes())
    source.save(path, compression=compression)
    target = {"P": "RGB", "CMYK": "RGB", "1": "L"}.get(mode, mode)
    np.testing.assert_array_equal(io.read(path).pixels, np.asarray(source.convert(target)))


def test_strips_that_were_left_out_are_empty(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    rows = [bytes(range(8)), b"", bytes(range(8, 16))]
    path.write_bytes(raw_tiff({256: 8, 257: 3, 258: 8, 259: 1, 262: 1, 277: 1, 278: 1}, rows))
    np.testing.assert_array_equal(io.read(path).pixels, [np.arange(8), np.zeros(8), np.arange(8, 16)])


def test_thumbnails_and_masks_are_no_pages(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    pixels = picture((40, 50), "uint8")
    small = {"subfiletype": 1, "metadata": None}
    with tifffile.TiffWriter(path) as file:
        file.write(pixels[::2, ::2], **small)
        file.write(pixels, subifds=1, metadata=None)
        file.write(pixels[::4, ::4], **small)
        file.write(pixels > 9, subfiletype=4, photometric="mask", metadata=None)
    np.testing.assert_array_equal(io.read(path).pixels, pixels)
    with tifffile.TiffWriter(path) as file:
        file.write(pixels[::2, ::2], subifds=1, **small)
        file.write(pixels, metadata=None)
    with pytest.raises(io.FileError, match="has its picture in a sub-directory"):
        io.read(path)
    tifffile.imwrite(path, pixels, **small)
    np.testing.assert_array_equal(io.read(path).pixels, pixels)


def test_stacks_of_metamorph_are_refused_with_their_length(tmp_path: Path) -> None:
    stack = picture((5, 12, 14), "uint8")
    tags = [(33628, 4, 5, (0, 0, 0, 0, 0), True)]
    tifffile.imwrite(tmp_path / "a.tif", stack[0], photometric="minisblack", extratags=tags, metadata=None)
    with pytest.raises(io.FileError, match="has 5 pages"):
        io.read(tmp_path / "a.tif")


def test_a_stack_of_imagej_with_too_little_data(tmp_path: Path) -> None:
    said = "ImageJ=1.53t\nimages=7\nslices=7\n"
    tifffile.imwrite(tmp_path / "a.tif", picture((12, 14), "uint8"), description=said, metadata=None)
    with pytest.raises(io.FileError, match="cannot hold 7 pages"):
        io.read(tmp_path / "a.tif")
    said = "ImageJ=1.53t\nimages=1\nslices=1\n"
    tifffile.imwrite(tmp_path / "a.tif", picture((12, 14), "uint8"), description=said, metadata=None)
    assert io.read(tmp_path / "a.tif").pixels.shape == (12, 14)


def test_a_volume_is_refused(tmp_path: Path) -> None:
    stack = picture((16, 16, 16), "uint8")
    tifffile.imwrite(tmp_path / "a.tif", stack, photometric="minisblack", volumetric=True, tile=(16, 16, 16))
    with pytest.raises(io.FileError, match="is a volume"):
        io.read(tmp_path / "a.tif")


GREY = {256: 8, 257: 6, 258: 8, 259: 1, 262: 1, 277: 1, 278: 6}


@loop_over(
    ("changes", "words"),
    [
        ({262: 8, 277: 3}, "holds CIELab; save it as grey, RGB, palette, CMYK or YCbCr"),
        ({262: 10, 277: 3}, "holds ITULab"),
        ({262: 32803}, "colour filter array"),
        ({262: 34892, 277: 3}, "linear raw data"),
        ({262: 4, 258: 1}, "a transparency mask"),
        ({262: 999}, "holds kind 999"),
        ({262: 3}, "its palette has no colours"),
        ({262: 5, 277: 4, 332: 2}, "inks other than cyan"),
        ({262: 6, 277: 3}, "subsampled YCbCr"),
        ({262: 6, 277: 3, 530: (1, 1), 529: (2126, 7152, 722)}, "weights of BT.601"),
        (
            {262: 6, 277: 3, 530: (1, 1), 532: (16, 235, 128, 240, 128, 240)},
            "BT.601 and the full range",
        ),
        ({262: 2, 277: 3, 258: (5, 6, 5)}, "different depths"),
        ({258: 64, 339: 6}, "has samples of 64 bits in format 6"),
        ({258: 5, 339: 2}, "has samples of 5 bits in format 2"),
        ({259: 6}, "the compression OJPEG \\(6\\) is not supported"),
        ({259: 34887}, "the compression LERC \\(34887\\) is not supported"),
        ({259: 12345}, "\\(12345\\) is not supported"),
        ({317: 2}, "has a predictor, which uncompressed data cannot have"),
        ({277: 2}, "1 of colour and 1 other \\(without a type\\)"),
        ({262: 2, 277: 2}, "2 samples per pixel, and its colours need 3"),
        ({262: 2, 277: 4, 338: 0}, "3 of colour and 1 other \\(unspecified\\)"),
        ({262: 2, 277: 5, 338: (2, 0)}, "3 of colour and 2 other \\(alpha and unspecified\\)"),
        ({277: 2, 338: 7}, "1 other \\(kind 7\\)"),
        ({262: 0, 277: 2, 338: 1}, "premultiplied alpha is only supported for RGB"),
        ({258: 12, 277: 2, 338: 2}, "alpha is only supported with 8, 16, 32 or 64 bits, not 12"),
        ({262: 0, 258: 32, 339: 3}, "'white is zero' is only supported for unsigned integers, not float32"),
        ({256: 0}, "has no pixels"),
        ({257: 0}, "has no pixels"),
        ({277: 0}, "has no pixels"),
    ],
)
def test_what_cannot_be_grey_or_rgb_is_refused_by_name(tmp_path: Path, changes: dict, words: str) -> None:
    path = tmp_path / "a.tif"
    path.write_bytes(raw_tiff(GREY | changes, [bytes(4096)]))
    with pytest.raises(io.FileError, match=words) as caught:
        io.read(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)


def test_whole_range_ycbcr_may_say_so(tmp_path: Path) -> None:
    tags = GREY | {262: 6, 277: 3, 530: (1, 1), 529: (299, 587, 114), 532: (0, 255, 128, 255, 128, 255)}
    (tmp_path / "a.tif").write_bytes(raw_tiff(tags, [bytes([81, 90, 240] * 48)]))
    np.testing.assert_allclose(io.read(tmp_path / "a.tif").pixels, np.full((6, 8, 3), [238, 14, 14]), atol=1)


def test_a_colour_map_of_8_bits(tmp_path: Path) -> None:
    colours = RNG.integers(0, 256, (3, 256))
    colours[0, 0] = 255
    tags = GREY | {262: 3, 320: tuple(colours.ravel().tolist())}
    entries = RNG.integers(0, 256, 48).astype(np.uint8)
    (tmp_path / "a.tif").write_bytes(raw_tiff(tags, [entries.tobytes()]))
    np.testing.assert_array_equal(io.read(tmp_path / "a.tif").pixels, colours.T[entries].reshape(6, 8, 3))


@pytest.mark.parametrize("bits", [1, 2, 4])
def test_palettes_of_few_colours(tmp_path: Path, bits: int) -> None:
    colours = RNG.integers(0, 256, (3, 2**bits))
    entries = RNG.integers(0, 2**bits, (6, 8))
    digits = (entries[..., None] >> np.arange(bits)[::-1]) & 1
    tags = GREY | {258: bits, 262: 3, 320: tuple((colours * 257).ravel().tolist())}
    (tmp_path / "a.tif").write_bytes(raw_tiff(tags, [np.packbits(digits).tobytes()]))
    np.testing.assert_array_equal(io.read(tmp_path / "a.tif").pixels, colours.T[entries])


def test_the_list_of_pages_may_end_in_garbage(tmp_path: Path) -> None:
    data = bytearray(raw_tiff(GREY, [bytes(range(48))]))
    (start,) = struct.unpack_from("<I", data, 4)
    (count,) = struct.unpack_from("<H", data, start)
    struct.pack_into("<I", data, start + 2 + 12 * count, 0xFFFFFFF0)
    (tmp_path / "a.tif").write_bytes(data)
    with pytest.warns(io.FileWarning, match="its list of pages is damaged after page 1"):
        pixels = io.read(tmp_path / "a.tif").pixels
    np.testing.assert_array_equal(pixels, np.arange(48).reshape(6, 8))
