"""PNG with 16 bits and more than one channel, which Pillow reads as 8 bits and cannot write."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow

_COLOUR_TYPES = {1: 0, 2: 4, 3: 2, 4: 6}  # channels -> PNG colour type
#: The chunk with the transparent colour, or with the alpha of a palette.
TRANSPARENCY = b"tRNS"
#: Chunks that define the colour space, and their lengths: gamma, primaries, sRGB, code points of video, and
#: for high dynamic range the mastering display and the light levels.
COLORIMETRY = {b"gAMA": 4, b"cHRM": 32, b"sRGB": 1, b"cICP": 4, b"mDCV": 24, b"cLLI": 8}
_BLOCK = 1 << 22  # bytes of pixels that are filtered together, which keeps temporary arrays small
_LEVEL = 4  # of zlib: about three times as fast as 6 on 16-bit photographs, 1 % larger


def write_wide(
    file: IO[bytes],
    pixels: NDArray[np.uint16],
    *,
    icc: bytes | None = None,
    exif: bytes | None = None,
    dpi: tuple[float, float] | None = None,
    chunks: tuple[tuple[bytes, bytes], ...] = (),
) -> None:
    """Write 16-bit pixels, ``(height, width)`` or ``(height, width, 2 to 4)``, as PNG.

    Source: W3C, Portable Network Graphics (PNG) Specification, Third Edition.
    """
    height, width = pixels.shape[:2]
    channels = 1 if pixels.ndim == 2 else pixels.shape[2]
    file.write(b"\x89PNG\r\n\x1a\n")
    header = struct.pack(">IIBBBBB", width, height, 16, _COLOUR_TYPES[channels], 0, 0, 0)
    _chunk(file, b"IHDR", header)
    for kind, body in chunks:
        _chunk(file, kind, body)
    if icc is not None:
        _chunk(file, b"iCCP", b"ICC Profile\0\0" + zlib.compress(icc))
    if dpi is not None:
        x, y = (round(value / 0.0254) for value in dpi)
        _chunk(file, b"pHYs", struct.pack(">IIB", x, y, 1))
    if exif is not None:
        _chunk(file, b"eXIf", exif.removeprefix(b"Exif\0\0"))
    packer = zlib.compressobj(_LEVEL)
    for rows in _filtered(pixels.reshape(height, -1), 2 * channels):
        _chunk(file, b"IDAT", packer.compress(rows))
    _chunk(file, b"IDAT", packer.flush())
    _chunk(file, b"IEND", b"")


def _chunk(file: IO[bytes], kind: bytes, body: bytes) -> None:
    file.write(struct.pack(">I", len(body)) + kind + body)
    file.write(struct.pack(">I", zlib.crc32(body, zlib.crc32(kind))))


def _filtered(samples: NDArray[np.uint16], step: int) -> Iterator[bytes]:
    """Yield blocks of rows. A row starts with the better filter: 1 (minus left) or 2 (minus above)."""
    height = samples.shape[0]
    block = max(1, _BLOCK // (2 * samples.shape[1]))
    above = np.zeros((1, 2 * samples.shape[1]), np.uint8)
    for start in range(0, height, block):
        raw = samples[start : start + block].astype(">u2").view(np.uint8)
        left = raw.copy()
        left[:, step:] -= raw[:, :-step]
        up = raw - np.concatenate([above, raw[:-1]])
        # The heuristic of the specification: the sum of absolute values, with bytes as signed numbers.
        choose_up = _cost(up) < _cost(left)
        rows = np.empty((raw.shape[0], 1 + raw.shape[1]), np.uint8)
        rows[:, 0] = np.where(choose_up, 2, 1)
        rows[:, 1:] = np.where(choose_up[:, None], up, left)
        above = raw[-1:]
        yield rows.tobytes()


def _cost(rows: NDArray[np.uint8]) -> NDArray[Any]:
    return np.minimum(rows, -rows).sum(axis=1, dtype=np.int64)


def header(file: IO[bytes]) -> tuple[int, dict[bytes, bytes]]:
    """Return the bits per sample, and the contents of the valid chunks before the pixels.

    These are the chunk with the transparent colour and the chunks that define the colour space.
    """
    chunks: dict[bytes, bytes] = {}
    file.seek(24)
    bits = file.read(1)[0]
    file.seek(8)
    while len(head := file.read(8)) == 8:
        length, kind = struct.unpack(">I4s", head)
        if kind == b"IDAT":
            break
        if length != COLORIMETRY.get(kind) and not (kind == TRANSPARENCY and length in (2, 6)):
            file.seek(length + 4, 1)
            continue
        body, check = file.read(length), file.read(4)
        if check == struct.pack(">I", zlib.crc32(kind + body)):
            chunks.setdefault(kind, body)
    return bits, chunks


def keyed(pixels: NDArray[Any], chunk: bytes, bits: int) -> NDArray[Any]:
    """Add an alpha channel in which the pixels of one colour are transparent.

    Parameters
    ----------
    pixels : ndarray
        Grey or RGB. Samples of fewer than 8 bits have been widened to 8.
    chunk : bytes
        The colour, with 2 bytes per sample. Only the lowest `bits` bits are used.
    bits : int
        Bits per sample in the file.
    """
    colours = pixels if pixels.ndim == 3 else pixels[..., None]
    if len(chunk) != 2 * colours.shape[-1]:
        wanted = 2 * colours.shape[-1]
        raise ValueError(f"the tRNS chunk must have {wanted} bytes, got {len(chunk)}")
    top, full = 2**bits - 1, np.iinfo(pixels.dtype).max
    key = (np.frombuffer(chunk, ">u2").astype(int) & top) * (full // top)
    alpha = np.where((colours == key).all(axis=-1), 0, full)
    return np.concatenate([colours, alpha[..., None].astype(pixels.dtype)], axis=-1)


def with_chunks(encoded: bytes, chunks: tuple[tuple[bytes, bytes], ...]) -> bytes:
    """Insert chunks after the header of a PNG."""
    stop = 8 + 12 + 13
    middle = io.BytesIO()
    for kind, body in chunks:
        _chunk(middle, kind, body)
    return encoded[:stop] + middle.getvalue() + encoded[stop:]


def is_wide(picture: Pillow.Image) -> bool:
    """Return whether the picture has several 16-bit channels, of which Pillow would drop the low bytes."""
    raw = _raw_mode(picture)
    return raw.endswith((";16B", ";16L", ";16N")) and picture.mode in ("RGB", "RGBA")


def read_wide(picture: Pillow.Image, again: Pillow.Image) -> tuple[NDArray[np.uint16], bool]:
    """Decode 16-bit channels that Pillow would cut to 8 bits.

    Pillow's unpackers ``;16B`` and ``;16L`` read the first and the second byte of each sample. So decoding
    the file once with each of them gives both bytes, at the speed of Pillow's C code.

    Parameters
    ----------
    picture, again : PIL.Image.Image
        The same file, opened twice and not yet loaded.

    Returns
    -------
    tuple
        The pixels, and whether the last channel is alpha.
    """
    raw = _raw_mode(picture)
    if raw == "LA;16B":  # two 16-bit samples have four bytes, like a pixel of RGBA
        _set_raw_mode(picture, "RGBA")
        return np.asarray(picture).copy().view(">u2").astype(np.uint16), True
    base, order = raw[:-1], raw[-1]
    first, second = _decode(picture, base + "B"), _decode(again, base + "L")
    little = order == "L" or (order == "N" and np.little_endian)
    high, low = (second, first) if little else (first, second)
    return (high << np.uint16(8)) | low, picture.mode == "RGBA"


def _decode(picture: Pillow.Image, raw: str) -> NDArray[np.uint16]:
    _set_raw_mode(picture, raw)
    return np.asarray(picture).astype(np.uint16)


def _raw_mode(picture: Pillow.Image) -> str:
    tiles = getattr(picture, "tile", [])
    args = tiles[0].args if tiles else ""
    return str(args[0] if isinstance(args, tuple) and args else args)


def _set_raw_mode(picture: Any, raw: str) -> None:
    picture.tile = [
        tile._replace(args=(raw, *tile.args[1:]) if isinstance(tile.args, tuple) else raw)
        for tile in picture.tile
    ]
