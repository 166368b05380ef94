"""TIFF through tifffile: every sample type, and the metadata of pictures."""

from __future__ import annotations

import errno
import os
from typing import IO, Any

import tifffile

from . import exif, metadata, pages, samples, segments
from .image import FileError, Image, check_size, warn

_ASSOCIATED, UNASSOCIATED = 1, 2
_GREY, _RGB = 1, 2
#: GDAL_NODATA: the value of absent samples, as text.
_NODATA = 42113
# For files of these programs, tifffile would read directories that have not been checked.
PLAIN = {"is_lsm": False, "is_ndpi": False, "is_scanimage": False}


def read(path: str, file: IO[bytes], max_pixels: int | None) -> Image:
    """Read an open TIFF file with one picture: grey or RGB, with or without alpha, any bit depth."""
    offset = pages.find(path, file)
    file.seek(0)
    with tifffile.TiffFile(file, **PLAIN) as opened:
        opened.filehandle.seek(offset)
        page = tifffile.TiffPage(opened, 0)
        check_size(path, page.imagewidth, page.imagelength, max_pixels)
        if page.imagedepth != 1:
            raise FileError(f"{path}: is a volume; save it as .npy to filter it")
        if min(page.imagewidth, page.imagelength, page.samplesperpixel) < 1:
            raise FileError(f"{path}: has no pixels")
        samples.check(path, page)
        pixels, alpha = samples.picture(page, segments.samples(path, file, page))
        dpi, icc, nodata = dpi_of(page), page.iccprofile, nodata_of(path, page)
    orientation, block = exif_of(path, file)
    if dpi and metadata.swaps_axes(orientation):
        dpi = dpi[::-1]
    pixels = metadata.upright(pixels, orientation)
    icc = icc if isinstance(icc, bytes) else None
    return Image(pixels, pixels.ndim == 3, alpha, icc, block, dpi, nodata=nodata)


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
    pixels = image.pixels
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
        tifffile.imwrite(
            file,
            pixels,
            byteorder=embedded.order,
            align=embedded.align,
            photometric="rgb" if colours else "minisblack",
            planarconfig="contig" if image.channels else None,
            metadata=None,
            software=False,
            iccprofile=metadata.profile_for(image, colour=colours),
            **options,
        )
    except OSError as error:
        if error.errno is None:  # NumPy reports an incomplete write without a number
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)) from error
        raise
    return embedded.finish(file)
