"""Small tables in HTML, for notebooks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def _escaped(text: str) -> str:
    from html import escape  # on first use: every filter imports this module, and few write HTML

    return escape(text)


# No colours: text and lines have those of the page, which may be light or dark.
_TABLE = "border-collapse: collapse"
_CELL = "padding: 0.1em 0.6em; vertical-align: top; text-align: "


def table(
    rows: Iterable[Sequence[object]],
    head: Sequence[str] = (),
    *,
    names: bool = True,
    numbers: Sequence[int] = (),
    title: str = "",
    note: str = "",
) -> str:
    """Return a table. Every text is escaped.

    Parameters
    ----------
    rows : iterable of sequence
        The cells of each row.
    head : sequence of str, optional
        Names of the columns. Default: none.
    names : bool, optional
        Whether the first cell of a row is its name. Default True.
    numbers : sequence of int, optional
        Columns that are set to the right.
    title, note : str, optional
        Lines above and below the table.
    """

    def cell(text: object, column: int, *, name: bool) -> str:
        tag = "th" if name else "td"
        side = "right" if column in numbers else "left"
        return f'<{tag} style="{_CELL}{side}">{_escaped(str(text))}</{tag}>'

    def line(cells: Sequence[object], *, top: bool = False) -> str:
        made = (cell(text, n, name=top or (names and not n)) for n, text in enumerate(cells))
        return f"<tr>{''.join(made)}</tr>"

    parts = [f"<p><b>{_escaped(title)}</b></p>"] if title else []
    parts.append(f'<table style="{_TABLE}">')
    if head:
        parts.append(f"<thead>{line(head, top=True)}</thead>")
    parts += ["<tbody>", *map(line, rows), "</tbody></table>"]
    if note:
        parts.append(f"<p>{_escaped(note)}</p>")
    return "\n".join(parts)
