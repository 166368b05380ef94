"""Directories of a TIFF structure: where each tag's bytes lie, and directories made of such bytes.

EXIF has the structure of a TIFF file: a header with the byte order, and directories of entries. An entry has
a tag, a type, a count and a field. The field has the value, or the offset of a value that is longer. Values
are left as bytes here.

Source: TIFF, revision 6.0, section 2; for wide offsets, the BigTIFF proposal.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import IO, NamedTuple, TypeAlias

_ORDERS = {b"II": "<", b"MM": ">"}
#: Bytes of one value of each type; 129 is text in UTF-8, of EXIF 3.0.
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 129: 1}
_WIDE_SIZES = {16: 8, 17: 8, 18: 8}
_WHOLE = {1: "B", 3: "H", 4: "I", 6: "b", 8: "h", 9: "i", 13: "I", 16: "Q", 17: "q", 18: "Q"}
_LONG = 4


class Form(NamedTuple):
    """How directories are written: with offsets of 4 bytes, or of 8 in BigTIFF."""

    order: str
    wide: bool = False

    @property
    def entry(self) -> struct.Struct:
        """Tag, type, count and field of an entry."""
        return struct.Struct(self.order + ("HHQ8s" if self.wide else "HHI4s"))

    @property
    def length(self) -> struct.Struct:
        """How many entries a directory has."""
        return struct.Struct(self.order + ("Q" if self.wide else "H"))

    @property
    def offset(self) -> struct.Struct:
        """Where something lies."""
        return struct.Struct(self.order + ("Q" if self.wide else "I"))


@dataclass(frozen=True)
class Entry:
    """One entry as it lies in a file.

    Parameters
    ----------
    tag, kind, count : int
        The tag, the number of its type, and how many values it has.
    field : int
        Where its field lies, which has the value or the value's offset.
    start, stop : int
        Where its value lies; both 0 if the type is unknown or the value is not within the file.
    """

    tag: int
    kind: int
    count: int
    field: int
    start: int
    stop: int


class Directory(NamedTuple):
    """A directory: its entries, where the next one lies (0 if nowhere), and which bytes it takes."""

    entries: list[Entry]
    next: int
    start: int
    stop: int


@dataclass(frozen=True)
class Value:
    """What a new entry says.

    Parameters
    ----------
    kind, count : int
        The number of its type, and how many values it has.
    data : bytes
        The values.
    at : int or None
        Where these bytes lie in the file already; None to write them.
    """

    kind: int
    count: int
    data: bytes
    at: int | None = None


#: Tags and their values; a directory under a tag is one that the tag points to.
Tree: TypeAlias = Mapping[int, "Value | Tree"]


class Tiff:
    """An open file, or a block in memory, with the structure of a TIFF file.

    Parameters
    ----------
    file : binary file
        Open for reading at any place.

    Raises
    ------
    ValueError
        If it does not begin as one. Reading a directory raises it, too, where it is not within the file.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.size = file.seek(0, 2)
        start = self._read(0, 8)
        order = _ORDERS.get(start[:2], "")
        magic = struct.unpack(order + "H", start[2:4])[0] if order else 0
        if magic not in (42, 43):
            raise ValueError("it does not begin as TIFF does")
        self.form = Form(order, magic == 43)
        self.pointer = 8 if self.form.wide else 4  # where the offset of the first directory lies
        (self.first,) = self.form.offset.unpack(self._read(self.pointer, self.form.offset.size))

    def _read(self, start: int, length: int) -> bytes:
        if start + length > self.size:
            raise ValueError("it points beyond its end")
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
        if stop + form.offset.size <= self.size:  # some programs leave the last offset out
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
        """Return an entry's value as integers; none if it is of another type."""
        code = _WHOLE.get(entry.kind)
        if code is None or entry.stop == entry.start:
            return ()
        return struct.unpack(f"{self.form.order}{entry.count}{code}", self.data(entry))

    def value(self, entry: Entry) -> Value:
        """Return an entry's value with its bytes."""
        return Value(entry.kind, entry.count, self.data(entry))


def packed(form: Form, tree: Tree, base: int) -> bytes:
    """Return a directory, its values and the directories below it, as they are to lie from `base` on.

    Values of types that only BigTIFF has are left out where the form is not wide.
    """
    known = _SIZES | _WIDE_SIZES if form.wide else _SIZES
    items = [
        (tag, item) for tag, item in sorted(tree.items()) if not isinstance(item, Value) or item.kind in known
    ]
    head = form.length.pack(len(items))
    body = bytearray()
    base += len(head) + len(items) * form.entry.size + form.offset.size
    for tag, item in items:
        here = base + len(body)
        if not isinstance(item, Value):
            body += packed(form, item, here)
            head += form.entry.pack(tag, _LONG, 1, _pointer(form, here))
        elif len(item.data) <= form.offset.size and item.at is None:
            head += form.entry.pack(tag, item.kind, item.count, item.data.ljust(form.offset.size, b"\0"))
        else:
            if item.at is None:
                body += item.data
            at = here if item.at is None else item.at
            head += form.entry.pack(tag, item.kind, item.count, form.offset.pack(at))
        body += bytes(len(body) % 2)
    return head + form.offset.pack(0) + bytes(body)


def _pointer(form: Form, offset: int) -> bytes:
    return struct.pack(form.order + "I", offset).ljust(form.offset.size, b"\0")
