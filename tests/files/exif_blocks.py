"""EXIF for the tests: a writer of blocks and a reader. They share no code with the library.

A directory is a dict from tag to ``(type, count, bytes)``, to another directory, or to a `Pinned` value.
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any, NamedTuple

SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8}
EXIF_IFD, GPS_IFD, INTEROP_IFD, MAKER_NOTE, ORIENTATION = 0x8769, 0x8825, 0xA005, 0x927C, 0x0112
POINTERS = (EXIF_IFD, GPS_IFD, INTEROP_IFD)
THUMBNAIL = b"\xff\xd8" + b"thumbnail" * 20 + b"\xff\xd9"


#: By directory and tag: type, count and bytes.
Tags = dict[tuple[str, int], tuple[int, int, bytes]]


class Pinned(NamedTuple):
    """A value whose bytes are at a given offset."""

    kind: int
    count: int
    at: int


def text(words: str) -> tuple[int, int, bytes]:
    data = words.encode() + b"\0"
    return 2, len(data), data


def short(order: str, *values: int) -> tuple[int, int, bytes]:
    return 3, len(values), struct.pack(f"{order}{len(values)}H", *values)


def rational(order: str, *values: int) -> tuple[int, int, bytes]:
    return 5, len(values) // 2, struct.pack(f"{order}{len(values)}I", *values)


def directory(order: str, entries: dict[int, Any], base: int, following: int = 0) -> bytes:
    head, body = struct.pack(order + "H", len(entries)), b""
    start = base + 2 + 12 * len(entries) + 4
    for tag, item in entries.items():
        if isinstance(item, dict):
            below = directory(order, item, start + len(body))
            head += struct.pack(order + "HHII", tag, 4, 1, start + len(body))
            body += below
        elif isinstance(item, Pinned):
            head += struct.pack(order + "HHII", tag, *item)
        elif len(item[2]) <= 4:
            head += struct.pack(order + "HHI", tag, *item[:2]) + item[2].ljust(4, b"\0")
        else:
            head += struct.pack(order + "HHII", tag, *item[:2], start + len(body))
            body += item[2] + bytes(len(item[2]) % 2)
    return head + struct.pack(order + "I", following) + body


def header(order: str, first: int = 8) -> bytes:
    return (b"II" if order == "<" else b"MM") + struct.pack(order + "HI", 42, first)


def note(order: str, at: int) -> bytes:
    """Maker notes whose offsets count from the start of the block."""
    entries = {6: text("the name of a body, 31 letters."), 9: text("an owner")}
    return directory(order, entries, at).ljust(100, b"\x7f")


def camera(order: str, orientation: int = 6, *, note_at: int | None = None) -> dict[int, Any]:
    """The tags of a photograph, with texts in UTF-8 and, if given, maker notes at an offset."""
    exif: dict[int, Any] = {
        0x829A: rational(order, 1, 250),
        0x9003: text("2024:01:02 03:04:05"),
        0x9286: (7, 14, b"UNICODE\0\0\xfc\x6f\x22\0\0"),
        0xA434: text("Objektiv ß"),
        INTEROP_IFD: {1: text("R98"), 2: (7, 4, b"0100")},
    }
    if note_at is not None:
        exif[MAKER_NOTE] = Pinned(7, 100, note_at)
    return {
        0x010E: text("Größe"),
        0x010F: text("Canon"),
        ORIENTATION: short(order, orientation),
        0x011A: rational(order, 300, 1),
        0x011B: rational(order, 300, 1),
        0x0128: short(order, 2),
        0x013B: text("Ärtist 漢字"),
        0x8298: text("© Müller"),
        EXIF_IFD: dict(sorted(exif.items())),
        GPS_IFD: {1: text("N"), 2: rational(order, 48, 1, 8, 1, 13, 1)},
        0x9C9B: (1, 10, "Titel".encode("utf-16-le")),
    }


def photograph(
    order: str = "<", orientation: int = 6, *, thumbnail: bool = True, note_at: int = 900
) -> bytes:
    """A block with maker notes that must not move, and a thumbnail at the end."""
    tags = camera(order, orientation, note_at=note_at)
    size = len(directory(order, tags, 8))
    assert 8 + size <= note_at
    block = directory(order, tags, 8, note_at + 100 if thumbnail else 0).ljust(note_at - 8, b"\0")
    block = header(order) + block + note(order, note_at)
    if thumbnail:
        at = len(block) + 2 + 3 * 12 + 4
        small = {0x0103: short(order, 6), 0x0201: Pinned(4, 1, at), 0x0202: Pinned(4, 1, len(THUMBNAIL))}
        block += directory(order, small, len(block)) + THUMBNAIL
    return block


def patched(block: bytes, cut: int = 1000) -> bytes:
    """The expected block in the result: with orientation 1, and without the thumbnail."""
    order = "<" if block[:2] == b"II" else ">"
    (count,) = struct.unpack_from(order + "H", block, 8)
    result = bytearray(block[:cut])
    for at in range(10, 10 + 12 * count, 12):
        if struct.unpack_from(order + "H", block, at)[0] == ORIENTATION:
            struct.pack_into(order + "H", result, at + 8, 1)
    struct.pack_into(order + "I", result, 10 + 12 * count, 0)
    return bytes(result)


def walk(data: bytes, offset: int | None = None, name: str = "0") -> Tags:
    """Every tag of a block or a TIFF file, with its type, count and bytes, by directory and tag."""
    order = {b"II": "<", b"MM": ">"}[data[:2]]
    (magic,) = struct.unpack_from(order + "H", data, 2)
    wide = magic == 43
    if offset is None:
        (offset,) = struct.unpack_from(order + ("Q" if wide else "I"), data, 8 if wide else 4)
    (count,) = struct.unpack_from(order + ("Q" if wide else "H"), data, offset)
    form, field, first = ("HHQ8s", 8, 8) if wide else ("HHI4s", 4, 2)
    tags = {}
    for i in range(count):
        at = offset + first + i * (4 + 2 * field)
        tag, kind, n, value = struct.unpack_from(order + form, data, at)
        length = SIZES.get(kind, 8) * n
        (pointer,) = struct.unpack(order + ("Q" if wide else "I"), value)
        if tag in POINTERS:
            (pointer,) = struct.unpack_from(order + "I", value)
            tags |= walk(data, pointer, f"{name}/{tag:x}")
            continue
        position = pointer if length > field else at + 4 + field
        assert position + length <= len(data)
        tags[name, tag] = kind, n, data[position : position + length]
    return tags


def place_of_note(data: bytes) -> int:
    """The position of the maker notes."""
    value = walk(data)["0/8769", MAKER_NOTE][2]
    assert data.count(value) == 1
    return data.index(value)


def stored(path: Path) -> bytes:
    """The block in a JPEG, PNG or WebP file, or all bytes of a TIFF file."""
    data = path.read_bytes()
    if data[:2] in (b"II", b"MM"):
        return data
    if data[:2] == b"\xff\xd8":
        at, block = 2, b""
        while data[at + 1] != 0xDA:
            (length,) = struct.unpack_from(">H", data, at + 2)
            if data[at + 1] == 0xE1 and data[at + 4 : at + 10] == b"Exif\0\0":
                block += data[at + 10 : at + 2 + length]
            at += 2 + length
        return block
    if data[:4] == b"RIFF":
        at = 12
        while at < len(data):
            kind, length = struct.unpack_from("<4sI", data, at)
            if kind == b"EXIF":
                return data[at + 8 : at + 8 + length]
            at += 8 + length + length % 2
        return b""
    at = 8
    while at < len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        if kind == b"eXIf":
            return data[at + 8 : at + 8 + length]
        at += 12 + length
    return b""
