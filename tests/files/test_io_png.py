"""PNG: keys that make a colour transparent at every depth, and chunks that say what colours mean."""

from __future__ import annotations

import struct
import warnings
import zlib
from pathlib import Path

import numpy as np
import pytest

from imfilter import io
from tests.cli.commands import done, failed
from tests.files.pictures import RNG, chunk, icc, image, picture, raw_png
from tests.looping import loop_over

GAMMA = (b"gAMA", struct.pack(">I", 100000))
SRGB_GAMMA = (b"gAMA", struct.pack(">I", 45455))
SRGB_PRIMARIES = (b"cHRM", struct.pack(">8I", 31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000))
WIDE_PRIMARIES = (b"cHRM", struct.pack(">8I", 31270, 32900, 70800, 29200, 17000, 79700, 13100, 4600))
VIDEO = (b"cICP", bytes([9, 16, 0, 1]))
SRGB_VIDEO = (b"cICP", bytes([1, 13, 0, 1]))
SRGB = (b"sRGB", b"\0")


def chunks_of(path: Path) -> list[tuple[bytes, bytes]]:
    """Return the chunks of a PNG, with their sums checked."""
    data, place, found = path.read_bytes(), 8, []
    while place < len(data):
        (length,) = struct.unpack_from(">I", data, place)
        kind, body = data[place + 4 : place + 8], data[place + 8 : place + 8 + length]
        assert data[place + 8 + length :][:4] == struct.pack(">I", zlib.crc32(kind + body))
        found.append((kind, body))
        place += 12 + length
    return found


def grey_rows(levels: np.ndarray, bits: int) -> bytes:
    """Return the rows of a grey PNG, unfiltered."""
    if bits == 16:
        return b"".join(b"\0" + row.astype(">u2").tobytes() for row in levels)
    digits = (levels[..., None] >> np.arange(bits)[::-1]) & 1
    return b"".join(b"\0" + np.packbits(row).tobytes() for row in digits.astype(np.uint8))


@pytest.mark.parametrize("beyond", [0, 0xFFFF])
@pytest.mark.parametrize("bits", [1, 2, 4, 8, 16])
def test_a_grey_key_is_transparent_at_every_depth(tmp_path: Path, bits: int, beyond: int) -> None:
    top = 2**bits - 1
    levels = RNG.integers(0, top, (5, 9), endpoint=True)
    for key in sorted({0, 1, top // 3, top, int(levels[2, 3])}):
        # Bits of a key that a sample does not have do not count.
        said = (key | (beyond << bits)) & 0xFFFF
        transparency = chunk(b"tRNS", struct.pack(">H", said))
        (tmp_path / "a.png").write_bytes(raw_png(9, 5, bits, 0, grey_rows(levels, bits), transparency))
        back = io.read(tmp_path / "a.png")
        white = 65535 if bits == 16 else 255
        assert back.alpha
        np.testing.assert_array_equal(back.pixels[..., 0], levels * (white // top))
        np.testing.assert_array_equal(back.pixels[..., 1], np.where(levels == key, 0, white))


@pytest.mark.parametrize("beyond", [0, 0xFF00])
def test_a_colour_key_of_8_bits(tmp_path: Path, beyond: int) -> None:
    pixels = RNG.integers(0, 2, (5, 9, 3)).astype(np.uint8) * 200
    rows = b"".join(b"\0" + row.tobytes() for row in pixels)
    key = struct.pack(">3H", 200 | beyond, beyond, 200 | beyond)
    (tmp_path / "a.png").write_bytes(raw_png(9, 5, 8, 2, rows, chunk(b"tRNS", key)))
    back = io.read(tmp_path / "a.png")
    np.testing.assert_array_equal(back.pixels[..., :3], pixels)
    hidden = (pixels == [200, 0, 200]).all(axis=-1)
    np.testing.assert_array_equal(back.pixels[..., 3], np.where(hidden, 0, 255))


@pytest.mark.parametrize("bits", [1, 2, 4, 8])
def test_a_palette_that_is_missing(tmp_path: Path, bits: int, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(raw_png(9, 5, bits, 3, grey_rows(np.zeros((5, 9), int), bits)))
    with pytest.raises(io.FileError, match="its palette is missing"):
        io.read(path)
    assert failed(capsys, 1, "box", path, tmp_path / "o.png").startswith(f"{path}: is damaged: ")


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
@pytest.mark.parametrize("shape", [(9, 11), (9, 11, 2), (9, 11, 3), (9, 11, 4)])
def test_what_colours_mean_is_kept(tmp_path: Path, shape: tuple[int, ...], dtype: str) -> None:
    said = (GAMMA, WIDE_PRIMARIES, VIDEO, (b"mDCV", bytes(24)), (b"cLLI", bytes(8)))
    pixels = picture(shape, dtype)
    io.write(tmp_path / "a.png", image(pixels, colorimetry=said))
    back = io.read(tmp_path / "a.png")
    assert back.colorimetry == said
    np.testing.assert_array_equal(back.pixels, pixels)
    done("box", tmp_path / "a.png", tmp_path / "b.png")
    kinds = [kind for kind, _ in chunks_of(tmp_path / "b.png")]
    assert kinds[:6] == [b"IHDR", b"gAMA", b"cHRM", b"cICP", b"mDCV", b"cLLI"]
    done("sobel", tmp_path / "a.png", tmp_path / "b.png")
    assert io.read(tmp_path / "b.png").colorimetry == said


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_srgb_does_not_stand_beside_a_profile(tmp_path: Path, dtype: str) -> None:
    pixels = picture((9, 11, 3), dtype)
    io.write(tmp_path / "a.png", image(pixels, colorimetry=(SRGB, SRGB_GAMMA)))
    assert io.read(tmp_path / "a.png").colorimetry == (SRGB, SRGB_GAMMA)
    io.write(tmp_path / "a.png", image(pixels, icc=icc(), colorimetry=(SRGB, SRGB_GAMMA)))
    assert io.read(tmp_path / "a.png").colorimetry == (SRGB_GAMMA,)


def test_chunks_that_are_damaged_or_too_long_do_not_count(tmp_path: Path) -> None:
    rows = b"".join(b"\0" + bytes(9) for _ in range(5))
    wrong = bytearray(chunk(*WIDE_PRIMARIES))
    wrong[12] ^= 1
    wrong[-4:] = struct.pack(">I", zlib.crc32(wrong[4:-4]))
    longer = chunk(b"cICP", bytes(5))
    data = raw_png(9, 5, 8, 0, rows, chunk(*GAMMA), chunk(*SRGB_GAMMA), longer, bytes(wrong))
    (tmp_path / "a.png").write_bytes(data)
    assert io.read(tmp_path / "a.png").colorimetry == (GAMMA, (b"cHRM", bytes(wrong[8:-4])))


@loop_over(
    ("said", "profile", "lost"),
    [
        ((GAMMA,), False, True),
        ((WIDE_PRIMARIES,), False, True),
        ((VIDEO,), False, True),
        ((VIDEO,), True, True),  # it counts more than a profile
        ((GAMMA, WIDE_PRIMARIES), True, False),
        ((GAMMA, SRGB), False, False),
        ((SRGB_GAMMA,), False, False),
        ((SRGB_PRIMARIES,), False, False),
        ((SRGB_GAMMA, SRGB_PRIMARIES), False, False),
        ((SRGB_VIDEO,), False, False),
        ((GAMMA, SRGB_VIDEO), False, False),
        ((), False, False),
    ],
)
@loop_over("suffix", ["jpg", "tif", "webp", "npy"])
def test_what_colours_mean_is_said_where_it_is_lost(
    tmp_path: Path, said: tuple, profile: bool, lost: bool, suffix: str
) -> None:
    seen = image(picture((9, 11, 3), "uint8"), icc=icc() if profile else None, colorimetry=said)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        io.write(tmp_path / f"a.{suffix}", seen)
    if not lost or suffix == "npy":
        assert not caught
        return
    (warning,) = caught
    assert warning.category is io.FileWarning
    name = {"jpg": "JPEG", "tif": "TIFF", "webp": "WebP"}[suffix]
    kinds = ", ".join(kind.decode() for kind, _ in said)
    assert str(warning.message) == (
        f"{tmp_path}/a.{suffix}: {name} cannot hold the colour space of the PNG ({kinds}); "
        "write .png to keep it"
    )
