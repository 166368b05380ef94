"""TIFF through tifffile: every sample type, and the metadata of pictures."""

from __future__ import annotations

import errno
import os
from typing import IO, Any

import numpy as np
import tifffile

from . import exif, metadata, pages, samples, segments
from .image import FileError, Image, check_size, warn
from .lazy import Converted, write_rows

_NONE = 1  # no compression
_ASSOCIATED, UNASSOCIATED = 1, 2
_GREY, _RGB = 1, 2
#: GDAL_NODATA: the value of absent samples, as text.
_NODATA = 42113
# For files of these programs, tifffile would read directories that have not been checked.
PLAIN = {"is_lsm": False, "is_ndpi": False, "is_scanimage": False}


def read(path: str, file: IO[bytes], max_pixels: int | None) -> Image:
    """Read an open TIFF file with one picture: grey or RGB, with or without alpha, any bit depth."""
    page = _page(path, file)
    check_size(path, page.imagewidth, page.imagelength, max_pixels)
    _check(path, page)
    described = _description(path, page)
    pixels, alpha = samples.picture(page, segments.samples(path, file, page))
    orientation, block = exif_of(path, file)
    if described["dpi"] and metadata.swaps_axes(orientation):
        described["dpi"] = described["dpi"][::-1]
    pixels = metadata.upright(pixels, orientation)
    return Image(pixels, pixels.ndim == 3, alpha, exif=block, **described)


def rows(path: str, file: IO[bytes], max_pixels: int | None, least: int, workers: int | None) -> Image | None:
    """Return the picture of an open TIFF file, whose pixels are read in bands of rows.

    Strips or tiles are decoded by `workers` threads. Return None if the picture has less than `least` bytes,
    or if it must be read as a whole: it must be turned, or it is in a few large pieces.
    """
    page = _page(path, file)
    if page.nbytes < least:
        return None
    if page.compression != _NONE:  # otherwise the file has all pixels, and no memory is needed for them
        check_size(path, page.imagewidth, page.imagelength, max_pixels)
    _check(path, page)
    described, alpha = _description(path, page), bool(page.extrasamples)
    orientation, block = exif_of(path, file)
    stored = None if metadata.is_turned(orientation) else segments.rows(path, file, page, workers)
    if stored is None:
        return None
    pixels = Converted(stored, lambda part: samples.picture(page, part)[0])
    return Image(pixels.as_array(), pixels.ndim == 3, alpha, exif=block, **described)


def _page(path: str, file: IO[bytes]) -> Any:
    """Return the page of the only picture of a TIFF file."""
    offset = pages.find(path, file)
    file.seek(0)
    opened = tifffile.TiffFile(file, **PLAIN)
    opened.filehandle.seek(offset)
    return tifffile.TiffPage(opened, 0)


def _check(path: str, page: Any) -> None:
    """Raise an error, before decoding, if the page is not a picture."""
    if page.imagedepth != 1:
        raise FileError(f"{path}: is a volume; save it as .npy to filter it")
    if min(page.imagewidth, page.imagelength, page.samplesperpixel) < 1:
        raise FileError(f"{path}: has no pixels")
    samples.check(path, page)


def _description(path: str, page: Any) -> dict[str, Any]:
    """Return the resolution, the ICC profile and the value of absent samples of a page."""
    icc = page.iccprofile
    icc = icc if isinstance(icc, bytes) else None
    return {"dpi": dpi_of(page), "icc": icc, "nodata": nodata_of(path, page)}


def nodata_of(path: str, page: Any) -> float | None:
    """Return the value of absent samples, if the samples of the picture are those of the file."""
    if _NODATA not in page.tags or int(page.photometric) not in (_GREY, _RGB) or page.bitspersample < 8:
        return None
    if _ASSOCIATED in map(int, page.extrasamples):  # colours are divided by alpha
        return None
    value = page.tags[_NODATA].value
    text = value.decode("ascii", "replace") if isinstance(value, bytes) else str(value)
    text = text.strip("\0 \t\r\n")
    try:
        return int(text) if text.lstrip("+-").isdecimal() else float(text)
    except ValueError:
        warn(path, f"its value of absent samples is not a number and left out: {text[:40]!r}")
        return None


def exif_of(path: str, file: IO[bytes]) -> tuple[int, bytes | None]:
    """Return the orientation and the EXIF of an open TIFF file."""
    try:
        orientation, block, moved = exif.from_tiff(file)
    except ValueError as error:  # the pixels may be readable
        warn(path, f"its EXIF is damaged and left out: {error}")
        return 1, None
    if moved:
        warn(path, exif.MOVED)
    return orientation or 1, block


def dpi_of(page: Any) -> tuple[float, float] | None:
    tags = page.tags
    if 282 not in tags or 283 not in tags:
        return None
    unit = tags[296].value if 296 in tags else 2
    if unit not in (2, 3):
        return None
    try:
        x, y = (tags[tag].value[0] / tags[tag].value[1] for tag in (282, 283))
    except (TypeError, ZeroDivisionError):
        return None
    factor = 2.54 if unit == 3 else 1.0
    return metadata.resolution((x * factor, y * factor))


def nodata_tag(nodata: float) -> tuple[Any, ...]:
    """Return the tag of a value of absent samples, for tifffile."""
    value = nodata if isinstance(nodata, int) else float(nodata)
    return (_NODATA, "s", 0, repr(value), True)


def write(file: IO[bytes], image: Image) -> str | None:
    """Write one uncompressed page, which every TIFF reader supports. Return the message about a loss."""
    _page_written(file, image, image.pixels.shape, image.pixels)
    return exif.Embedded(image.exif).finish(file)


class Writer:
    """Write a page in bands of rows. The file is the same as that of `write`.

    Parameters
    ----------
    file : binary file
        Open for reading and writing, empty.
    image : Image
        The first rows, with the metadata of the picture.
    height : int
        The number of rows of the picture.
    """

    def __init__(self, file: IO[bytes], image: Image, height: int) -> None:
        self._file, self._image = file, image
        start = _page_written(file, image, (height, *image.pixels.shape[1:]), None)
        self._dtype = image.pixels.dtype.newbyteorder(exif.Embedded(image.exif).order)
        file.seek(start)

    def write(self, image: Image) -> None:
        """Write the next rows."""
        write_rows(self._file, np.ascontiguousarray(image.pixels, self._dtype))

    def finish(self) -> str | None:
        """Write the metadata that lies behind the pixels. Return the message about a loss."""
        return exif.Embedded(self._image.exif).finish(self._file)


def _page_written(file: IO[bytes], image: Image, shape: tuple[int, ...], pixels: Any) -> int:
    """Write a page, with zeros if `pixels` is None. Return the position of the pixels."""
    colours = image.colour.ndim == 3
    embedded = exif.Embedded(image.exif)
    options: dict[str, Any] = {}
    if image.dpi is not None:
        options.update(resolution=image.dpi, resolutionunit="INCH")
    if image.alpha:
        options.update(extrasamples=[UNASSOCIATED])
    if image.nodata is not None:
        options.update(extratags=[nodata_tag(image.nodata)])
    try:
        found = tifffile.imwrite(
            file,
            pixels,
            shape=shape if pixels is None else None,
            dtype=image.pixels.dtype if pixels is None else None,
            byteorder=embedded.order,
            align=embedded.align,
            photometric="rgb" if colours else "minisblack",
            planarconfig="contig" if image.channels else None,
            metadata=None,
            software=False,
            iccprofile=metadata.profile_for(image, colour=colours),
            returnoffset=True,
            **options,
        )
    except OSError as error:
        if error.errno is None:  # NumPy reports an incomplete write without a number
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)) from error
        raise
    assert found is not None
    return found[0]
