"""Numbers in the cells of a table, and back: what is written reads back as the same number."""

from __future__ import annotations

import contextlib
import datetime
import itertools
import warnings
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._core import dtypes
from .columns import Rows, plain, replaced
from .image import FileError

#: What stands for a sample that is missing, in any case and between any blanks.
MISSING = ("", "nan", "na", "n/a", "null", "none")
_NAN = float("nan")


def is_missing(cell: str) -> bool:
    """Tell whether a cell says that there is no number."""
    return plain(cell).strip().lower() in MISSING


def number(cell: str) -> float:
    """Return the number of a cell, NaN for a missing one; ValueError if it is something else."""
    text = plain(cell)
    if "_" in text:  # which Python takes for a mark between thousands
        raise ValueError(text)
    try:
        return float(text)
    except ValueError:
        if is_missing(text):
            return _NAN
        raise


def numbers(rows: Rows, column: int, head: int, file: str, title: str) -> NDArray[np.float64]:
    """Return the numbers of a column below `head` rows; FileError at the first cell that has none."""
    cells = rows.cells(column, head)
    bare = [plain(cell) for cell in cells] if '"' in rows.text and '"' in "".join(cells) else cells
    # In bulk: 0.2 s for a million.
    if "_" not in rows.text or not any("_" in cell for cell in bare):
        try:
            return np.fromiter(map(float, bare), np.float64, len(bare))
        except ValueError:
            pass
    return np.array(_each(number, cells, rows.lines[head:], f"{file}, line", f"{title} must be a number"))


def times(rows: Rows, column: int, head: int, file: str, title: str, dates: bool) -> NDArray[Any]:
    """Return the times of a column, numbers or dates in UTC; FileError at the first cell that has none."""
    cells = rows.cells(column, head)
    if dates:
        # In bulk, if they are plain: of time zones NumPy warns.
        with warnings.catch_warnings(), contextlib.suppress(ValueError, Warning):
            warnings.simplefilter("error")
            return np.array(cells, "M8[us]")
    read = _moment if dates else number
    found = _each(read, cells, rows.lines[head:], f"{file}, line", f"{title} must be a number or an ISO date")
    return np.array(found, "M8[us]" if dates else np.float64)


def are_dates(cells: Iterable[str]) -> bool | None:
    """Tell whether cells have dates, not numbers, by the first that is not missing; None if all are."""
    return next((not is_number(cell) for cell in cells if not is_missing(cell)), None)


def is_number(cell: str) -> bool:
    """Tell whether a cell has a number, or says that it is missing."""
    try:
        number(cell)
    except ValueError:
        return False
    return True


def _moment(cell: str) -> datetime.datetime | None:
    if is_missing(cell):
        return None
    moment = datetime.datetime.fromisoformat(plain(cell).strip())
    return moment if moment.tzinfo is None else moment.astimezone(datetime.UTC).replace(tzinfo=None)


def _each(
    read: Callable[[str], Any], cells: Sequence[str], lines: Sequence[int], where: str, wanted: str
) -> list[Any]:
    found = []
    for cell, line in zip(cells, lines, strict=True):
        try:
            found.append(read(cell))
        except ValueError:
            text = plain(cell)
            shown = repr(text if len(text) <= 40 else text[:40] + "…")
            raise FileError(f"{where} {line}: {wanted}, got {shown}") from None
    return found


def texts(values: NDArray[np.float64], dtype: np.dtype[Any] | None) -> list[str]:
    """Return numbers as they are written, rounded to a type; NaN is nothing."""
    if dtype is None or dtype == np.float64:
        written = list(map(repr, values.tolist()))
    else:
        rounded = np.empty(values.shape, dtype)
        dtypes.place(values, rounded)
        # A float32 is written in as many digits as it takes to read it back as one.
        written = rounded.astype(str).tolist() if dtype.kind == "f" else list(map(repr, rounded.tolist()))
    for i in np.flatnonzero(np.isnan(values)).tolist():
        written[i] = ""
    return written


def put(
    rows: Rows, head: int, results: Sequence[Sequence[str]], titles: Sequence[str] | None, delimiter: str
) -> str:
    """Return rows as text, with results in the place of their cells or in cells of their own after them.

    Parameters
    ----------
    rows : Rows
        Rows with the places of these columns alone, in the order of the file.
    head : int
        How many of them have names.
    results : sequence of sequence of str
        For each column what is new, a text for each row below the head.
    titles : sequence of str or None
        Names of new columns; None to replace the old ones.
    delimiter : str
        What lies between cells.
    """
    if titles is None:
        results = [_instead(rows, column, head, new) for column, new in enumerate(results)]
        starts, ends = rows.starts[head:], rows.ends[head:]
    else:
        results = [
            [delimiter + text for text in (*[title] * head, *new)]
            for title, new in zip(titles, results, strict=True)
        ]
        starts = ends = rows.ends
    new = results[0] if len(results) == 1 else list(itertools.chain.from_iterable(zip(*results, strict=True)))
    return replaced(rows.text, starts.reshape(-1).tolist(), ends.reshape(-1).tolist(), new)


def _instead(rows: Rows, column: int, head: int, results: Sequence[str]) -> Sequence[str]:
    """Return what takes the place of cells: quotes stay, and so do words for a missing sample."""
    cells = rows.cells(column, head) if '"' in rows.text or "" in results else []
    if '"' not in "".join(cells) and "" not in results:
        return results
    new = []
    for cell, text in zip(cells, results, strict=True):
        if text:
            new.append(f'"{text}"' if cell.startswith('"') else text)
        elif is_missing(cell):
            new.append(cell)
        else:
            new.append('""' if rows.alone else "")  # an empty line would be no row
    return new
