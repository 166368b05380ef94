"""TIFF through tifffile: every sample type, and the metadata that belongs to a picture."""

from __future__ import annotations

import errno
import os
from typing import IO, Any

import numpy as np
import tifffile
from numpy.typing import NDArray

from . import exif, metadata
from .image import FileError, Image, check_size, full_scale, warn

# None, deflate (two numbers for it), PackBits and LZMA: what tifffile decodes by itself. The others
# need a package of compiled codecs, while Pillow's libtiff reads them.
_OWN_CODECS = (1, 8, 32946, 32773, 34925)
_UNASSOCIATED = 2
_ASSOCIATED = 1


def read(path: str, file: IO[bytes], max_pixels: int | None) -> Image | None:
    """Read an open TIFF; None where Pillow has to decode it (its codec, palette or colour space)."""
    with tifffile.TiffFile(file) as opened:
        pages = [page for page in opened.pages if not _is_extra(page)] or list(opened.pages)
        if len(pages) != 1:
            raise FileError(
                f"{path}: holds {len(pages)} pages and this command filters single pictures; "
                "save the stack as .npy to filter it as a volume"
            )
        page: Any = pages[0].aspage()
        check_size(path, page.imagewidth, page.imagelength, max_pixels)
        if page.imagedepth != 1:
            raise FileError(f"{path}: is a volume; save it as .npy to filter it")
        if not _is_plain(page):
            return None
        pixels = page.asarray()
        if pixels is None or pixels.size == 0:
            raise FileError(f"{path}: holds no pixels")
        pixels = _channels_last(pixels, page)
        extras = tuple(int(extra) for extra in page.extrasamples)
        return _describe(path, file, page, pixels, extras)


def _is_extra(page: Any) -> bool:
    """Whether a page is a thumbnail or a mask of another one."""
    return bool(getattr(page.aspage(), "subfiletype", 0) & 0b101)


def _is_plain(page: Any) -> bool:
    return (
        page.dtype is not None
        and page.dtype.kind in "uif"
        and page.bitspersample == 8 * page.dtype.itemsize
        and page.photometric in (0, 1, 2)
        and (page.compression in _OWN_CODECS or not _is_for_pillow(page))
    )


def _is_for_pillow(page: Any) -> bool:
    """Whether Pillow keeps every bit; where it does not, tifffile says which package would help."""
    return bool(page.dtype == np.uint8 or (page.dtype == np.uint16 and page.planarconfig == 1))


def _channels_last(pixels: NDArray[Any], page: Any) -> NDArray[Any]:
    samples = page.samplesperpixel
    if samples == 1:
        return pixels.reshape(page.imagelength, page.imagewidth)
    if page.planarconfig == 2:
        return np.moveaxis(pixels.reshape(samples, page.imagelength, page.imagewidth), 0, -1)
    return pixels.reshape(page.imagelength, page.imagewidth, samples)


def _describe(path: str, file: IO[bytes], page: Any, pixels: NDArray[Any], extras: tuple[int, ...]) -> Image:
    pixels = pixels.astype(pixels.dtype.newbyteorder("="), copy=False)
    colours = 3 if page.photometric == 2 else 1
    samples = 1 if pixels.ndim == 2 else pixels.shape[-1]
    if samples not in (colours, colours + 1):
        raise FileError(
            f"{path}: {samples} samples a pixel; only grey and RGB, with or without alpha, are read"
        )
    alpha = samples == colours + 1
    if page.photometric == 0:
        pixels = _inverted(path, pixels, alpha)
    if alpha and extras[:1] == (_ASSOCIATED,):
        pixels = _straightened(pixels)
    orientation, block = read_exif(path, file)
    dpi = _dpi(page)
    if dpi and metadata.swaps_axes(orientation):
        dpi = dpi[::-1]
    icc = page.iccprofile if isinstance(page.iccprofile, bytes) else None
    return Image(metadata.upright(pixels, orientation), samples > 1, alpha, icc, block, dpi)


def read_exif(path: str, file: IO[bytes]) -> tuple[int, bytes | None]:
    """Return the orientation and the EXIF of an open TIFF."""
    try:
        orientation, block, moved = exif.from_tiff(file)
    except ValueError as error:  # the pixels may be fine
        warn(path, f"its EXIF is damaged and left out: {error}")
        return 1, None
    if moved:
        warn(path, exif.MOVED)
    return orientation or 1, block


def _inverted(path: str, pixels: NDArray[Any], alpha: bool) -> NDArray[Any]:
    if pixels.dtype.kind != "u":
        raise FileError(f"{path}: 'white is zero' is only read for unsigned integers, not {pixels.dtype}")
    pixels = pixels.copy()
    colour = pixels[..., :-1] if alpha else pixels
    np.subtract(np.iinfo(pixels.dtype).max, colour, out=colour)
    return pixels


def _straightened(pixels: NDArray[Any]) -> NDArray[Any]:
    """Divide premultiplied colour by alpha, so that every Image means the same."""
    full = full_scale(pixels.dtype)
    alpha = pixels[..., -1:].astype(np.float64)
    colour = np.divide(pixels[..., :-1] * full, alpha, out=np.zeros(pixels[..., :-1].shape), where=alpha > 0)
    if pixels.dtype.kind in "ui":
        colour = np.clip(np.rint(colour), 0, full)
    return np.concatenate([colour.astype(pixels.dtype), pixels[..., -1:]], axis=-1)


def _dpi(page: Any) -> tuple[float, float] | None:
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


def write(file: IO[bytes], image: Image) -> str | None:
    """Write one uncompressed page, the form that every reader of TIFF understands; return what was lost."""
    pixels = image.pixels
    colours = image.colour.ndim == 3
    embedded = exif.Embedded(image.exif)
    options: dict[str, Any] = {}
    if image.dpi is not None:
        options.update(resolution=image.dpi, resolutionunit="INCH")
    if image.alpha:
        options.update(extrasamples=[_UNASSOCIATED])
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
        if error.errno is None:  # fewer bytes written than asked for, as NumPy puts it
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)) from error
        raise
    return embedded.finish(file)
