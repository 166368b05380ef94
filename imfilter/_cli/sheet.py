"""A table as the command sees it: columns that are read, filtered and put back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._files import cells
from .._files.columns import Rows, quoted
from .._files.image import FileError
from .choice import Choice, choose


class Sheet:
    """The columns of one file.

    Parameters
    ----------
    file : str
        What messages call it.
    filter_name : str
        Added columns are named after it.
    options : mapping
        Every option of the command by name.
    """

    def __init__(self, file: str, filter_name: str, options: Mapping[str, Any]) -> None:
        self.file, self._filter, self._options = file, filter_name, options
        self._append = options["append"] or bool(options["name"])
        self._choice: Choice | None = None
        self._dates: bool | None = None
        dtype = options["dtype"]
        self.dtype = None if dtype is None else np.dtype(dtype)

    @property
    def choice(self) -> Choice:
        """Which columns are filtered, known from the first row on."""
        assert self._choice is not None
        return self._choice

    def head(self, rows: Rows) -> int:
        """Return how many rows of these have names; choose the columns by the first ones."""
        if self._choice is not None or not len(rows):
            return 0
        options = self._options
        self._choice = choose(_first(rows), options["column"], options["time"], options["header"], self.file)
        names, columns = options["name"], self._choice.columns
        if names and self._choice.names is None:
            raise ValueError(f"--name needs a row of names, which {self.file} has not")
        if names and len(names) != len(columns):
            raise ValueError(
                f"--name must be given once for each of {len(columns)} columns, got {len(names)} names"
            )
        return self._choice.head

    def numbers(self, rows: Rows, head: int) -> list[NDArray[np.float64]]:
        """Return the samples of each column."""
        choice = self.choice
        return [cells.numbers(rows, c, head, self.file, choice.title(c)) for c in choice.columns]

    def times(self, rows: Rows, head: int) -> NDArray[Any] | None:
        """Return the times of the rows, if they are wanted."""
        column = self.choice.time
        if column is None:
            return None
        if self._dates is None:
            self._dates = cells.are_dates(rows.cells(column, head))
        return cells.times(rows, column, head, self.file, self.choice.title(column), bool(self._dates))

    def kept(self, rows: Rows) -> Rows:
        """Return what `put` needs of rows."""
        return rows.only(sorted(self.choice.columns))

    def put(self, rows: Rows, head: int, results: Sequence[NDArray[np.float64]], delimiter: str) -> str:
        """Return the rows as text, with results for each row below `head` in their columns."""
        columns = self.choice.columns
        order = sorted(range(len(columns)), key=columns.__getitem__)
        new = [cells.texts(results[n], self.dtype) for n in order]
        titles = [self._title(n, delimiter) for n in order] if self._append else None
        return cells.put(rows, head, new, titles, delimiter)

    def _title(self, n: int, delimiter: str) -> str:
        names, own = self._options["name"], self.choice.names
        if own is None:
            return ""
        return quoted(names[n] if names else f"{own[self.choice.columns[n]]}_{self._filter}", delimiter)

    def check_some(self, samples: int) -> None:
        """Refuse a table without rows."""
        if self._choice is None:
            raise FileError(f"{self.file}: is empty")
        if not samples:
            raise FileError(f"{self.file}: has a row of names and no others")


def _first(rows: Rows) -> list[str]:
    return [rows.cells(column)[0] for column in range(rows.starts.shape[1])]
