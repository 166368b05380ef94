"""Delimited text (CSV, TSV) and where its cells are: what is not changed stays as it came, byte for byte.

The csv module forgets which cells were quoted and how lines ended, and makes a string of each cell. To read
and write a million rows of three takes it 3.6 s; the command takes 3.7 with all it does, in the same run.
Like that module, this one takes a quote for one only at the start of a cell, and an empty line for no row.
"""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .image import FileError

#: Bytes that are read at once.
_PIECE = 1 << 20
#: Length at which a line, or a row with an open quote, is taken for damage.
_LONGEST = 1 << 22
#: Length of a text below which arrays of its characters do not pay.
_SHORT = 1000
_BOM = b"\xef\xbb\xbf"
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_DELIMITERS = ",;\t|"
_FEED, _RETURN, _QUOTE = 10, 13, 34

_Places = NDArray[np.signedinteger[Any]]


@dataclass
class Rows:
    """Some rows of a table.

    Parameters
    ----------
    text : str
        Whole rows, as they stand in the file.
    starts, ends : ndarray
        Where in the text each cell is, with its quotes: a row for each row.
    lines : sequence of int
        The number of each row's first line in the file.
    alone : bool
        Whether each row is one cell.
    """

    text: str
    starts: _Places
    ends: _Places
    lines: Sequence[int]
    alone: bool

    def __len__(self) -> int:
        return len(self.starts)

    def cells(self, column: int, first: int = 0) -> list[str]:
        """Return the cells of a column from a row on, as they stand in the file."""
        starts, ends = self.starts[first:, column].tolist(), self.ends[first:, column].tolist()
        return [self.text[start:end] for start, end in zip(starts, ends, strict=True)]

    def only(self, columns: Sequence[int]) -> Rows:
        """Return the same with the places of some columns alone, in the order of these."""
        which = list(columns)
        starts, ends = self.starts[:, which].astype(np.int32), self.ends[:, which].astype(np.int32)
        return replace(self, starts=starts, ends=ends)

    def each(self) -> Iterator[Rows]:
        """Give each row by itself, with the empty lines that follow it."""
        cuts = [0, *self.starts[1:, 0].tolist(), len(self.text)]
        for i, (first, last) in enumerate(itertools.pairwise(cuts)):
            starts, ends = self.starts[i : i + 1] - first, self.ends[i : i + 1] - first
            yield Rows(self.text[first:last], starts, ends, self.lines[i : i + 1], self.alone)


def replaced(text: str, starts: Sequence[int], ends: Sequence[int], new: Sequence[str]) -> str:
    """Return a text with other words at some places, which are in order."""
    kept = [text[end:start] for end, start in zip([0, *ends], [*starts, len(text)], strict=True)]
    return "".join(itertools.chain.from_iterable(zip(kept, new, strict=False))) + kept[-1]


def _usual_rows(text: str, line: int, delimiter: str, width: int) -> Rows | None:
    """Find the cells of text as programs write it; None if it has empty lines, odd quotes or odd rows.

    It is looked at as an array of characters: 0.3 s for a million rows where one by one takes 9.
    """
    kind, encoding = ("u1", "ascii") if text.isascii() else ("<u4", "utf-32-le")
    letters = np.frombuffer(text.encode(encoding), kind)
    feeds = letters == _FEED
    marks = feeds | (letters == ord(delimiter))
    if '"' in text:
        quotes = letters == _QUOTE
        # Inside, more quotes have opened than closed.
        inside = (np.cumsum(quotes, dtype=np.uint8) & 1).astype(bool)
        opening = np.flatnonzero(quotes & inside)
        # One that opens is at the start of a cell, or the second of two. Before the first letter is the last.
        before = marks | quotes
        before[-1] |= len(opening) > 0 and opening[0] == 0
        if not before[opening - 1].all():
            return None
        marks &= ~inside
    feeds = feeds & marks
    rows = int(np.count_nonzero(feeds))
    if not rows:
        return None
    stops = np.flatnonzero(marks)
    last = len(text) - int(feeds[::-1].argmax())
    if last < len(text):  # a row without an end, or with an open quote
        if '"' in text and inside[-1]:
            text, stops = text[:last], stops[stops < last]
        else:
            stops, rows = np.append(stops, len(text)), rows + 1
    if len(stops) != rows * width:
        return None
    ends = stops.reshape(rows, width)
    starts = np.concatenate([[0], stops[:-1] + 1]).reshape(rows, width)
    final = ends[:, -1]
    if not feeds[final[final < len(text)]].all():  # odd rows that are right together
        return None
    lines: Sequence[int] = range(line, line + rows)
    if '"' in text:
        feeds_before = np.cumsum(letters == _FEED)[starts[1:, 0] - 1]
        lines = [line, *(line + feeds_before).tolist()]
    # Of an empty line the character before its end is another line's, or that of the text's end.
    final -= letters[final - 1] == _RETURN
    if width == 1 and (starts >= ends).any():
        return None
    return Rows(text, starts, ends, lines, width == 1)


def _any_rows(text: str, line: int, delimiter: str) -> tuple[list[list[tuple[int, int]]], list[int], int]:
    """Find the cells of any text, row by row; return their places, the rows' lines and where one is open."""
    cell, record = _patterns(delimiter)
    rows, lines, at = [], [], 0
    while at < len(text):
        stop = text.find("\n", at) + 1 or len(text)
        if text.find('"', at, stop) >= 0:
            match = record.match(text, at)
            if match is None:
                break
            stop = match.end()
        end = stop - text.endswith("\n", at, stop)
        end -= text.endswith("\r", at, end)
        if end > at:
            rows.append([found.span() for found in cell.finditer(text, at, end)])
            lines.append(line)
        line += text.count("\n", at, stop)
        at = stop
    return rows, lines, at


@functools.cache
def _patterns(delimiter: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Return what a cell is, and a record with its end; possessive, so that an open quote stays open."""
    mark = re.escape(delimiter)
    cell = rf'(?:"(?:[^"]++|"")*+"[^{mark}\n]*+|(?!")[^{mark}\n]*+)'
    # A cell begins with a line or after a delimiter; what is in quotes has been passed over by then.
    return re.compile(rf"(?:(?<={mark})|(?m:^)){cell}"), re.compile(rf"{cell}(?:{mark}{cell})*+(?:\n|\Z)")


def plain(cell: str) -> str:
    """Return what a cell says, without quotes."""
    if not cell.startswith('"'):
        return cell
    end = cell.rfind('"')
    return cell[1:end].replace('""', '"') + cell[end + 1 :]


def quoted(text: str, delimiter: str) -> str:
    """Return a text as a cell, in quotes if it must be."""
    if not any(mark in text for mark in (delimiter, '"', "\n", "\r")):
        return text
    return '"' + text.replace('"', '""') + '"'


class Reader:
    """The rows of a file, some at a time, all of the same number of cells.

    Parameters
    ----------
    file : binary file
        Where they come from, with a buffer.
    name : str
        What messages call it.
    delimiter : str or None
        What lies between cells; None to find out from the first line.
    live : bool
        Whether rows are given as soon as they are there.

    Raises
    ------
    FileError
        While reading: for what is no text in UTF-8, or no table.
    """

    def __init__(self, file: Any, name: str, delimiter: str | None, *, live: bool = False) -> None:
        self.name, self.delimiter = name, delimiter or ","
        self.bom = b""
        self.taken = 0  # bytes
        self._file, self._live, self._known = file, live, delimiter is not None
        self._begun = False
        self._width = 0
        self._held, self._text = b"", ""  # what is no whole line yet, and no whole row
        self._line = self._number = 1  # where that text begins, and where it ends

    def __iter__(self) -> Iterator[Rows]:
        piece = b"more"
        while piece:
            piece = self._take()
            try:
                rows = self._advance(piece)
            except FileError:
                if not self._live or not piece:
                    raise
                # The lines before what is wrong have arrived before it.
                for line in re.findall(rb"[^\n]*\n|[^\n]+", piece):
                    yield from self._advance(line)
                continue
            yield from rows
        if self._text:
            raise FileError(f"{self.name}, line {self._line}: a quoted cell is never closed")

    def _advance(self, piece: bytes) -> list[Rows]:
        """Take more bytes, none at the end; return rows. If they are wrong, nothing has been taken."""
        data = self._held + piece
        cut = data.rfind(b"\n") + 1 if piece else len(data)
        data, held = data[:cut], data[cut:]
        more = self._decoded(data if self._begun else self._opened(data), self._number)
        text, line = self._text, self._line
        if len(held) > _LONGEST or len(text) > _LONGEST:
            raise FileError(f"{self.name}, line {line if text else self._number}: is too long for a row")
        # An open quote stays open until there is another one.
        waits = bool(text) and '"' not in more
        text += more
        rows = []
        if text and not waits:
            found = self._rows(text, line)
            line += found.text.count("\n")
            text = text[len(found.text) :]
            rows = [found] if found.text else []
        self._begun |= bool(data)
        self._held, self._text, self._line = held, text, line
        self._number += more.count("\n")
        return rows

    def _take(self) -> bytes:
        try:
            piece = self._file.read1(_PIECE) if self._live else self._file.read(_PIECE)
        except OSError as error:
            raise FileError(f"{self.name}: cannot be read: {error.strerror or error}") from error
        self.taken += len(piece)
        return piece

    def _opened(self, data: bytes) -> bytes:
        """Return the first bytes without the mark of their encoding."""
        if data.startswith(_UTF16):
            raise FileError(f"{self.name}: is UTF-16; save it as UTF-8")
        if data.startswith(_BOM):
            self.bom = _BOM
            data = data[len(_BOM) :]
        if b"\r" in data and b"\n" not in data:
            raise FileError(f"{self.name}: ends its lines with carriage returns alone; newlines are needed")
        return data

    def _decoded(self, data: bytes, line: int) -> str:
        if b"\0" in data:
            line += data.count(b"\n", 0, data.index(b"\0"))
            raise FileError(f"{self.name}, line {line}: has a NUL byte, which no text has")
        try:
            return data.decode()
        except UnicodeDecodeError as error:
            line += data.count(b"\n", 0, error.start)
            raise FileError(
                f"{self.name}, line {line}: is not UTF-8 (byte 0x{data[error.start]:02x}); save it as UTF-8"
            ) from None

    def _detected(self, text: str) -> str:
        """Return the delimiter: if need be what is most often in the first line, outside of quotes."""
        if not self._known and not text.isspace():
            first = re.sub(r'"(?:[^"]|"")*"', "", text.lstrip("\r\n")).split("\n", 1)[0]
            self.delimiter = max(_DELIMITERS, key=first.count)
            self._known = True
        return self.delimiter

    def _rows(self, text: str, line: int) -> Rows:
        """Find the cells of the rows at the front of a text, up to one with an open quote."""
        delimiter = self._detected(text)
        if self._width and len(text) > _SHORT:
            found = _usual_rows(text, line, delimiter, self._width)
            if found is not None:
                return found
        rows, lines, end = _any_rows(text, line, delimiter)
        if rows:
            self._width = self._width or len(rows[0])
        for row, number in zip(rows, lines, strict=True):
            if len(row) != self._width:
                have = "1 cell" if len(row) == 1 else f"{len(row)} cells"
                raise FileError(f"{self.name}, line {number}: has {have}, and the first row {self._width}")
        places = np.array(rows, np.int64).reshape(len(rows), self._width, 2)
        return Rows(text[:end], places[..., 0], places[..., 1], lines, self._width == 1)
