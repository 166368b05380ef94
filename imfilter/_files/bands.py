"""Files that are read and written in bands of rows."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import stat
import weakref
from collections.abc import Callable, Iterator
from typing import IO, Protocol

from . import metadata, npy, source
from .atomic import begin_sync, replacing
from .fit import fitted
from .formats import TIFF_MAGICS, format_of
from .image import FileError, Image, warn
from .lazy import Array, LazyRows

#: Formats that are written in bands of rows.
WRITTEN = ("TIFF", "PNG", "NumPy")
#: Compression of pictures is not expected to be better. A smaller file is not opened to see its size.
_SHRUNK = 64


class _Reported(LazyRows):
    """The rows of a file. Errors while they are read begin with the name of the file.

    Parameters
    ----------
    name : str
        Name of the file in messages.
    rows : LazyRows
        The rows.
    """

    def __init__(self, name: str, rows: LazyRows) -> None:
        super().__init__(rows.shape, rows.dtype)
        self._name, self._inner = name, rows

    def read(self, start: int, stop: int) -> Array:
        """Return rows `start` to `stop`."""
        with source.reading(self._name):
            return self._inner.read(start, stop)


def opened(path: str, max_pixels: int | None, least: int = 0, workers: int | None = None) -> Image | None:
    """Open an image file: TIFF, PNG or ``.npy``. Its pixels are `LazyRows`.

    Parameters
    ----------
    path : str
        Path of the file.
    max_pixels : int or None
        Largest accepted number of pixels of compressed pictures.
    least : int
        Size in bytes of the smallest picture that is not read as a whole.
    workers : int or None
        Number of threads that decode the strips or tiles of a TIFF. Default None: every core.

    Returns
    -------
    Image or None
        None if the file must be read as a whole. The file is closed when the pixels are freed.

    Raises
    ------
    FileError
        If the file cannot be read.
    """
    with source.reading(path), contextlib.ExitStack() as stack:
        status = os.stat(path)
        if not stat.S_ISREG(status.st_mode) or status.st_size < least // _SHRUNK:
            return None  # a pipe must not be opened, because it gives its bytes once
        file = stack.enter_context(open(path, "rb"))
        image = _opened(path, file, max_pixels, least, workers)
        if image is None:
            return None
        stack.pop_all()  # the file stays open
        weakref.finalize(image.pixels, file.close)
        return image


def _opened(
    path: str, file: IO[bytes], max_pixels: int | None, least: int, workers: int | None
) -> Image | None:
    start = file.read(8)
    file.seek(0)
    image = None
    if start.startswith(npy.MAGIC):
        rows = npy.rows(path, file)
        image = None if rows is None else Image(rows.as_array())
    elif start.startswith(TIFF_MAGICS):
        from . import tiff

        image = tiff.rows(path, file, max_pixels, least, workers)
    elif start.startswith(b"\x89PNG"):
        from . import png_rows

        image = png_rows.rows(path, file, max_pixels, least)
    if image is None or image.pixels.nbytes < least:
        return None
    assert isinstance(image.pixels, LazyRows)
    return dataclasses.replace(image, pixels=_Reported(path, image.pixels).as_array())


class _Writer(Protocol):
    """Writes an image in bands of rows."""

    def write(self, image: Image) -> None:
        """Write the next rows."""

    def finish(self) -> str | None:
        """Complete the file. Return the message about a loss."""


def _writer(file: IO[bytes], image: Image, height: int, name: str) -> _Writer:
    if name == "NumPy":
        return npy.Writer(file, image, height)
    if name == "PNG":
        from . import png

        return png.Writer(file, image, height)
    from . import tiff

    return tiff.Writer(file, image, height)


@contextlib.contextmanager
def writing(
    path: str, first: Image, height: int, background: tuple[int, int, int] | None = None
) -> Iterator[Callable[[Image], None]]:
    """Write an image file in bands of rows. Yield the function that writes the next rows.

    The file is the same as that of ``io.write``, but a PNG of 8 bits may be compressed differently. It is
    complete or absent.

    Parameters
    ----------
    path : str
        Path of the file, in a format of `WRITTEN`.
    first : Image
        The first rows, with the metadata of the image. They are not written.
    height : int
        The number of rows of the image.
    background : tuple of int or None
        8-bit RGB colour behind a transparent picture.
    """
    kind = format_of(path)

    def fit(image: Image) -> Image:
        return fitted(image, kind, background) if kind.picture else image

    first = fit(first)
    lost = metadata.lost_colorimetry(first, kind.name) if kind.picture and kind.name != "PNG" else None
    with replacing(path) as file:
        with _encoding(path, kind.name):
            writer = _writer(file, first, height, kind.name)

        begun = 0

        def write(image: Image) -> None:
            nonlocal begun
            image = fit(image)
            with _encoding(path, kind.name):
                writer.write(image)
            begun = begin_sync(file, begun)

        yield write
        loss = writer.finish()
    for message in filter(None, (loss, lost)):
        warn(path, message)


@contextlib.contextmanager
def _encoding(path: str | os.PathLike[str], name: str) -> Iterator[None]:
    """Convert the errors of an encoder about its limits to a `FileError`."""
    try:
        yield
    except (ValueError, TypeError, OverflowError) as error:
        raise FileError(f"{os.fspath(path)}: cannot be written as {name}: {error}") from error
