"""Copy EXIF from file to file. Only the orientation and the thumbnail change.

A block of EXIF contains offsets. Some are in the maker notes, and only the maker of the camera knows their
format. So the block is copied byte by byte. Values that are no longer correct are changed in place.

In a TIFF file, the directories of the file contain the EXIF. They also describe how the pixels are stored. A
block is written at the start of a TIFF file, so that every offset stays correct. To get a block from a TIFF
file, the directories are written again. The maker notes keep their offset if the block has space for that.

Source: CIPA DC-008 (EXIF 3.0), section 4.6; TIFF, revision 6.0.
"""

from __future__ import annotations

import dataclasses
import io
import struct
from collections.abc import Mapping
from typing import IO, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .directories import Directory, Entry, Form, Tiff, Tree, Value, packed
from .formats import JPEG_EXIF
from .metadata import ORIENTATION

#: The first bytes of a block in a JPEG file.
PREFIX = b"Exif\0\0"

DESCRIPTION, X_RESOLUTION, Y_RESOLUTION, UNIT = 0x010E, 0x011A, 0x011B, 0x0128
EXIF_IFD, GPS_IFD, INTEROP_IFD, MAKER_NOTE = 0x8769, 0x8825, 0xA005, 0x927C
#: Directories below the first one, by the tag that points to each, and the directories below them.
_BELOW: dict[int, dict] = {EXIF_IFD: {INTEROP_IFD: {}}, GPS_IFD: {}}
_RESOLUTION = (X_RESOLUTION, Y_RESOLUTION, UNIT)
# Tags of the first directory of a TIFF file that describe the picture, not its storage: DocumentName,
# ImageDescription, Make, Model, resolution, PageName, Software, DateTime, Artist, HostComputer, Rating,
# RatingPercent, Copyright, and the Windows titles.
_DESCRIPTIVE = {269, 270, 271, 272, *_RESOLUTION, 285, 305, 306, 315, 316, 18246, 18249, 33432}
_DESCRIPTIVE |= set(range(40091, 40096))
# Tags that describe the storage of pixels, which must not be copied into another TIFF file: sizes, strips,
# tiles, colour maps, predictors, sample formats, JPEG tables, thumbnails, the ICC profile, subdirectories.
_STORAGE = {*range(254, 267), 273, *range(277, 282), 284, *range(288, 294), 301, *range(317, 326), 330, 332}
_STORAGE |= {*range(336, 344), 347, *range(512, 522), 529, 530, 532, 34675}
_THUMBNAIL, _THUMBNAIL_LENGTH = 0x0201, 0x0202
_PIECES = {273: 279, 324: 325}  # tags of the offsets and of the lengths of strips and tiles
_SHORT = 3
_WRITTEN = {1: "B", 3: "H", 4: "I", 6: "b", 8: "h", 9: "i"}  # accepted types of an orientation
# The start of a description with the layout of a stack. That layout is no longer correct.
_LAYOUTS = (b'{"shape"', b"ImageJ=", b"<?xml")


class Exif(NamedTuple):
    """The EXIF of a file: the orientation (None if not given), a block, and whether maker notes moved."""

    orientation: int | None
    block: bytes | None
    moved: bool = False


#: The message for maker notes that could not keep their offset.
MOVED = "the maker notes in its EXIF have moved, and programs may not read all of them"


def patched(block: bytes) -> Exif:
    """Return the orientation of a block, and the block for a picture that has been turned upright.

    The orientation becomes 1. The thumbnail is removed, because it shows the original picture. All other
    bytes keep their offsets.

    Parameters
    ----------
    block : bytes
        The block in a file, with or without its prefix.

    Raises
    ------
    ValueError
        If the header or the first directory cannot be read.
    """
    while block.startswith(PREFIX):
        block = block[len(PREFIX) :]
    if not block:
        return Exif(None, None)
    data = bytearray(block)
    tiff = Tiff(io.BytesIO(block))
    if tiff.form.wide:
        raise ValueError("it has the offsets of BigTIFF")
    first = tiff.directory(tiff.first)
    orientation = _orientation(tiff, first)
    for entry in first.entries:
        if orientation in range(2, 9) and entry.tag == ORIENTATION and entry.kind in _WRITTEN:
            struct.pack_into(tiff.form.order + _WRITTEN[entry.kind], data, entry.field, 1)
    link = first.stop - tiff.form.offset.size
    # Some programs omit the offset of the next directory. Then a value is at its position.
    if first.next and not any(e.start < first.stop and e.stop > link for e in first.entries):
        data[link : first.stop] = bytes(first.stop - link)
        _blank(data, tiff, first)
    return Exif(orientation, PREFIX + bytes(data))


def _orientation(tiff: Tiff, directory: Directory) -> int | None:
    orientation = None
    for entry in directory.entries:
        if entry.tag == ORIENTATION and entry.kind in _WRITTEN and entry.count == 1:
            (orientation,) = tiff.integers(entry)
    return orientation


def _blank(data: bytearray, tiff: Tiff, first: Directory) -> None:
    """Overwrite the directories after the first one and their thumbnails with zeros. Cut them at the end."""
    removed = _covered(len(data), _after(tiff, first)) & ~_covered(len(data), _pieces_of(tiff, first, _BELOW))
    np.frombuffer(data, np.uint8)[removed] = 0
    remaining = np.flatnonzero(~removed)
    del data[int(remaining[-1]) + 1 :]


def _covered(size: int, pieces: list[tuple[int, int]]) -> NDArray[np.bool_]:
    """Return which bytes are in at least one of the pieces. A piece is a start and a stop."""
    steps = np.zeros(size + 1, np.int64)
    for start, stop in pieces:
        if 0 <= start < stop <= size:
            steps[start] += 1
            steps[stop] -= 1
    return steps[:-1].cumsum() > 0


def _after(tiff: Tiff, first: Directory) -> list[tuple[int, int]]:
    """Return the pieces that belong to the directories after the first one."""
    pieces: list[tuple[int, int]] = []
    offset, seen = first.next, {tiff.first}
    while offset and offset not in seen:
        seen.add(offset)
        try:
            directory = tiff.directory(offset)
        except ValueError:
            break
        pieces += [(directory.start, directory.stop), *((e.start, e.stop) for e in directory.entries)]
        values = {entry.tag: tiff.integers(entry) for entry in directory.entries if entry.tag in _PLACES}
        for places, lengths in ((_THUMBNAIL, _THUMBNAIL_LENGTH), *_PIECES.items()):
            # Lengths may be wrong. A piece ends at the end of the block at the latest.
            for start, length in zip(values.get(places, ()), values.get(lengths, ()), strict=False):
                pieces.append((start, min(start + length, tiff.size)))
        offset = directory.next
    return pieces


_PLACES = {_THUMBNAIL, _THUMBNAIL_LENGTH, *_PIECES, *_PIECES.values()}


def _pieces_of(tiff: Tiff, directory: Directory, below: dict[int, dict]) -> list[tuple[int, int]]:
    """Return the pieces that belong to a directory and to the directories below it."""
    pieces = [(0, 8), (directory.start, directory.stop)]
    for entry in directory.entries:
        pieces.append((entry.start, entry.stop))
        if entry.tag in below and (lower := _lower(tiff, entry)) is not None:
            pieces += _pieces_of(tiff, lower, below[entry.tag])
    return pieces


def _lower(tiff: Tiff, entry: Entry) -> Directory | None:
    """Return the directory that an entry points to, if there is one."""
    try:
        return tiff.directory(tiff.integers(entry)[0])
    except (IndexError, ValueError):
        return None


def from_tiff(file: IO[bytes]) -> Exif:
    """Return the EXIF of an open TIFF file as a block, with the tags that describe the picture.

    The maker notes keep their offset in the file, unless this would make the block too long.

    Parameters
    ----------
    file : binary file
        Open for reading, seekable.

    Raises
    ------
    ValueError
        If the first directory cannot be read, or if a directory refers to more bytes than the file has.
    """
    tiff = Tiff(file)
    first = tiff.directory(tiff.first)
    orientation = _orientation(tiff, first)
    copied = [entry for entry in first.entries if entry.tag in {ORIENTATION, *_DESCRIPTIVE, *_BELOW}]
    tree, note_at = _tree(tiff, copied)
    description = tree.get(DESCRIPTION)
    if isinstance(description, Value) and description.data.lstrip().startswith(_LAYOUTS):
        del tree[DESCRIPTION]
    if tree.keys() <= {ORIENTATION, *_RESOLUTION}:
        return Exif(orientation, None)
    if orientation in range(5, 9) and X_RESOLUTION in tree and Y_RESOLUTION in tree:
        tree[X_RESOLUTION], tree[Y_RESOLUTION] = tree[Y_RESOLUTION], tree[X_RESOLUTION]
    if ORIENTATION in tree:
        tree[ORIENTATION] = Value(_SHORT, 1, struct.pack(tiff.form.order + "H", 1))
    block, moved = _block(Form(tiff.form.order), tree, note_at)
    return Exif(orientation, PREFIX + block, moved)


def _tree(tiff: Tiff, entries: list[Entry]) -> tuple[dict[int, Value | Tree], int | None]:
    """Return the values of entries of the first directory, and the offset of the maker notes, if any.

    Raise ValueError if the values have more bytes than the file. A small file must not fill the memory.
    """
    bytes_left, note_at = tiff.size, None

    def read(entries: list[Entry], below: dict[int, dict]) -> dict[int, Value | Tree]:
        nonlocal bytes_left, note_at
        tree: dict[int, Value | Tree] = {}
        for entry in entries:
            if entry.tag in below:
                lower = _lower(tiff, entry)
                if lower is not None and (items := read(lower.entries, below[entry.tag])):
                    tree[entry.tag] = items
            elif entry.stop > entry.start:
                bytes_left -= entry.stop - entry.start
                if bytes_left < 0:
                    raise ValueError("its values overlap")
                tree[entry.tag] = tiff.value(entry)
                if entry.tag == MAKER_NOTE and INTEROP_IFD in below:
                    note_at = entry.start
        return tree

    return read(entries, _BELOW), note_at


def _block(form: Form, tree: dict[int, Value | Tree], note_at: int | None) -> tuple[bytes, bool]:
    """Return a block with these directories, and whether the maker notes have a new offset."""

    def with_directories(base: int, middle: bytes = b"") -> bytes:
        header = (b"II" if form.order == "<" else b"MM") + struct.pack(form.order + "HI", 42, base)
        return header + middle + packed(form, tree, base)

    compact = with_directories(8)
    lower = tree.get(EXIF_IFD)
    note = lower.get(MAKER_NOTE) if isinstance(lower, Mapping) else None
    if note_at is None or not isinstance(note, Value) or not isinstance(lower, Mapping):
        return compact, False
    if len(note.data) <= form.offset.size:  # it is stored inside its entry and has no offsets
        return compact, False
    tree[EXIF_IFD] = {**lower, MAKER_NOTE: dataclasses.replace(note, at=note_at)}
    before = with_directories(8)
    if len(before) <= note_at:
        if _affordable(note_at + len(note.data), len(compact)):
            return before.ljust(note_at, b"\0") + note.data, False
    elif note_at >= 8 and _affordable(note_at + len(note.data) + len(before), len(compact)):
        middle = bytes(note_at - 8) + note.data
        middle += bytes(len(middle) % 2)
        return with_directories(8 + len(middle), middle), False
    return compact, True


def _affordable(size: int, compact: int) -> bool:
    """Return whether a block with a gap is short enough.

    It must fit in a JPEG file. If the block without the gap does not fit either, the gap may double its size.
    """
    limit = JPEG_EXIF - len(PREFIX)
    return size <= (limit if compact <= limit else 2 * compact)


class Embedded:
    """A block to write into a TIFF file: at its start, and in the directory of its page.

    Parameters
    ----------
    block : bytes or None
        The EXIF, as `patched` returns it. None writes nothing.
    """

    def __init__(self, block: bytes | None) -> None:
        self._data = (block or b"").removeprefix(PREFIX)
        self._tiff = Tiff(io.BytesIO(self._data)) if self._data else None

    @property
    def order(self) -> Literal["<", ">"]:
        """The byte order that the TIFF file must have."""
        return ">" if self._tiff is not None and self._tiff.form.order == ">" else "<"

    @property
    def align(self) -> int:
        """The offset of the pixels must be a multiple of this number, to leave space for the block."""
        return max(16, -(-len(self._data) // 16) * 16)

    def finish(self, file: IO[bytes]) -> str | None:
        """Put the block into the first page of a TIFF file. Return the message about a loss, if any.

        Parameters
        ----------
        file : binary file
            Open for reading and writing. The pixels are already written, with this `order` and `align`.
        """
        if self._tiff is None:
            return None
        target = Tiff(file)
        page = target.directory(target.first)
        inline = target.form.offset.size
        lost = None
        if target.form.wide:  # BigTIFF directories have another form
            tree, lost = self._copied()
        else:
            tree = self._linked()
        tree = {tag: item for tag, item in tree.items() if tag not in _STORAGE}
        for entry in page.entries:
            value = target.value(entry)
            # Bytes at the position of the block move behind the pixels.
            if len(value.data) > inline and (target.form.wide or entry.start >= len(self._data)):
                value = dataclasses.replace(value, at=entry.start)
            tree[entry.tag] = value
        end = file.seek(0, 2)
        end += file.write(bytes(end % 2))
        file.write(packed(target.form, tree, end, page.next))
        if not target.form.wide:
            file.seek(8)
            file.write(self._data[8:])
        file.seek(target.pointer)
        file.write(target.form.offset.pack(end))
        return lost

    def _linked(self) -> dict[int, Value | Tree]:
        """Return the first directory of the block, with unchanged offsets."""
        assert self._tiff is not None
        tree: dict[int, Value | Tree] = {}
        for entry in self._tiff.directory(self._tiff.first).entries:
            if entry.stop > entry.start:
                value = self._tiff.value(entry)
                inline = len(value.data) <= self._tiff.form.offset.size
                tree[entry.tag] = value if inline else dataclasses.replace(value, at=entry.start)
        return tree

    def _copied(self) -> tuple[dict[int, Value | Tree], str | None]:
        """Return all directories of the block with their values, and the message about a loss, if any."""
        assert self._tiff is not None
        try:
            tree, note_at = _tree(self._tiff, self._tiff.directory(self._tiff.first).entries)
        except ValueError as error:
            return {}, f"its EXIF is damaged and left out: {error}"
        return tree, None if note_at is None else MOVED
