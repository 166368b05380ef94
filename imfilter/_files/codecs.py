"""Compressions of TIFF files: names, required packages, and decompression of the common ones."""

from __future__ import annotations

import functools
import io
import itertools
import lzma
import struct
import zlib
from collections.abc import Callable
from typing import Any, NamedTuple

from PIL import Jpeg2KImagePlugin, TiffImagePlugin, WebPImagePlugin

from . import jpeg
from .image import FileError

Undo = Callable[[list[bytes], list[int], int], bytes]
_UNLIMITED = 1 << 32


class Codec(NamedTuple):
    """A compression.

    Parameters
    ----------
    name : str
        Name in messages.
    most : int
        Largest number of bytes that one compressed byte represents.
    rows : int
        Largest number of rows that one compressed byte represents.
    undo : callable or None
        Decompresses without a package. ``undo(strips, rows, row)`` returns the bytes of all strips. `rows`
        has the number of rows of each strip. Only the last strip may have fewer rows. `row` is the number of
        bytes in a row.
    size : callable or None
        Returns the width and height from the header of the compressed bytes. None: they have no header.
    predictor : bool
        Whether the samples may be stored as differences.
    """

    name: str
    most: int = _UNLIMITED
    rows: int = _UNLIMITED
    undo: Undo | None = None
    size: Callable[[bytes], tuple[int, int]] | None = None
    predictor: bool = False


def _each(decompress: Callable[[bytes, int], bytes], strips: list[bytes], rows: list[int], row: int) -> bytes:
    return b"".join(
        _whole(decompress(strip, count * row), count * row) for strip, count in zip(strips, rows, strict=True)
    )


def _whole(data: bytes, size: int) -> bytes:
    if len(data) < size:
        raise ValueError(f"a strip or tile must have {size} bytes, got {len(data)}")
    return data


def _inflate(data: bytes, size: int) -> bytes:
    return zlib.decompressobj().decompress(data, size)


def _unpack_lzma(data: bytes, size: int) -> bytes:
    return lzma.LZMADecompressor().decompress(data, size)


def _through_libtiff(method: int, strips: list[bytes], rows: list[int], row: int) -> bytes:
    """Decompress with Pillow's libtiff. It gets the strips of a grey picture with one byte per pixel."""
    lengths = [len(strip) for strip in strips]
    offsets = list(itertools.accumulate(lengths[:-1], initial=0))
    tags = {256: [row], 257: [sum(rows)], 258: [8], 259: [method], 262: [1], 273: offsets, 277: [1]}
    tags |= {278: [rows[0]], 279: lengths}
    outside = 8 + 2 + 12 * len(tags) + 4
    start = outside + 8 * len(strips)
    tags[273] = [start + offset for offset in offsets]
    entries, values = b"", b""
    for tag, numbers in tags.items():
        packed = struct.pack(f"<{len(numbers)}I", *numbers)
        field = packed if len(numbers) == 1 else struct.pack("<I", outside + len(values))
        entries += struct.pack("<HHI", tag, 4, len(numbers)) + field
        values += packed if len(numbers) > 1 else b""
    head = struct.pack("<2sHIH", b"II", 42, 8, len(tags)) + entries + bytes(4) + values
    # The class instead of Pillow.open, which has its own limit on pixels.
    with TiffImagePlugin.TiffImageFile(io.BytesIO(head.ljust(start, b"\0") + b"".join(strips))) as picture:
        return picture.tobytes()


def _size_of_webp(data: bytes) -> tuple[int, int]:
    with WebPImagePlugin.WebPImageFile(io.BytesIO(data)) as picture:
        return picture.size


def _size_of_jpeg_2000(data: bytes) -> tuple[int, int]:
    with Jpeg2KImagePlugin.Jpeg2KImageFile(io.BytesIO(data)) as picture:
        return picture.size


_NONE, _LZW, _PACKBITS = 1, 5, 32773
_DEFLATE = Codec("deflate", 1040, undo=functools.partial(_each, _inflate), predictor=True)
_CODECS = {
    _NONE: Codec("uncompressed", 1),
    2: Codec("CCITT run lengths", rows=8),
    3: Codec("CCITT group 3", rows=8),
    4: Codec("CCITT group 4", rows=8),
    # A code has 12 bits and represents at most 3840 bytes.
    _LZW: Codec("LZW", 2560, undo=functools.partial(_through_libtiff, _LZW), predictor=True),
    7: Codec("JPEG", 8192, size=jpeg.size),  # one bit per block of 64 pixels; 4 samples of 2 bytes per pixel
    8: _DEFLATE,
    32946: _DEFLATE,
    _PACKBITS: Codec("PackBits", 64, undo=functools.partial(_through_libtiff, _PACKBITS)),
    34712: Codec("JPEG 2000", size=_size_of_jpeg_2000),
    34925: Codec("LZMA", 8192, undo=functools.partial(_each, _unpack_lzma), predictor=True),
    50000: Codec("Zstandard", 1 << 15, predictor=True),
    50001: Codec("WebP", size=_size_of_webp),
}
_HORIZONTAL = 2


def of(path: str, page: Any) -> Codec:
    """Return the compression of a page.

    Raises
    ------
    FileError
        If the compression is not supported.
    """
    method = int(page.compression)
    if method not in _CODECS:
        name = getattr(page.compression, "name", "method") + f" ({method})"
        raise FileError(f"{path}: the compression {name} is not supported; save the file with LZW or deflate")
    codec = _CODECS[method]
    if page.predictor != 1 and not codec.predictor and codec.size is None:
        raise FileError(f"{path}: is damaged: it has a predictor, which {codec.name} data cannot have")
    return codec


def undone_here(path: str, page: Any, codec: Codec) -> Undo | None:
    """Return the decompressor of a page, or None if tifffile can decode it with the installed packages.

    Raises
    ------
    FileError
        If the compression needs a package that is not installed.
    """
    try:
        import imagecodecs  # noqa: F401  (checks that it is installed)
    except ImportError:
        pass
    else:
        return None
    bits, predictor = page.bitspersample, page.predictor
    if bits in (1, 8, 16, 32, 64) and predictor in (1, _HORIZONTAL):
        if page.compression == _NONE:
            return None
        if codec.undo is not None and page.fillorder == 1:
            return codec.undo
    predictor_text = f" and predictor {predictor}" if predictor != 1 else ""
    raise FileError(
        f"{path}: {codec.name} data with {bits} bits{predictor_text} need the package imagecodecs: "
        'pip install "imfilter[tiff]"'
    )
