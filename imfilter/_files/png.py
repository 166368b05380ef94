"""PNG with 16 bits and more than one channel, which Pillow reads as 8 bits and cannot write.

Also PNG of 8 bits that is written in bands of rows.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow

from . import metadata
from .image import Image

SIGNATURE = b"\x89PNG\r\n\x1a\n"
COLOUR_TYPES = {1: 0, 2: 4, 3: 2, 4: 6}  # channels -> PNG colour type
#: The chunk with the transparent colour, or with the alpha of a palette.
TRANSPARENCY = b"tRNS"
#: Chunks that define the colour space, and their lengths: gamma, primaries, sRGB, code points of video, and
#: for high dynamic range the mastering display and the light levels.
COLORIMETRY = {b"gAMA": 4, b"cHRM": 32, b"sRGB": 1, b"cICP": 4, b"mDCV": 24, b"cLLI": 8}
_BLOCK = 1 << 22  # bytes of pixels that are filtered together, which keeps temporary arrays small
LEVEL = 4  # of zlib: 1 % larger than 6; three times as fast on 16 bits, twice on 8 bits (with zlib-ng)


class Writer:
    """Write a PNG of 8 or 16 bits in bands of rows, or frame by frame.

    Parameters
    ----------
    file : binary file
        Open for writing, empty.
    image : Image
        The first rows, ``(rows, width)`` or ``(rows, width, 2 to 4)``, with the metadata of the picture.
    height : int
        The number of rows of the picture.
    frames, plays : int
        The number of frames of an animation, and how often it is shown. 0 plays: without end.

    Notes
    -----
    Source: W3C, Portable Network Graphics (PNG) Specification, Third Edition.
    """

    def __init__(
        self, file: IO[bytes], image: Image, height: int, *, frames: int = 1, plays: int = 0
    ) -> None:
        pixels, icc = image.pixels, metadata.profile_for(image, colour=image.colour.ndim == 3)
        channels = 1 if pixels.ndim == 2 else pixels.shape[2]
        width, bits = pixels.shape[1], 8 * pixels.dtype.itemsize
        self._file, self._step = file, channels * pixels.dtype.itemsize
        self._shown: NDArray[Any] | None = None  # the frame before
        self._number = self._done = 0  # of the next chunk of an animation, and of the frames before it
        self._begin(width)
        file.write(SIGNATURE)
        header = struct.pack(">IIBBBBB", width, height, bits, COLOUR_TYPES[channels], 0, 0, 0)
        chunk(file, b"IHDR", header)
        for kind, body in metadata.colorimetry_for(image, profile=icc):
            chunk(file, kind, body)
        if icc is not None:
            chunk(file, b"iCCP", b"ICC Profile\0\0" + zlib.compress(icc))
        if image.dpi is not None:
            x, y = (round(value / 0.0254) for value in image.dpi)
            chunk(file, b"pHYs", struct.pack(">IIB", x, y, 1))
        if image.exif is not None:
            chunk(file, b"eXIf", image.exif.removeprefix(b"Exif\0\0"))
        self._frames, self._plays = frames, plays
        self._count: int | None = None  # the place of the number of frames in the file
        if frames > 1:
            if file.seekable():
                self._count = file.tell()
            chunk(file, b"acTL", struct.pack(">II", frames, plays))

    def _begin(self, width: int) -> None:
        """Begin the pixels of a picture or of a frame."""
        self._above = np.zeros((1, width * self._step), np.uint8)
        self._packer = zlib.compressobj(LEVEL)

    def write(self, image: Image) -> None:
        """Write the next rows."""
        self._rows(image.pixels)

    def frame(self, pixels: NDArray[Any], milliseconds: float) -> None:
        """Write the next frame: the rectangle in which it differs from the frame before."""
        top, left, part = 0, 0, pixels
        if self._shown is not None:
            top, left, part = _changed(self._shown, pixels)
        divisor = next((n for n in (1000, 100, 10) if milliseconds * n < 65535.5e3), 1)
        delay = min(round(milliseconds * divisor / 1000), 65535), divisor
        size = part.shape[1], part.shape[0], left, top
        chunk(self._file, b"fcTL", struct.pack(">IIIIIHHBB", self._next(), *size, *delay, 0, 0))
        self._begin(part.shape[1])
        self._rows(part)
        self._packed(self._packer.flush())
        self._shown = pixels.copy()  # the frame may be a part of a large block
        self._done += 1

    def _rows(self, pixels: NDArray[Any]) -> None:
        samples = pixels.reshape(len(pixels), -1)
        block = max(1, _BLOCK // self._above.size)
        for start in range(0, len(samples), block):
            rows = np.ascontiguousarray(samples[start : start + block])
            raw = rows.astype(rows.dtype.newbyteorder(">"), copy=False).view(np.uint8)
            self._packed(self._packer.compress(_filtered(raw, self._above, self._step)))
            self._above = raw[-1:].copy()

    def _packed(self, data: bytes) -> None:
        if self._shown is None:
            chunk(self._file, b"IDAT", data)
        elif data:
            chunk(self._file, b"fdAT", struct.pack(">I", self._next()) + data)

    def _next(self) -> int:
        self._number += 1
        return self._number - 1

    def finish(self) -> None:
        """Write the end of the file. The number of frames of an animation becomes that of its frames."""
        if self._shown is None:
            chunk(self._file, b"IDAT", self._packer.flush())
        elif self._done != self._frames and self._count is None:
            raise ValueError("IN has another number of planes than its header says")
        chunk(self._file, b"IEND", b"")
        if self._count is not None and self._done != self._frames:
            self._file.seek(self._count)
            chunk(self._file, b"acTL", struct.pack(">II", self._done, self._plays))
            self._file.seek(0, io.SEEK_END)


def _changed(before: NDArray[Any], pixels: NDArray[Any]) -> tuple[int, int, NDArray[Any]]:
    """Return the first row, the first column and the pixels of the rectangle that differs: at least one."""
    differs = before != pixels
    if differs.ndim == 3:
        differs = differs.any(axis=-1)
    rows, columns = (np.flatnonzero(differs.any(axis=axis)) for axis in (1, 0))
    top, bottom = (int(rows[0]), int(rows[-1]) + 1) if len(rows) else (0, 1)
    left, right = (int(columns[0]), int(columns[-1]) + 1) if len(rows) else (0, 1)
    return top, left, pixels[top:bottom, left:right]


def chunk(file: IO[bytes], kind: bytes, body: bytes) -> None:
    """Write a chunk."""
    file.write(struct.pack(">I", len(body)) + kind + body)
    file.write(struct.pack(">I", zlib.crc32(body, zlib.crc32(kind))))


def _filtered(raw: NDArray[np.uint8], above: NDArray[np.uint8], step: int) -> bytes:
    """Return rows that start with the better filter: 1 (minus left) or 2 (minus above)."""
    left = raw.copy()
    left[:, step:] -= raw[:, :-step]
    up = raw - np.concatenate([above, raw[:-1]])
    # The heuristic of the specification: the sum of absolute values, with bytes as signed numbers.
    choose_up = _cost(up) < _cost(left)
    rows = np.empty((raw.shape[0], 1 + raw.shape[1]), np.uint8)
    rows[:, 0] = np.where(choose_up, 2, 1)
    rows[:, 1:] = np.where(choose_up[:, None], up, left)
    return rows.tobytes()


def _cost(rows: NDArray[np.uint8]) -> NDArray[Any]:
    return np.minimum(rows, -rows).sum(axis=1, dtype=np.int64)


def header(file: IO[bytes]) -> tuple[int, dict[bytes, bytes]]:
    """Return the bits per sample, and the contents of the valid chunks before the pixels.

    These are the chunk with the transparent colour and the chunks that define the colour space.
    """
    chunks: dict[bytes, bytes] = {}
    file.seek(24)
    bits = file.read(1)[0]
    for length, kind in _before_pixels(file):
        if length == COLORIMETRY.get(kind) or (kind == TRANSPARENCY and length in (2, 6)):
            body, check = file.read(length), file.read(4)
            if check == struct.pack(">I", zlib.crc32(kind + body)):
                chunks.setdefault(kind, body)
    return bits, chunks


def has_frames(file: IO[bytes]) -> bool:
    """Return whether an open file says that it has frames. Pillow takes eight times as long to tell."""
    return any(kind == b"acTL" for _, kind in _before_pixels(file))


def _before_pixels(file: IO[bytes]) -> Iterator[tuple[int, bytes]]:
    """Yield the length and the name of each chunk before the pixels. The file is at the body of the chunk."""
    place = len(SIGNATURE)
    while True:
        file.seek(place)
        head = file.read(8)
        if len(head) < 8 or head.endswith(b"IDAT"):
            return
        length, kind = struct.unpack(">I4s", head)
        yield length, kind
        place += 12 + length


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
        chunk(middle, kind, body)
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
