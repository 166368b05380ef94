"""Read and write image files with their metadata.

Reading does not rescale the values of the file. :func:`write` defines how an image is written to a format
with fewer bits, without transparency or without floats.
"""

from __future__ import annotations

import io
import os
from typing import IO, Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from ._base.arguments import brief
from ._files import metadata, npy, pnm, signatures, source, stack_files
from ._files.atomic import check_target, replacing
from ._files.fit import fitted
from ._files.formats import TIFF_MAGICS, Format, format_of
from ._files.image import FileError, FileWarning, Image, warn

__all__ = ["MAX_PIXELS", "FileError", "FileWarning", "Image", "check_target", "format_of", "read", "write"]

#: Default limit on the number of pixels, against decompression bombs: 16 frames of 8K.
MAX_PIXELS = 2**29

#: First bytes of the formats: NumPy, PNG, JPEG, BMP, WebP, GIF, JPEG 2000, TIFF.
_MAGICS = (
    *(npy.MAGIC, b"\x89PNG", b"\xff\xd8", b"BM", b"RIFF", b"GIF8", b"\xff\x4f\xff\x51", b"\0\0\0\x0cjP"),
    *TIFF_MAGICS,
)


def read(
    path: str | os.PathLike[str] | IO[bytes], *, max_pixels: int | None = MAX_PIXELS, name: str | None = None
) -> Image:
    """Read an image file: PNG, JPEG, TIFF, BMP, WebP, GIF, JPEG 2000, AVIF, PNM or ``.npy``.

    The format is recognised by the content of the file. A file with several pages or frames is read as one
    array, with a name for each axis.

    Parameters
    ----------
    path : str, path-like or binary file
        Path of the file, or a file open for reading, which is read to its end.
    max_pixels : int or None
        Largest accepted number of pixels, of all pages together. Larger files are refused before they are
        decoded. None: no limit; use it only for trusted files. Default 2**29.
    name : str or None
        Name of an open file in messages. Default None: its own name.

    Returns
    -------
    Image
        Pixels in the bit depth of the file. The EXIF orientation is applied. Palettes, CMYK and YCbCr are
        converted to RGB. 1 to 7 bits are scaled to 8 bits, so white is 255. Premultiplied alpha is converted
        to straight alpha.

    Raises
    ------
    FileError
        If the file is missing, empty, damaged or too large; if its format is unknown; if its pages differ in
        size or type; if it is not a picture in grey or colour; or if it needs a package that is not
        installed.

    Warns
    -----
    FileWarning
        If a part of the file is damaged but the picture can be read. A part of a damaged JPEG
        picture may be missing.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> from imfilter import io
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     io.write(f"{folder}/grey.png", io.Image(np.full((20, 30), 128, np.uint8)))
    ...     image = io.read(f"{folder}/grey.png")
    >>> image.pixels.shape, image.pixels.dtype
    ((20, 30), dtype('uint8'))
    """
    if isinstance(path, (str, os.PathLike)):
        path = os.fspath(path)
        stack = stack_files.opened(path, max_pixels) if os.path.isdir(path) else None
        if stack is not None:
            return stack.whole(path, max_pixels)
        with source.reading(path), open(path, "rb") as file:
            return _read(path, file, max_pixels)
    if not hasattr(path, "read"):
        raise TypeError(f"path must be a path or a file open for reading, got {brief(path)}")
    name = name or str(getattr(path, "name", "file"))
    with source.reading(name):
        return _read(name, path, max_pixels, in_memory=True)


def _read(name: str, opened: IO[bytes], max_pixels: int | None, *, in_memory: bool = False) -> Image:
    """Read an open file. `in_memory`: it cannot be opened again by its name."""
    start = opened.read(8)
    if not start:
        raise FileError(f"{name}: is empty")
    known = start.startswith(_MAGICS) or start[4:8] == b"ftyp" or pnm.is_pnm(start)
    if (in_memory or not opened.seekable()) and not known:  # the data of a pipe may never end
        compressed = source.COMPRESSED if start.startswith(signatures.GZIP) else source.UNKNOWN
        raise FileError(f"{name}: {source.NAMED if signatures.is_named(start) else compressed}")
    file = io.BytesIO(start + opened.read()) if in_memory else source.seekable(opened, start)
    if start.startswith(npy.MAGIC):
        return Image(_in_memory(npy.array(name, file, None if in_memory else name)))
    stack = stack_files.of_file(name, file, max_pixels)
    if stack is not None:
        return stack.whole(name, max_pixels)
    # Pillow and tifffile are imported on first use, so a missing file is reported without delay.
    if start.startswith(TIFF_MAGICS):
        from ._files import tiff

        return tiff.read(name, file, max_pixels)
    if pnm.is_pnm(start):
        return pnm.read(name, file, max_pixels)
    from ._files import pictures

    return pictures.read(name, file, max_pixels)


def _in_memory(array: NDArray[Any]) -> NDArray[Any]:
    return np.array(array, dtype=array.dtype.newbyteorder("="), order="C")


def write(
    path: str | os.PathLike[str] | IO[bytes],
    image: Image,
    *,
    quality: int | None = None,
    background: tuple[int, int, int] | None = None,
    format: str | None = None,  # noqa: A002  (Pillow's name)
    name: str | None = None,
) -> None:
    """Write an image file. The suffix of the name determines the format.

    A failed call leaves no partial file.

    Parameters
    ----------
    path : str, path-like or binary file
        Path of the file. An existing file is replaced only when the new file is complete. Or a file open for
        writing, which gets all bytes at the end. It need not be seekable.
    image : Image
        The image to write. With names of axes it may be a stack, if the format holds several pages. For
        formats of 8 bits, 16 bits are scaled to 8 bits (divided by 257 and rounded). Booleans become 0 and
        255. Opaque alpha is dropped if the format has no alpha.
    quality : int or None
        Quality from 1 to 100 for JPEG, AVIF and WebP. Default None: 95, and lossless for WebP.
    background : tuple of int or None
        8-bit RGB colour behind a transparent picture. The result has no alpha. Default None: alpha is kept.
    format : str or None
        Format of an open file, as the suffix of its names: ``"png"``, ``"tif"`` ... Default None: ``"png"``.
    name : str or None
        Name of an open file in messages. Default None: its own name.

    Raises
    ------
    ValueError
        If the format cannot represent the image, for example floats in PNG, transparency in JPEG, or a
        volume.
    FileError
        If the file cannot be written.

    Warns
    -----
    FileWarning
        If the file is written, but a part of the EXIF data or of the colour information of a PNG file is
        lost.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> from imfilter import io
    >>> rgb = np.zeros((20, 30, 3), np.uint8)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     io.write(f"{folder}/black.jpg", io.Image(rgb, channels=True), quality=90)
    ...     io.read(f"{folder}/black.jpg").pixels.shape
    (20, 30, 3)
    """
    if not isinstance(image, Image):
        picture = isinstance(image, np.ndarray) and image.ndim == 3 and image.shape[-1] in (1, 2, 3, 4)
        colour = ", channels=True" if picture else ""
        raise TypeError(f"image must be an Image, got {brief(image)}; use imfilter.io.Image(array{colour})")
    target = os.fspath(path) if isinstance(path, (str, os.PathLike)) else None
    kind = format_of(f"file.{format or 'png'}" if target is None else target)
    name = target or name or str(getattr(path, "name", "file"))
    if image.axes or kind.name in stack_files.STORES:
        if target is None:
            raise ValueError(f"a stack must be written to a named file, and {name} is an open file")
        stack_files.check_count(kind, image)
        if kind.picture:
            image = stack_files.pictured(image, kind, background)
        stack_files.write(target, kind, image, [image.pixels], quality=quality)
        return
    if kind.picture:
        image = fitted(image, kind, background)
    colour_loss = metadata.lost_colorimetry(image, kind.name) if kind.picture and kind.name != "PNG" else None
    try:
        with io.BytesIO() if target is None else replacing(target) as file:
            exif_loss = _encode(file, image, kind, quality, target or f".{format}")
            if isinstance(file, io.BytesIO):
                from ._files.whole import whole  # files with a name do not need it

                with file.getbuffer() as data:
                    whole(path).write(data)
    except FileError:
        raise
    except (ValueError, TypeError, OverflowError) as error:  # limits of the encoder
        raise FileError(f"{name}: cannot be written as {kind.name}: {error}") from error
    for message in filter(None, (exif_loss, colour_loss)):
        warn(name, message)


def _encode(file: IO[bytes], image: Image, kind: Format, quality: int | None, path: str) -> str | None:
    """Write an image to an open file, and return the message about a loss of EXIF."""
    if not kind.picture:
        np.save(file, image.pixels, allow_pickle=False)
        return None
    if kind.name == "TIFF":
        from ._files import tiff

        return tiff.write(file, image)
    stack_files.write_picture(file, image, path, kind, quality)
    return None


def __getattr__(name: str) -> NoReturn:
    from imfilter._base.suggestions import attribute_error

    raise attribute_error(__name__, name, __all__)
