"""Pictures and metadata that the tests of files share."""

from __future__ import annotations

import functools
import struct
import zlib
from pathlib import Path

import numpy as np
from PIL import Image as Pillow
from PIL import ImageCms

from imfilter import io

ROOT = Path(__file__).resolve().parents[2]
RNG = np.random.default_rng(7)
ORIENTATION = 0x0112
REAL = ("uint8", "uint16", "int8", "int16", "uint32", "int32", "float16", "float32", "float64")


def picture(shape: tuple[int, ...], dtype: str) -> np.ndarray:
    if np.dtype(dtype).kind == "f":
        return RNG.normal(size=shape).astype(dtype)
    info = np.iinfo(dtype)
    pixels = RNG.integers(info.min, info.max, shape, dtype=dtype, endpoint=True)
    pixels[0, 0], pixels[-1, -1] = info.min, info.max
    return pixels


def image(pixels: np.ndarray, **metadata: object) -> io.Image:
    channels = pixels.ndim == 3
    return io.Image(pixels, channels, channels and pixels.shape[2] in (2, 4), **metadata)


@functools.cache  # a profile contains its time of creation
def icc(space: str = "sRGB") -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile(space)).tobytes()


def grey_icc() -> bytes:
    profile = bytearray(icc())
    profile[16:20] = b"GRAY"
    return bytes(profile)


def exif_block(orientation: int | None = None) -> bytes:
    exif = Pillow.Exif()
    exif[0x010F], exif[0x0110] = "A maker", "A model"
    exif.get_ifd(0x8769)[0x829A] = 0.25
    exif.get_ifd(0x8769)[0x9003] = "2024:01:02 03:04:05"
    if orientation is not None:
        exif[ORIENTATION] = orientation
    return exif.tobytes()


def parsed(block: bytes | None) -> Pillow.Exif:
    exif = Pillow.Exif()
    exif.load(block or b"")
    return exif


SHAPES = {"grey": (11, 17), "grey+alpha": (11, 17, 2), "rgb": (11, 17, 3), "rgba": (11, 17, 4)}


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def raw_png(
    width: int, height: int, bits: int, colour: int, rows: bytes, *extra: bytes, interlace: int = 0
) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, interlace)
    body = (
        chunk(b"IHDR", header) + b"".join(extra) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    )
    return b"\x89PNG\r\n\x1a\n" + body


def renamed_tag(path: Path, old: int, new: int) -> None:
    """Change the tag number of an entry in the first directory of a little-endian TIFF."""
    data = bytearray(path.read_bytes())
    (start,) = struct.unpack_from("<I", data, 4)
    (count,) = struct.unpack_from("<H", data, start)
    positions = [start + 2 + 12 * number for number in range(count)]
    (position,) = (position for position in positions if struct.unpack_from("<H", data, position) == (old,))
    struct.pack_into("<H", data, position, new)
    path.write_bytes(data)


_RATIONALS = (282, 283, 529, 532)


def raw_tiff(tags: dict[int, int | tuple[int, ...]], strips: list[bytes], after: int = 0) -> bytes:
    """Return a little-endian TIFF with one directory of these tags at offset 8, and with strips.

    `after` is the offset of the next directory. An empty strip has offset 0.
    """
    data, offsets, lengths = bytearray(), [], []
    names = (324, 325) if 322 in tags else (273, 279)
    tags = {names[0]: 0, names[1]: 0} | tags
    head = 8 + 2 + 12 * len(tags) + 4
    for strip in strips:
        offsets.append(head + len(data) if strip else 0)
        lengths.append(len(strip))
        data += strip
    tags = {names[0]: tuple(offsets), names[1]: tuple(lengths)} | {
        tag: value for tag, value in tags.items() if tag not in names or value
    }
    entries = b""
    for tag, value in sorted(tags.items()):
        values = value if isinstance(value, tuple) else (value,)
        code, kind = ("II", 5) if tag in _RATIONALS else ("I", 4) if max(values) > 65535 else ("H", 3)
        if code == "II":
            values = tuple(part for number in values for part in (number, 1000 if tag == 529 else 1))
        packed = struct.pack(f"<{len(values)}{code[0]}", *values)
        if len(packed) > 4:
            offset, packed = head + len(data), packed + bytes(len(packed) % 2)
            data += packed
            packed = struct.pack("<I", offset)
        entries += struct.pack("<HHI", tag, kind, len(values) // len(code)) + packed.ljust(4, b"\0")
    return struct.pack("<2sHIH", b"II", 42, 8, len(tags)) + entries + struct.pack("<I", after) + bytes(data)
