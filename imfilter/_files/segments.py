"""Decoding of the strips and tiles of a TIFF page, after a check against the file.

tifffile decodes all of them, with the compiled codecs of imagecodecs. If that package is not installed, this
module decompresses the common compressions, and tifffile does everything else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import IO, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from . import codecs
from .image import FileError

_NONE = 1
_TILE = 16  # the smallest side of a tile that TIFF allows
_LARGEST_TILE = 1 << 24  # pixels
_SMALLEST_PICTURE = 64  # pixels in a strip or tile that is a complete picture
_GROUP = 1 << 24  # bytes that are decompressed together
_SHARED = 1 << 28  # bytes; strips may share up to this number of bytes of the file


@dataclass(frozen=True)
class Grid:
    """The division of a page into strips or tiles.

    Parameters
    ----------
    width, height : int
        Size of a strip or tile in pixels.
    across, down, planes : int
        Number of strips or tiles in each direction, and number of planes of samples.
    row : int
        Bytes of one row of a strip or tile, uncompressed.
    """

    width: int
    height: int
    across: int
    down: int
    planes: int
    row: int

    @property
    def count(self) -> int:
        """The number of strips or tiles of a page."""
        return self.across * self.down * self.planes


class Segment(NamedTuple):
    """A strip or tile: the position of its bytes, and its rows. The length is 0 if the file omits it."""

    start: int
    length: int
    rows: int


def samples(path: str, file: IO[bytes], page: Any) -> NDArray[Any]:
    """Decode all samples of a page.

    Parameters
    ----------
    path : str
        The file's name, for messages.
    file : binary file
        Open for reading, seekable.
    page : tifffile.TiffPage
        The tags that describe the strips or tiles.

    Returns
    -------
    ndarray
        ``(height, width, samples)``, in the byte order of this machine.

    Raises
    ------
    FileError
        If the file is too short for its pixels, or if a required package is not installed.
    """
    codec = codecs.of(path, page)
    grid = _grid(path, page)
    segments = _segments(path, file, page, codec, grid)
    _check_pictures(path, file, codec, grid, segments)
    undo = codecs.undone_here(path, page, codec)
    decoded = page.asarray() if undo is None else _decoded(file, page, undo, grid, segments)
    if page.planarconfig == 2:
        planes = (page.samplesperpixel, page.imagelength, page.imagewidth)
        decoded = np.moveaxis(decoded.reshape(planes), 0, -1)
    decoded = decoded.reshape(page.imagelength, page.imagewidth, page.samplesperpixel)
    return decoded.astype(page.dtype, copy=False)


def _grid(path: str, page: Any) -> Grid:
    width, height = page.imagewidth, page.imagelength
    planes, depth = (page.samplesperpixel, 1) if page.planarconfig == 2 else (1, page.samplesperpixel)
    tiled = page.is_tiled
    across, down = (page.tilewidth, page.tilelength) if tiled else (width, page.rowsperstrip or height)
    if min(across, down) < 1 or page.tiledepth != 1:
        raise FileError(f"{path}: is damaged: its tiles have no pixels")
    row = -(-across * depth * page.bitspersample // 8)
    grid = Grid(across, down, -(-width // across), -(-height // down), planes, row)
    if tiled:
        area, covered = across * down, across * down * grid.across * grid.down
        if grid.across * grid.down > 1 and area < _TILE * _TILE:
            raise FileError(f"{path}: has tiles of {across} x {down} pixels; TIFF requires {_TILE} x {_TILE}")
        if covered > max(4 * width * height, _LARGEST_TILE):
            raise FileError(f"{path}: has tiles of {across} x {down} pixels for only {width} x {height}")
    return grid


def _segments(path: str, file: IO[bytes], page: Any, codec: codecs.Codec, grid: Grid) -> list[Segment]:
    """Return all strips or tiles, after a check that they are long enough for their pixels."""
    size = file.seek(0, 2)
    offsets, lengths = list(page.dataoffsets), list(page.databytecounts)
    if min(len(offsets), len(lengths)) < grid.count:
        raise FileError(f"{path}: is damaged: it lists {len(offsets)} of its {grid.count} strips or tiles")
    del offsets[grid.count :], lengths[grid.count :]
    rows = np.full((grid.planes, grid.down, grid.across), grid.height)
    if not page.is_tiled:
        rows[:, -1] = page.imagelength - (grid.down - 1) * grid.height
    heights = rows.ravel()
    needed = heights * grid.row
    if grid.count == 1 and page.is_contiguous:
        lengths = [int(needed[0])]  # some programs write a wrong length, which is ignored
    starts = np.minimum(np.array(offsets, np.uint64), size).astype(np.int64)
    available = np.minimum(np.array(lengths, np.uint64), size - starts).astype(np.int64)
    empty = np.array([offset == 0 == length for offset, length in zip(offsets, lengths, strict=True)])
    short = ((available + 1) * codec.most < needed) | (available * codec.rows < heights)
    short |= available < lengths
    if (short & ~empty).any() or empty.all():
        raise FileError(
            f"{path}: is incomplete or damaged: {available.sum()} bytes of {codec.name} data cannot hold "
            f"{page.imagewidth} x {page.imagelength} pixels"
        )
    if available.sum() > size + _SHARED:
        raise FileError(f"{path}: is damaged: its strips or tiles overlap")
    return [
        Segment(int(start), 0 if omitted else int(length), int(height))
        for start, length, height, omitted in zip(starts, available, heights, empty, strict=True)
    ]


def _check_pictures(
    path: str, file: IO[bytes], codec: codecs.Codec, grid: Grid, segments: list[Segment]
) -> None:
    """Raise an error if a strip or tile has a larger picture: a small file must not fill the memory."""
    if codec.size is None:
        return
    if grid.count > 1 and grid.width * grid.height < _SMALLEST_PICTURE:
        raise FileError(
            f"{path}: has strips or tiles of {grid.width} x {grid.height} pixels, too small for {codec.name}"
        )
    for segment in segments:
        if not segment.length:
            continue
        width, height = codec.size(_bytes(file, segment))
        if width > grid.width or height > grid.height:
            raise FileError(
                f"{path}: is damaged: a strip or tile of {grid.width} x {grid.height} pixels holds "
                f"a {codec.name} picture of {width} x {height}"
            )


def _decoded(
    file: IO[bytes], page: Any, undo: codecs.Undo, grid: Grid, segments: list[Segment]
) -> NDArray[Any]:
    """Decompress all strips or tiles here, and decode the rest with tifffile."""
    page.compression = _NONE  # tifffile now treats the data as uncompressed
    result = np.empty(page.shaped, page.dtype)
    group_length = max(1, _GROUP // (grid.height * grid.row))
    cut = grid.across * grid.down
    for first in (
        start for plane in range(0, grid.count, cut) for start in range(plane, plane + cut, group_length)
    ):
        group = segments[first : min(first + group_length, first - first % cut + cut)]
        strips = [_bytes(file, segment) for segment in group if segment.length]
        data = (
            undo(strips, [segment.rows for segment in group if segment.length], grid.row) if strips else b""
        )
        position = 0
        for index, segment in enumerate(group, first):
            size = segment.rows * grid.row if segment.length else 0
            stored = data[position : position + size] or None
            tile, (plane, _, top, left, _), shape = page.decode(stored, index)
            position += size
            target = result[plane, 0, top : top + shape[1], left : left + shape[2]]
            target[...] = page.nodata if tile is None else tile[0, : target.shape[0], : target.shape[1]]
    return result


def _bytes(file: IO[bytes], segment: Segment) -> bytes:
    file.seek(segment.start)
    return file.read(segment.length)
