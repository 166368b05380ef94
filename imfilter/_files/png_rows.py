"""PNG files that are read in bands of rows.

The standard library decompresses the pixels part by part. Pillow decodes only whole files. So each band of
rows becomes a small PNG file in memory, which is not compressed and starts with the row before the band.
"""

from __future__ import annotations

import dataclasses
import io
import struct
import zlib
from collections.abc import Iterable, Iterator
from typing import IO, NamedTuple

import numpy as np
from numpy.typing import NDArray

from . import metadata, pictures
from .image import Image
from .lazy import Array, Cells, Converted
from .png import COLOUR_TYPES, SIGNATURE, TRANSPARENCY, chunk

_SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # samples per pixel of each colour type
_GREY, _INDEXED = 0, 3  # colour types
_PALETTE, _ANIMATION, _DATA = b"PLTE", b"acTL", b"IDAT"
#: Chunks that may be behind the pixels and describe the picture: EXIF, and texts with EXIF or XMP.
_DESCRIPTIONS = (b"eXIf", b"tEXt", b"zTXt", b"iTXt")
_READ = 1 << 18  # compressed bytes that are read at a time
Bytes = NDArray[np.uint8]


class _Header(NamedTuple):
    """The contents of the chunk IHDR, and the chunks between it and the pixels."""

    width: int
    height: int
    bits: int
    colour: int
    interlaced: int
    chunks: list[tuple[bytes, bytes]]
    start: int  # position of the first chunk with pixels

    @property
    def row(self) -> int:
        """Bytes of a row."""
        return -(-self.width * self.bits * _SAMPLES[self.colour] // 8)

    @property
    def pixel(self) -> int:
        """Bytes from a byte to the byte that filters compare it with: those of a pixel, at least 1."""
        return max(1, self.bits * _SAMPLES[self.colour] // 8)

    def has(self, kind: bytes) -> bool:
        """Return whether there is a chunk of a kind."""
        return any(other == kind for other, _ in self.chunks)


def rows(path: str, file: IO[bytes], max_pixels: int | None, least: int) -> Image | None:
    """Return the picture of an open PNG file, whose pixels are read in bands of rows.

    Return None if the picture has less than `least` bytes, or if it must be read as a whole: it is interlaced
    or animated, it must be turned, or a description of it is behind its pixels. A damaged file is also read
    as a whole.
    """
    header = _header(file)
    if (
        header is None
        or header.row * header.height < least
        or header.interlaced
        or header.has(_ANIMATION)
        or not _ends_plainly(file, header)
    ):
        return None
    pictures.check(path, file, max_pixels)
    form = header.width, header.bits, header.colour
    first = _encoded(form, header.chunks, np.zeros((1, header.row), np.uint8))
    if metadata.is_turned(pictures.orientation(path, io.BytesIO(first))):
        return None
    described = pictures.read(path, io.BytesIO(first), None)
    raw = Cells((header.height, header.row), np.dtype(np.uint8), 1, _Reader(file, header).decode)
    needed = [(kind, body) for kind, body in header.chunks if kind in (_PALETTE, TRANSPARENCY)]
    plain = header.bits >= 8 and header.colour != _INDEXED and not header.has(TRANSPARENCY)

    def convert(part: Bytes) -> Array:
        if not plain:
            return pictures.read(path, io.BytesIO(_encoded(form, needed, part)), None).pixels
        samples = part.reshape(len(part), header.width, -1)
        if header.bits == 16:
            samples = samples.view(">u2").astype(np.uint16)
        return samples[..., 0] if header.colour == _GREY else samples

    return dataclasses.replace(described, pixels=Converted(raw, convert).as_array())


def _header(file: IO[bytes]) -> _Header | None:
    """Return the header, or None if the file is damaged before its pixels."""
    file.seek(len(SIGNATURE))
    chunks: list[tuple[bytes, bytes]] = []
    begin = 0
    for kind, length, start in _chunks(file):
        if kind == _DATA:
            begin = start - 8
            break
        body, check = file.read(length), file.read(4)
        if check != struct.pack(">I", zlib.crc32(body, zlib.crc32(kind))):
            return None
        chunks.append((kind, body))
    if not begin or len(chunks[0][1]) != 13:
        return None
    width, height, bits, colour, _, _, interlaced = struct.unpack(">IIBBBBB", chunks[0][1])
    if min(width, height, bits) < 1 or colour not in _SAMPLES:
        return None
    return _Header(width, height, bits, colour, interlaced, chunks[1:], begin)


def _chunks(file: IO[bytes]) -> Iterator[tuple[bytes, int, int]]:
    """Yield the kind, the length and the position of the contents of each chunk from here on."""
    while len(head := file.read(8)) == 8:
        length, kind = struct.unpack(">I4s", head)
        start = file.tell()
        yield kind, length, start
        file.seek(start + length + 4)


def _ends_plainly(file: IO[bytes], header: _Header) -> bool:
    """Return whether no description of the picture is behind its pixels."""
    file.seek(header.start)
    return not any(kind in _DESCRIPTIONS or kind == TRANSPARENCY for kind, _, _ in _chunks(file))


def _encoded(
    form: tuple[int, int, int],
    chunks: Iterable[tuple[bytes, bytes]],
    raw: Bytes,
    filters: int | Bytes = 0,
) -> bytes:
    """Return an uncompressed PNG of rows with their filters. Its form is width, bits and colour type."""
    width, bits, colour = form
    lines = np.empty((len(raw), 1 + raw.shape[1]), np.uint8)
    lines[:, 0], lines[:, 1:] = filters, raw
    file = io.BytesIO()
    file.write(SIGNATURE)
    chunk(file, b"IHDR", struct.pack(">IIBBBBB", width, len(raw), bits, colour, 0, 0, 0))
    for kind, body in chunks:
        chunk(file, kind, body)
    chunk(file, _DATA, zlib.compress(lines.data, 0))
    chunk(file, b"IEND", b"")
    return file.getvalue()


class _Reader:
    """Reads the bytes of rows, with their filters undone, one row after the other.

    Parameters
    ----------
    file : binary file
        Open for reading, seekable.
    header : _Header
        Its header.
    """

    def __init__(self, file: IO[bytes], header: _Header) -> None:
        self._file, self._header = file, header
        # Filters work on bytes. So the rows may be those of any picture with the same bytes in a pixel.
        step = header.pixel
        self._wide = step > 4
        channels = step // 2 if self._wide else step
        self._form = header.row // step, 16 if self._wide else 8, COLOUR_TYPES[channels]
        self._restart()

    def _restart(self) -> None:
        self._next, self._at, self._left = 0, self._header.start, 0
        self._above = np.zeros((1, self._header.row), np.uint8)
        self._unpacker = zlib.decompressobj()

    def decode(self, first: int, last: int) -> Bytes:
        """Return rows `first` to `last`."""
        if first < self._next:
            self._restart()
        size = max(1, last - first)
        while self._next < first:  # rows depend on those before them
            self._decoded(min(size, first - self._next))
        return self._decoded(last - first)

    def _decoded(self, count: int) -> Bytes:
        """Return the next `count` rows."""
        lines = self._filtered(count)
        raw = np.concatenate([self._above, lines[:, 1:]])
        filters = np.concatenate([np.zeros(1, np.uint8), lines[:, 0]])
        encoded = _encoded(self._form, [], raw, filters)
        pixels = pictures.read("a band", io.BytesIO(encoded), None).pixels
        if self._wide:
            pixels = pixels.astype(">u2").view(np.uint8)
        found = pixels.reshape(count + 1, -1)
        self._above = found[-1:].copy()
        self._next += count
        return found[1:]

    def _filtered(self, count: int) -> Bytes:
        """Return the next `count` rows as they are stored, each with its filter."""
        size = count * (1 + self._header.row)
        parts: list[bytes] = []
        while size:
            data = self._unpacker.unconsumed_tail or self._compressed()
            part = self._unpacker.decompress(data, size)
            if not part and (not data or self._unpacker.eof):
                raise ValueError(f"its pixels end after {self._next} of {self._header.height} rows")
            parts.append(part)
            size -= len(part)
        return np.frombuffer(b"".join(parts), np.uint8).reshape(count, -1)

    def _compressed(self) -> bytes:
        """Return the next compressed bytes, or none at the end."""
        self._file.seek(self._at)
        while not self._left:
            head = self._file.read(8)
            if len(head) < 8 or head[4:] != _DATA:
                return b""
            (self._left,) = struct.unpack(">I", head[:4])
            if not self._left:
                self._file.seek(4, 1)
        data = self._file.read(min(self._left, _READ))
        self._left -= len(data)
        self._at = self._file.tell() + (0 if self._left else 4)
        return data
