"""TIFF files with several pages, also those of ImageJ and OME."""

from __future__ import annotations

import copy
import errno
import os
from collections.abc import Iterator
from typing import IO, Any

import numpy as np
import tifffile

from imfilter._base import dtypes

from . import exif, metadata, ome, pages, samples, segments, tiff, tiff_axes
from .image import FileError, Image, warn
from .stacks import Array, Stack, check_total

_OFFSETS, _LENGTHS = (273, 324), (279, 325)
_WIDTH, _HEIGHT = 256, 257
#: Tags that define how samples are stored, and what they mean.
_LAYOUT = (
    *(_WIDTH, _HEIGHT, 258, 259, 262, 266, 274, 277, 278, 284, 317, 320, 322, 323, 332, 338, 339),
    *(347, 529, 530, 531, 532),
)
#: Metadata of ImageJ with texts of all characters.
_UNICODE = ("Info", "Labels", "Properties")
#: Above this number of bytes, offsets may exceed 32 bits.
_CLASSIC = 2**32 - 2**25


def opened(path: str, file: IO[bytes], max_pixels: int | None) -> Stack | None:
    """Return the stack in an open TIFF file, or None if it has a single page without names of axes.

    Parameters
    ----------
    path : str
        The file's name, for messages.
    file : binary file
        Open for reading, seekable. The stack reads from it.
    max_pixels : int or None
        Largest accepted number of pixels of all pages.

    Raises
    ------
    FileError
        If the file is damaged, if its pages have different sizes or types, or if all pages together have too
        many pixels.
    """
    found = pages.pictures(path, file)
    first = found.directories[0]
    if pages.is_of_metamorph(first):
        raise FileError(
            f"{path}: is a stack of MetaMorph: its directory has {found.planes} pages; save it as OME-TIFF"
        )
    file.seek(0)
    parent = tifffile.TiffFile(file, **tiff.PLAIN)
    parent.filehandle.seek(first.start)
    page = tifffile.TiffPage(parent, 0)
    count = max(len(found.directories), found.planes)
    if count == 1 and not tiff_axes.is_named(page):
        return None
    if page.imagedepth != 1:
        raise FileError(f"{path}: is a volume; save it as .npy to filter it")
    if min(page.imagewidth, page.imagelength, page.samplesperpixel) < 1:
        raise FileError(f"{path}: has no pixels")
    check_total(path, (count, page.imagelength, page.imagewidth), max_pixels)
    samples.check(path, page)
    pages.check_values(path, found)
    places = _places(path, page, found) if found.planes == 1 else _contiguous(path, page, found, count)
    try:
        layout = tiff_axes.of(page, count)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        words = " ".join(str(error).split())[:120]
        warn(path, f"the names of its axes are left out: {words}")
        layout = tiff_axes.plain(count)

    def planes() -> Iterator[Array]:
        for number in layout.order:
            yield _plane(path, file, page, orientation, *places[number])

    colours, alpha = samples.picture(copy.copy(page), np.zeros((1, 1, page.samplesperpixel), page.dtype))
    orientation, block = tiff.exif_of(path, file)
    block = None if tiff_axes.is_named(page) else block
    turned = metadata.swaps_axes(orientation)
    size = (page.imagelength, page.imagewidth)
    shape = (*layout.shape, *(size[::-1] if turned else size), *colours.shape[2:])
    axes = layout.axes + "YX" + "S" * (colours.ndim - 2)
    distances = [layout.distances.get(axis, (None, "")) for axis in axes]
    icc = page.iccprofile
    dpi = None if layout.distances else tiff.dpi_of(page)
    header = Image(
        dtypes.blank(shape, colours.dtype),
        colours.ndim == 3,
        alpha,
        icc if isinstance(icc, bytes) else None,
        block,
        dpi[::-1] if dpi and turned else dpi,
        nodata=tiff.nodata_of(path, page),
        axes=axes,
        spacing=tuple(spacing for spacing, _ in distances),
        units=tuple(unit for _, unit in distances),
        details=layout.details,
    )
    return Stack(header, "ZYX" if "Z" in axes else "YX", planes)


def _plane(path: str, file: IO[bytes], page: Any, orientation: int, offsets: Any, lengths: Any) -> Array:
    """Decode one page, which is stored like the first page."""
    one = copy.copy(page)
    one.dataoffsets, one.databytecounts = offsets, lengths
    pixels, _ = samples.picture(one, segments.samples(path, file, one))
    return metadata.upright(pixels, orientation)


def _places(path: str, page: Any, found: pages.Pages) -> list[tuple[tuple[int, ...], tuple[int, ...]]]:
    """Return the offsets and lengths of the strips of all pages, after a check that pages are alike."""
    first, places, total = _form(found.tiff, found.directories[0]), [], 0
    for number, directory in enumerate(found.directories, 1):
        form = _form(found.tiff, directory)
        if form != first:
            raise FileError(f"{path}: {_difference(number, form, first)}")
        tags = {entry.tag: entry for entry in directory.entries}
        offsets, lengths = (
            next((found.tiff.integers(tags[tag]) for tag in names if tag in tags), ())
            for names in (_OFFSETS, _LENGTHS)
        )
        places.append((offsets, lengths))
        total += page.nbytes if page.is_contiguous else sum(lengths)
    if total > found.tiff.size or len({offsets for offsets, _ in places}) < len(places):
        raise FileError(
            f"{path}: is incomplete or damaged: {found.tiff.size} bytes cannot hold {len(places)} pages of "
            f"{page.imagewidth} x {page.imagelength} pixels"
        )
    return places


def _form(structure: Any, directory: Any) -> dict[int, Any]:
    """Return the tags that define how a page is stored."""
    return {
        entry.tag: structure.integers(entry) or structure.data(entry)
        for entry in directory.entries
        if entry.tag in _LAYOUT and entry.stop > entry.start
    }


def _difference(number: int, form: dict[int, Any], first: dict[int, Any]) -> str:
    """Return the message about a page that is not like the first page."""
    here, there = ([of.get(tag, (0,))[0] for tag in (_WIDTH, _HEIGHT)] for of in (form, first))
    if here != there:
        return (
            f"its pages have different sizes: page {number} has {here[0]} x {here[1]} pixels and page 1 has "
            f"{there[0]} x {there[1]}; split it into files of one size"
        )
    return f"page {number} is stored in another way than page 1 (bits, colours or compression); save it anew"


def _contiguous(path: str, page: Any, found: pages.Pages, count: int) -> list[Any]:
    """Return the places of the planes of a stack with one directory: they follow each other."""
    if not page.is_contiguous:
        raise FileError(f"{path}: has {count} pages and one directory, and its data are compressed")
    start, size = page.dataoffsets[0], page.nbytes
    if start + size * count > found.tiff.size:
        raise FileError(
            f"{path}: is incomplete or damaged: {found.tiff.size} bytes cannot hold {count} pages of "
            f"{page.imagewidth} x {page.imagelength} pixels"
        )
    rows = page.rowsperstrip or page.imagelength
    strips = -(-page.imagelength // rows)
    row = size // page.imagelength
    lengths = tuple(row * min(rows, page.imagelength - rows * strip) for strip in range(strips))
    return [
        (tuple(start + size * number + row * rows * strip for strip in range(strips)), lengths)
        for number in range(count)
    ]


def write(file: IO[bytes], header: Image, planes: Iterator[Array]) -> str | None:
    """Write the pages of a stack, uncompressed. Return the message about a loss, if any.

    Parameters
    ----------
    file : binary file
        Open for reading and writing.
    header : Image
        Shape, type, axes and metadata.
    planes : iterator of ndarray
        The pages: ``(height, width)`` or ``(height, width, channels)``.
    """
    pixels, axes = header.pixels, header.axes
    large = pixels.nbytes > _CLASSIC
    coloured = header.channels and pixels.shape[-1] > 2
    options: dict[str, Any] = {
        "photometric": "rgb" if coloured else "minisblack",
        "planarconfig": "contig" if header.channels else None,
        "iccprofile": metadata.profile_for(header, colour=coloured),
        "software": False,
        "metadata": None,
    }
    if header.alpha:
        options["extrasamples"] = [tiff.UNASSOCIATED]
    if header.dpi is not None:
        options.update(resolution=header.dpi, resolutionunit="INCH")
    if header.nodata is not None:
        options["extratags"] = [tiff.nodata_tag(header.nodata)]
    embedded = exif.Embedded(None if any(header.spacing) else header.exif)
    form: dict[str, Any] = {"byteorder": embedded.order}
    details = header.details
    text = ome.renewed(details[tiff_axes.OME], header) if tiff_axes.OME in details else None
    fits_ome = ome.can_hold(axes, pixels.dtype)
    if text is not None and fits_ome:
        options["description"] = text
    elif tiff_axes.IMAGEJ in details and tiff_axes.suits_imagej(axes, pixels.dtype) and not large:
        form = {"imagej": True, "byteorder": ">"}
        options |= _of_imagej(header)
    elif any(spacing is not None for spacing in header.spacing) and fits_ome:
        form = {"ome": True}
        options["metadata"] = ome.keywords(header)
    elif set(axes) - set("IYXS"):
        options["metadata"] = {"axes": axes}
    try:
        with tifffile.TiffWriter(file, bigtiff=large, **form) as out:
            out.write(_pages(planes), shape=pixels.shape, dtype=pixels.dtype, align=embedded.align, **options)
    except FileError:  # of the input
        raise
    except OSError as error:
        if error.errno is None:  # NumPy reports an incomplete write without a number
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)) from error
        raise
    return embedded.finish(file)


def _pages(planes: Iterator[Array]) -> Iterator[Array]:
    return (np.ascontiguousarray(plane) for plane in planes)


def _of_imagej(header: Image) -> dict[str, Any]:
    """Return the options that write the metadata of ImageJ."""
    words = dict(header.details[tiff_axes.IMAGEJ])
    words["axes"] = header.axes
    labels = words.get("Labels")
    lengths = header.pixels.shape[: header.axes.index("Y")]
    if labels is not None and len(labels) != int(np.prod(lengths)):
        del words["Labels"]
    spacing, _ = header.distance("Z")
    if spacing is not None:
        words["spacing"] = spacing
    step, unit = header.distance("T")
    if step is not None and unit == "s":
        words["finterval"] = step
    if unit := header.distance("X")[1]:
        words.setdefault("unit", unit)
    for key, value in words.items():
        if isinstance(value, str) and key not in _UNICODE:  # as ImageJ does it
            words[key] = value.replace("µ", "\\u00B5").encode("ascii", "replace").decode()
    options: dict[str, Any] = {"metadata": words}
    x, y = (header.distance(axis)[0] for axis in "XY")
    if x and y:
        options.update(resolution=(1 / x, 1 / y), resolutionunit="NONE")
    return options
