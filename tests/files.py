"""Pictures and metadata that the tests of files share."""

from __future__ import annotations

import struct
import zlib

import numpy as np
from PIL import Image as Pillow
from PIL import ImageCms

from imfilter import io

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


def image(pixels: np.ndarray, **said: object) -> io.Image:
    channels = pixels.ndim == 3
    return io.Image(pixels, channels, channels and pixels.shape[2] in (2, 4), **said)


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
