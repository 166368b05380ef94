"""The columns of a table that the command reads, filters and writes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._files import cells
from .._files.columns import Rows
from .._files.image import FileError
from .choice import Choice, choose


class Sheet:
    """The columns of one file.

    Parameters
    ----------
    file : str
        Name of the file in messages.
    filter_name : str
        Name of the filter. It becomes part of the names of added columns.
    options : mapping
        Every option of the command by name.
    """

    def __init__(self, file: str, filter_name: str, options: Mapping[str, Any]) -> None:
        self.file, self._filter, self._options = file, filter_name, options
        self._append = options["append"] or bool(options["name"])
        self._choice: Choice | None = None
        self._head: list[str] | None = None  # the row of names
        self._dates: bool | None = None
        dtype = options["dtype"]
        self.dtype = None if dtype is None else np.dtype(dtype)

    @property
    def choice(self) -> Choice:
        """The columns to filter. They are known after the first row."""
        assert self._choice is not None
        return self._choice

    def filled(self, rows: Rows) -> Rows:
        """Return the rows with samples, not empty lines or names. The first row determines the columns."""
        first = next(filter(None, rows.cells), None)
        if self._choice is None and first:
            self._choose(first)
        if all(rows.cells) and rows.cells[0] is not self._head:
            return rows
        numbered = zip(rows.lines, rows.cells, strict=True)
        with_samples = [(line, row) for line, row in numbered if row and row is not self._head]
        return Rows([line for line, _ in with_samples], [row for _, row in with_samples])

    def _choose(self, row: list[str]) -> None:
        options = self._options
        choice = choose(row, options["column"], options["time"], options["header"], self.file)
        names, columns = options["name"], choice.columns
        if names and choice.names is None:
            raise ValueError(f"--name needs a row of names, and {self.file} has none")
        if names and len(names) != len(columns):
            raise ValueError(
                f"--name must be given once for each of {len(columns)} columns, got {len(names)} names"
            )
        known = choice.names or ()
        taken = next((name for i, name in enumerate(names) if name in (*known, *names[:i])), None)
        if taken is not None:
            raise ValueError(
                f"--name must be a new name, got {taken!r}, which {self.file} or another --name has"
            )
        self._choice = choice
        if choice.names is not None:
            self._head = row
            if self._append:
                default_names = [f"{choice.names[column]}_{self._filter}" for column in columns]
                self._put([row], [[name] for name in names or default_names])

    def numbers(self, rows: Rows) -> list[NDArray[np.float64]]:
        """Return the samples of each column."""
        title = self.choice.title
        return [
            cells.numbers([row[c] for row in rows.cells], rows.lines, self.file, title(c))
            for c in self.choice.columns
        ]

    def times(self, rows: Rows) -> NDArray[Any] | None:
        """Return the times of the rows, or None if there is no column of times."""
        column = self.choice.time
        if column is None:
            return None
        words = [row[column] for row in rows.cells]
        if self._dates is None:
            self._dates = cells.are_dates(words)
        return cells.times(words, rows.lines, self.file, self.choice.title(column), bool(self._dates))

    def put(self, rows: Sequence[list[str]], results: Sequence[NDArray[np.float64]]) -> None:
        """Write results into the rows, in place of the samples or in new cells after them."""
        self._put(rows, [cells.texts(values, self.dtype) for values in results])

    def _put(self, rows: Sequence[list[str]], results: Sequence[Sequence[str]]) -> None:
        # Start from the right, because a new cell moves the cells after it.
        for column, texts in sorted(zip(self.choice.columns, results, strict=True), reverse=True):
            for row, text in zip(rows, texts, strict=True):
                if self._append:
                    row.insert(column + 1, text)
                elif text or not self._is_missing(row[column]):  # a missing sample keeps its text
                    row[column] = text

    def _is_missing(self, cell: str) -> bool:
        return cells.is_missing(cell) or cells.number(cell) == self._options["nodata"]

    def check_some(self, samples: int) -> None:
        """Raise an error if the table has no rows."""
        if self._choice is None:
            raise FileError(f"{self.file}: is empty")
        if not samples:
            raise FileError(f"{self.file}: has a row of names but no other rows")
