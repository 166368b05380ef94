"""Choice of the columns of a table, and of its row of names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from imfilter._base.suggestions import suggestion

from .._files import cells

_MOST_NAMES = 12  # largest number of names in a message


class Choice(NamedTuple):
    """Columns of a table, counted from 0."""

    names: tuple[str, ...] | None  # of all columns, or None without a row of names
    columns: tuple[int, ...]  # the columns to filter, in the order of the options
    time: int | None

    @property
    def head(self) -> int:
        """Number of rows with names: 0 or 1."""
        return int(self.names is not None)

    def name(self, column: int) -> str:
        """Return a column's name."""
        return f"column {column + 1}" if self.names is None else self.names[column]

    def title(self, column: int) -> str:
        """Return the name of a column in messages."""
        return f"column {column + 1}" if self.names is None else f"column {self.names[column]!r}"


def choose(
    first: Sequence[str], asked: Sequence[str], time: str | None, header: bool | None, file: str
) -> Choice:
    """Find columns by their names or numbers. Raise ValueError if a column does not exist.

    Parameters
    ----------
    first : sequence of str
        The cells of the first row.
    asked : sequence of str
        Names or numbers (from 1) of the columns to filter. Empty: the only column.
    time : str or None
        Name or number of a column of times.
    header : bool or None
        Whether the first row has names. None: detect it. It has names if an option names a column, or if the
        first row has no number in a column to filter.
    file : str
        Name of the table in messages.
    """
    words = [cell.strip() for cell in first]
    if header is None:
        header = _is_header(first, asked, time)
    names = tuple(words) if header else None
    if not asked and len(words) > 1:
        raise ValueError(f"--column must be given for {file}: {_listed(names, len(words))}")
    columns = tuple(_find(word, names, len(words), "--column", file) for word in asked) or (0,)
    for n, column in enumerate(columns):
        if column in columns[:n]:
            raise ValueError(f"--column must name each column once, got {asked[n]!r} twice")
    return Choice(names, columns, None if time is None else _find(time, names, len(words), "--time", file))


def _is_header(first: Sequence[str], asked: Sequence[str], time: str | None) -> bool:
    for word in (*asked, *([] if time is None else [time])):
        if not (word.isdecimal() and 1 <= int(word) <= len(first)):
            return True
    samples = [first[int(word) - 1] for word in asked] if asked else first[:1]
    return any(not cells.is_number(cell) for cell in samples)


def _find(word: str, names: tuple[str, ...] | None, width: int, option: str, file: str) -> int:
    wanted = word.strip()
    if names is not None and wanted in names:
        if names.count(wanted) > 1:
            raise ValueError(
                f"{option} must be a number, as {file} has {wanted!r} {names.count(wanted)} times"
            )
        return names.index(wanted)
    if wanted.isdecimal() and 1 <= int(wanted) <= width:
        return int(wanted) - 1
    hint = suggestion(wanted, names or (), similarity=0.5)
    raise ValueError(f"{option} must be {_listed(names, width)} in {file}, got {word!r}{hint}")


def _listed(names: tuple[str, ...] | None, width: int) -> str:
    if names is None:
        return "1, the only one," if width == 1 else f"a number from 1 to {width}"
    shown = ", ".join(name or "(no name)" for name in names[:_MOST_NAMES])
    more = f" and {width - _MOST_NAMES} more" if width > _MOST_NAMES else ""
    return f"{'one of ' if width > 1 else ''}{shown}{more}"
