"""Search for the pages of a TIFF file, before any value of the file is trusted.

A directory can point to itself, and thousands of entries can refer to the same bytes. Then a small file could
fill the memory, or reading would never end. So this module first visits all directories. In every
valid file, all entries fit into the file, and all values of one directory fit into the file.
"""

from __future__ import annotations

import re
from typing import IO, NamedTuple

from .directories import Directory, Tiff
from .image import FileError, warn

_SUBFILE, _OLD_SUBFILE, _DESCRIPTION, _SUB_DIRECTORIES, _METAMORPH = 254, 255, 270, 330, 33628
_REDUCED, _MASK = 0b001, 0b100
_OLD_REDUCED = 2
_ENTRY = 12  # bytes
_SHARED = 1 << 22  # bytes of values that pages may share
# ImageJ and tifffile write these texts for a stack of pictures if only the first picture has a directory.
_STACKS = (
    re.compile(rb"ImageJ=[^\0]*?^images=(\d{1,9})$", re.MULTILINE),
    re.compile(rb'\{"shape": \[(\d{1,9}), [^\0]*"truncated": true'),
)


def find(path: str, file: IO[bytes]) -> int:
    """Return the offset of the directory of the only picture in a TIFF file.

    Thumbnails and masks do not count.

    Parameters
    ----------
    path : str
        The file's name, for messages.
    file : binary file
        Open for reading, seekable.

    Raises
    ------
    FileError
        If there are several pictures or none, or if there are only thumbnails and the picture is in a
        sub-directory.
    """
    found = pictures(path, file)
    count = max(len(found.directories), found.planes)
    if count != 1:
        raise FileError(
            f"{path}: has {count} pages, and only single pictures are supported; "
            "save the stack as .npy to filter it as a volume"
        )
    return found.directories[0].start


class Pages(NamedTuple):
    """The directories of the pictures of a TIFF file.

    Attributes
    ----------
    tiff : Tiff
        The structure of the file.
    directories : list of Directory
        One for each picture. Thumbnails and masks are left out.
    planes : int
        Number of pictures of the only directory: some programs write a stack with one directory.
    """

    tiff: Tiff
    directories: list[Directory]
    planes: int


def pictures(path: str, file: IO[bytes]) -> Pages:
    """Return the directories of the pictures in a TIFF file, after a check that they fit into the file."""
    try:
        tiff = Tiff(file)
        directories = _chain(path, tiff)
    except ValueError as error:
        raise FileError(f"{path}: is damaged: {error}") from error
    pages = [directory for directory in directories if not _is_extra(tiff, directory)]
    if not pages and any(_has(directory, _SUB_DIRECTORIES) for directory in directories):
        raise FileError(
            f"{path}: has its picture in a sub-directory, like a camera raw file; "
            "convert it to an ordinary TIFF or PNG"
        )
    pages = pages or directories
    for directory in {d.start: d for d in (*directories[:1], *pages[:1])}.values():
        if _length(directory) > tiff.size:
            raise FileError(f"{path}: is damaged: the values of its directory overlap")
    return Pages(tiff, pages, _planes(tiff, pages[0]) if len(pages) == 1 else 1)


def is_of_metamorph(directory: Directory) -> bool:
    """Return whether a directory is of a stack of MetaMorph."""
    return _has(directory, _METAMORPH)


def check_values(path: str, found: Pages) -> None:
    """Raise an error if the values of all pages together are longer than the file.

    Pages may share some values, for example a colour profile.
    """
    if sum(map(_length, found.directories)) > found.tiff.size + _SHARED:
        raise FileError(f"{path}: is damaged: the values of its directories overlap")


def _length(directory: Directory) -> int:
    return sum(entry.stop - entry.start for entry in directory.entries)


def _chain(path: str, tiff: Tiff) -> list[Directory]:
    """Return all directories in the chain that starts with the first one."""
    directories: list[Directory] = []
    seen: set[int] = set()
    offset, entries_left = tiff.first, tiff.size // _ENTRY
    while offset:
        if offset in seen:
            raise FileError(f"{path}: is damaged: its directories form a loop")
        seen.add(offset)
        try:
            directory = tiff.directory(offset)
        except ValueError as error:
            if not directories:
                raise
            warn(path, f"its list of pages is damaged after page {len(directories)}: {error}")
            break
        entries_left -= len(directory.entries)
        if entries_left < 0:
            raise FileError(f"{path}: is damaged: its directories overlap")
        directories.append(directory)
        offset = directory.next
    if not directories:
        raise FileError(f"{path}: has no pages")
    return directories


def _has(directory: Directory, tag: int) -> bool:
    return any(entry.tag == tag for entry in directory.entries)


def _is_extra(tiff: Tiff, directory: Directory) -> bool:
    """Return whether a directory is of a thumbnail or of a mask of another picture."""
    for entry in directory.entries:
        if entry.tag == _SUBFILE and entry.count == 1:
            return any(value & (_REDUCED | _MASK) for value in tiff.integers(entry))
        if entry.tag == _OLD_SUBFILE and entry.count == 1:
            return _OLD_REDUCED in tiff.integers(entry)
    return False


def _planes(tiff: Tiff, directory: Directory) -> int:
    """Return the number of pictures of a directory. Some programs write a stack with one directory."""
    for entry in directory.entries:
        if entry.tag == _METAMORPH:
            return max(2, entry.count)
        if entry.tag == _DESCRIPTION and entry.kind in (2, 129):
            for layout in _STACKS:
                if images := layout.match(tiff.data(entry)):
                    return int(images[1])
    return 1
