"""Directories of a TIFF structure: find the bytes of each tag, and write directories from such bytes.

EXIF has the structure of a TIFF file: a header with the byte order, and directories of entries. An entry has
a tag, a type, a count and a field. The field has the value, or the offset of a longer value. This module does
not decode the values.

Source: TIFF, revision 6.0, section 2; for wide offsets, the BigTIFF proposal.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import IO, NamedTuple, TypeAlias

_ORDERS = {b"II": "<", b"MM": ">"}
#: Bytes of one value of each type. Type 129 is UTF-8 text (EXIF 3.0).
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 129: 1}
_WIDE_SIZES = {16: 8, 17: 8, 18: 8}
_WHOLE = {1: "B", 3: "H", 4: "I", 6: "b", 8: "h", 9: "i", 13: "I", 16: "Q", 17: "q", 18: "Q"}
_LONG = 4


class Form(NamedTuple):
    """The format of directories. Offsets have 4 bytes, or 8 bytes in BigTIFF."""

    order: str
    wide: bool = False

    @property
    def entry(self) -> struct.Struct:
        """Tag, type, count and field of an entry."""
        return struct.Struct(self.order + ("HHQ8s" if self.wide else "HHI4s"))

    @property
    def length(self) -> struct.Struct:
        """The number of entries of a directory."""
        return struct.Struct(self.order + ("Q" if self.wide else "H"))

    @property
    def offset(self) -> struct.Struct:
        """An offset."""
        return struct.Struct(self.order + ("Q" if self.wide else "I"))


@dataclass(frozen=True)
class Entry:
    """One entry of a directory in a file.

    Parameters
    ----------
    tag, kind, count : int
        The tag, the number of its type, and the number of values.
    field : int
        The offset of the field. The field has the value or the offset of the value.
    start, stop : int
        The range of the value in the file. Both are 0 if the type is unknown or the range exceeds the file.
    """

    tag: int
    kind: int
    count: int
    field: int
    start: int
    stop: int


class Directory(NamedTuple):
    """A directory: its entries, the offset of the next directory (0 if none), and its range of bytes."""

    entries: list[Entry]
    next: int
    start: int
    stop: int


@dataclass(frozen=True)
class Value:
    """The value of a new entry.

    Parameters
    ----------
    kind, count : int
        The number of its type, and the number of values.
    data : bytes
        The values.
    at : int or None
        The offset of these bytes, if the file already has them. None: write them.
    """

    kind: int
    count: int
    data: bytes
    at: int | None = None


#: Tags and their values. If the value of a tag is a directory, the tag points to that directory.
Tree: TypeAlias = Mapping[int, "Value | Tree"]


class Tiff:
    """An open file, or a block in memory, with the structure of a TIFF file.

    Parameters
    ----------
    file : binary file
        Open for reading, seekable.

    Raises
    ------
    ValueError
        If the header is not that of a TIFF file. Later, if a directory to read is outside the file.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.size = file.seek(0, 2)
        start = self._read(0, 8)
        order = _ORDERS.get(start[:2], "")
        magic = struct.unpack(order + "H", start[2:4])[0] if order else 0
        if magic not in (42, 43):
            raise ValueError("it has no TIFF header")
        self.form = Form(order, magic == 43)
        self.pointer = 8 if self.form.wide else 4  # position of the offset of the first directory
        (self.first,) = self.form.offset.unpack(self._read(self.pointer, self.form.offset.size))

    def _read(self, start: int, length: int) -> bytes:
        if start + length > self.size:
            raise ValueError("it has an offset beyond its end")
        self._file.seek(start)
        return self._file.read(length)

    def directory(self, offset: int) -> Directory:
        """Return the directory at an offset."""
        form = self.form
        (count,) = form.length.unpack(self._read(offset, form.length.size))
        head, size = offset + form.length.size, form.entry.size
        data = self._read(head, count * size)
        entries = [
            self._entry(head + place, *form.entry.unpack_from(data, place))
            for place in range(0, count * size, size)
        ]
        stop = head + count * size
        following = 0
        if stop + form.offset.size <= self.size:  # some programs omit the last offset
            (following,) = form.offset.unpack(self._read(stop, form.offset.size))
            stop += form.offset.size
        return Directory(entries, following, offset, stop)

    def _entry(self, at: int, tag: int, kind: int, count: int, field: bytes) -> Entry:
        length = count * self._sizes().get(kind, 0)
        start = at + self.form.entry.size - len(field)
        place = start
        if length > len(field):
            (place,) = self.form.offset.unpack(field)
        if not length or place + length > self.size:
            return Entry(tag, kind, count, start, 0, 0)
        return Entry(tag, kind, count, start, place, place + length)

    def _sizes(self) -> Mapping[int, int]:
        return _SIZES | _WIDE_SIZES if self.form.wide else _SIZES

    def data(self, entry: Entry) -> bytes:
        """Return the bytes of an entry's value."""
        return self._read(entry.start, entry.stop - entry.start)

    def integers(self, entry: Entry) -> tuple[int, ...]:
        """Return an entry's value as integers, or an empty tuple if its type is not an integer type."""
        code = _WHOLE.get(entry.kind)
        if code is None or entry.stop == entry.start:
            return ()
        return struct.unpack(f"{self.form.order}{entry.count}{code}", self.data(entry))

    def value(self, entry: Entry) -> Value:
        """Return an entry's value with its bytes."""
        return Value(entry.kind, entry.count, self.data(entry))


def packed(form: Form, tree: Tree, base: int, following: int = 0) -> bytes:
    """Return the bytes of a directory, its values and the directories below it, for the offset `base`.

    `following` is the offset of the next directory.
    Types that exist only in BigTIFF are omitted if the form is not wide.
    """
    known = _SIZES | _WIDE_SIZES if form.wide else _SIZES
    items = [
        (tag, item) for tag, item in sorted(tree.items()) if not isinstance(item, Value) or item.kind in known
    ]
    head = form.length.pack(len(items))
    body = bytearray()
    base += len(head) + len(items) * form.entry.size + form.offset.size
    for tag, item in items:
        position = base + len(body)
        if not isinstance(item, Value):
            body += packed(form, item, position)
            head += form.entry.pack(tag, _LONG, 1, _pointer(form, position))
        elif len(item.data) <= form.offset.size and item.at is None:
            head += form.entry.pack(tag, item.kind, item.count, item.data.ljust(form.offset.size, b"\0"))
        else:
            if item.at is None:
                body += item.data
            at = position if item.at is None else item.at
            head += form.entry.pack(tag, item.kind, item.count, form.offset.pack(at))
        body += bytes(len(body) % 2)
    return head + form.offset.pack(following) + bytes(body)


def _pointer(form: Form, offset: int) -> bytes:
    return struct.pack(form.order + "I", offset).ljust(form.offset.size, b"\0")
