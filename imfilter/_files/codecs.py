"""The compressions of TIFF files: what each is called, what it needs, and how the common ones are undone."""

from __future__ import annotations

import functools
import io
import lzma
import struct
import zlib
from collections.abc import Callable
from typing import Any, NamedTuple

from PIL import Jpeg2KImagePlugin, TiffImagePlugin, WebPImagePlugin

from . import jpeg
from .image import FileError

Undo = Callable[[bytes, int, int], bytes]
_UNLIMITED = 1 << 32


class Codec(NamedTuple):
    """A compression.

    Parameters
    ----------
    name : str
        As it is called in messages.
    most : int
        How many bytes one compressed byte can become at most.
    undo : callable or None
        Decompresses without a package: ``undo(data, rows, row)`` returns at most ``rows * row`` bytes.
    size : callable or None
        Returns the width and height that compressed bytes say, if they are a picture of their own.
    predictor : bool
        Whether samples may have been replaced by differences before they were compressed.
    """

    name: str
    most: int = _UNLIMITED
    undo: Undo | None = None
    size: Callable[[bytes], tuple[int, int]] | None = None
    predictor: bool = False


def _inflate(data: bytes, rows: int, row: int) -> bytes:
    return zlib.decompressobj().decompress(data, rows * row)


def _unpack_lzma(data: bytes, rows: int, row: int) -> bytes:
    return lzma.LZMADecompressor().decompress(data, rows * row)


def _through_libtiff(method: int, data: bytes, rows: int, row: int) -> bytes:
    """Decompress with Pillow's libtiff: as the only strip of a grey picture, of which bytes are pixels."""
    entries = {256: row, 257: rows, 258: 8, 259: method, 262: 1, 273: 0, 277: 1, 278: rows, 279: len(data)}
    entries[273] = 8 + 2 + 12 * len(entries) + 4
    directory = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in entries.items())
    head = struct.pack("<2sHIH", b"II", 42, 8, len(entries)) + directory + bytes(4)
    # The class and not Pillow.open, which has a limit of its own on pixels.
    with TiffImagePlugin.TiffImageFile(io.BytesIO(head + data)) as picture:
        return picture.tobytes()


def _size_of_webp(data: bytes) -> tuple[int, int]:
    with WebPImagePlugin.WebPImageFile(io.BytesIO(data)) as picture:
        return picture.size


def _size_of_jpeg_2000(data: bytes) -> tuple[int, int]:
    with Jpeg2KImagePlugin.Jpeg2KImageFile(io.BytesIO(data)) as picture:
        return picture.size


_NONE, _LZW, _PACKBITS = 1, 5, 32773
_DEFLATE = Codec("deflate", 1040, _inflate, predictor=True)
_CODECS = {
    _NONE: Codec("uncompressed", 1),
    2: Codec("CCITT run lengths"),
    3: Codec("CCITT group 3"),
    4: Codec("CCITT group 4"),
    # Codes of 12 bits, which stand for at most 3840 bytes.
    _LZW: Codec("LZW", 2560, functools.partial(_through_libtiff, _LZW), predictor=True),
    7: Codec("JPEG", size=jpeg.size),
    8: _DEFLATE,
    32946: _DEFLATE,
    _PACKBITS: Codec("PackBits", 64, functools.partial(_through_libtiff, _PACKBITS)),
    34712: Codec("JPEG 2000", size=_size_of_jpeg_2000),
    34925: Codec("LZMA", undo=_unpack_lzma, predictor=True),
    50000: Codec("Zstandard", predictor=True),
    50001: Codec("WebP", size=_size_of_webp),
}
_HORIZONTAL = 2


def of(path: str, page: Any) -> Codec:
    """Return the compression of a page.

    Raises
    ------
    FileError
        If it is not read.
    """
    method = int(page.compression)
    if method not in _CODECS:
        name = getattr(page.compression, "name", "method") + f" ({method})"
        raise FileError(f"{path}: its compression {name} is not read; save it with LZW or deflate")
    codec = _CODECS[method]
    if page.predictor != 1 and not codec.predictor and codec.size is None:
        raise FileError(f"{path}: is damaged: it has a predictor, and {codec.name} data")
    return codec


def undone_here(path: str, page: Any, codec: Codec) -> Undo | None:
    """Return what undoes the compression of a page, None where tifffile does with what is installed.

    Raises
    ------
    FileError
        If a package is needed for it.
    """
    try:
        import imagecodecs  # noqa: F401
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
    how = f" and predictor {predictor}" if predictor != 1 else ""
    raise FileError(
        f"{path}: {codec.name} data with {bits} bits{how} need the package imagecodecs: "
        'pip install "imfilter[tiff]"'
    )
