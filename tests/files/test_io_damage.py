"""Files that are not what they should be: always one kind of error, in one line."""

from __future__ import annotations

import contextlib
import gzip
import lzma
import os
import struct
import zlib
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image as Pillow

from imfilter import io
from imfilter._files import npy, pictures
from tests.files.pictures import (
    RNG,
    image,
    picture,
    raw_png,
)
from tests.looping import loop_over


def whole(tmp_path: Path, suffix: str) -> bytes:
    io.write(
        tmp_path / f"whole.{suffix}", image(picture((64, 64, 3), "uint16" if "16" in suffix else "uint8"))
    )
    return (tmp_path / f"whole.{suffix}").read_bytes()


@pytest.mark.parametrize("suffix", ["png", "16.png", "jpg", "tif", "16.tif", "bmp", "webp", "npy"])
def test_truncated_at_any_place(tmp_path: Path, suffix: str) -> None:
    data = whole(tmp_path, suffix)
    # A PNG without its last twelve bytes lacks only an empty end mark.
    # Of a JPEG in whose scan the cut is, there is a part of the picture, and a warning.
    inside = set() if suffix == "jpg" else {len(data) // 2, len(data) - 300}
    for length in sorted({1, 2, 5, 9, 20, 60, 200} | inside):
        (tmp_path / "cut").write_bytes(data[:length])
        with pytest.raises(io.FileError) as caught:
            io.read(tmp_path / "cut")
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("suffix", ["png", "16.png", "jpg", "tif", "bmp", "webp", "npy"])
def test_damaged_bytes_never_raise_anything_else(tmp_path: Path, suffix: str) -> None:
    data = whole(tmp_path, suffix)
    for _ in range(60):
        broken = bytearray(data)
        for place in RNG.integers(0, min(len(data), 600), 4):
            broken[place] = RNG.integers(0, 256)
        (tmp_path / "broken").write_bytes(broken)
        with contextlib.suppress(io.FileError, io.FileWarning):
            io.read(tmp_path / "broken", max_pixels=10**6)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"hello, world\n", "is not an image of a known format"),
        (b"GIF89a" + bytes(50), "is not an image of a known format"),
        (b"\x93NUMPY\x01\x00", "is damaged"),
    ],
)
def test_not_an_image(tmp_path: Path, content: bytes, words: str) -> None:
    (tmp_path / "a.png").write_bytes(content)
    with pytest.raises(io.FileError, match=words):
        io.read(tmp_path / "a.png")


@pytest.mark.parametrize(
    "content",
    [
        b"\x1aE\xdf\xa3" + bytes(500),
        b"\0\0\0\x20ftypisom" + bytes(500),
        b"RIFF\xff\xff\0\0AVI LIST" + bytes(500),
        b"\x5c\x01\0\0" + bytes(340) + b"n+1\0" + bytes(8),
        b"\0\0\x01\x5c" + bytes(340) + b"n+1\0" + bytes(8),
        b"\x1c\x02\0\0n+2\0" + bytes(540),
    ],
)
def test_films_and_volumes_need_a_name(content: bytes) -> None:
    with pytest.raises(io.FileError, match="is not read from a pipe; give the name of a file"):
        io.read(BytesIO(content), name="standard input")


def test_compressed_data_need_a_name() -> None:
    """It is not known what they hold: a volume, or a picture, which must not be compressed."""
    with pytest.raises(io.FileError, match=r"compressed by gzip.* if it is NIfTI, or decompress it first"):
        io.read(BytesIO(gzip.compress(bytes(500))), name="standard input")


def test_missing_folder_and_unreadable(tmp_path: Path) -> None:
    with pytest.raises(io.FileError, match="No such file"):
        io.read(tmp_path / "none.png")
    with pytest.raises(io.FileError, match="Is a directory"):
        io.read(tmp_path)


def test_npy_that_could_run_code_or_holds_no_numbers(tmp_path: Path) -> None:
    class Bomb:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return os.mkdir, (str(tmp_path / "ran"),)

    np.save(tmp_path / "a.npy", np.array([Bomb()], object), allow_pickle=True)
    with pytest.raises(io.FileError):
        io.read(tmp_path / "a.npy")
    assert not (tmp_path / "ran").exists()
    for array in (np.array(["text"]), np.array([1j]), np.zeros(2, [("a", int)]), np.array(["2020"], "M8[Y]")):
        np.save(tmp_path / "a.npy", array)
        with pytest.raises(io.FileError, match="not real numbers"):
            io.read(tmp_path / "a.npy")
    np.save(tmp_path / "a.npy", np.zeros((0, 4)))
    with pytest.raises(io.FileError):
        io.read(tmp_path / "a.npy")


def test_npy_that_claims_more_than_it_holds(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.zeros((2, 2)))
    data = (tmp_path / "a.npy").read_bytes().replace(b"(2, 2), }      ", b"(2, 2000000), }")
    (tmp_path / "a.npy").write_bytes(data)
    with pytest.raises(io.FileError):
        io.read(tmp_path / "a.npy")


def test_a_decompression_bomb_is_refused_before_it_is_decoded(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(raw_png(60000, 60000, 8, 2, b"\0"))
    with pytest.raises(io.FileError, match="60000 x 60000 pixels are more than the limit of 536870912"):
        io.read(tmp_path / "a.png")
    pixels = picture((20, 20), "uint8")
    for suffix in ("png", "tif"):
        io.write(tmp_path / f"b.{suffix}", image(pixels))
        with pytest.raises(io.FileError, match="--max-pixels"):
            io.read(tmp_path / f"b.{suffix}", max_pixels=399)
        np.testing.assert_array_equal(io.read(tmp_path / f"b.{suffix}", max_pixels=400).pixels, pixels)
        np.testing.assert_array_equal(io.read(tmp_path / f"b.{suffix}", max_pixels=None).pixels, pixels)


def test_the_second_picture_of_a_phone_is_left_alone(tmp_path: Path) -> None:
    frames = [Pillow.new("RGB", (16, 16), colour) for colour in ("red", "blue")]
    frames[0].save(tmp_path / "a.jpg", format="MPO", save_all=True, append_images=frames[1:])
    assert io.read(tmp_path / "a.jpg").pixels[0, 0, 0] > 200


DECODERS_SAY = [
    struct.error("unpack requires a buffer of 4 bytes"),
    AssertionError(),
    zlib.error("Error -3 while decompressing data"),
    lzma.LZMAError("Corrupt input data"),
    KeyError("tag"),
    IndexError("list index out of range"),
    RecursionError("maximum recursion depth exceeded"),
    SyntaxError("broken PNG file"),
    EOFError("no data left"),
    OverflowError("Python int too large to convert to C long"),
    ZeroDivisionError("division by zero"),
    NotImplementedError("not supported"),
    AttributeError("no attribute"),
    UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte"),
    MemoryError(),
    OSError(5, "Input/output error"),
    ValueError("two\nlines\r\nand\ta tab"),
    ValueError("word " * 1000),
]


@loop_over("error", DECODERS_SAY)
@loop_over("suffix", ["png", "jpg", "tif", "npy"])
def test_whatever_a_decoder_raises_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str, error: Exception
) -> None:
    def fail(*arguments: object, **options: object) -> None:
        raise error

    path = tmp_path / f"a.{suffix}"
    io.write(path, image(picture((8, 8, 3), "uint8")))
    monkeypatch.setattr(np, "load", fail)
    monkeypatch.setattr(tifffile, "TiffPage", fail)
    monkeypatch.setattr(pictures, "opened", fail)
    readers = [io.read, npy.read] if suffix == "npy" else [io.read]
    for read in readers:
        with pytest.raises(io.FileError) as caught:
            read(path)
        text = str(caught.value)
        assert text.startswith(f"{path}: ")
        assert text.isprintable()
        assert len(text) < len(str(path)) + 300
        assert caught.value.__cause__ is error
