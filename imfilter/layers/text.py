"""The table of a stack as text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

from imfilter._base import html
from imfilter.layers.base import Shape

_HEAD = ("", "name", "layer", "output", "parameters", "multiplications", "activations", "field")
_WORDS = (1, 2)  # columns set to the left; numbers stand to the right


class _Listed(Protocol):
    """A stack of layers that can be listed."""

    @property
    def names(self) -> Sequence[str]: ...
    @property
    def parameters(self) -> int: ...
    @property
    def multiplications(self) -> int: ...
    @property
    def activations(self) -> int: ...
    def table(self) -> Sequence[Any]: ...
    def described(self) -> Iterator[tuple[Any, str, bool]]: ...
    def memory(self) -> Any: ...


def rendered(stack: _Listed) -> str:
    """Return the table of a stack, its totals and the memory it takes."""
    lines = _lines(stack)
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    table = "\n".join(
        "  ".join(
            cell.ljust(width) if column in _WORDS else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )
    return f"{table}\n\n{_memory(stack)}"


def in_html(stack: _Listed) -> str:
    """Return the same in HTML, for notebooks."""
    head, *lines = _lines(stack)
    numbers = [column for column in range(len(head)) if column not in _WORDS]
    return html.table(lines, head, numbers=numbers, note=_memory(stack))


def _lines(stack: _Listed) -> list[tuple[str, ...]]:
    """Return the cells of the table, with its head and its totals."""
    numbers = {name: str(number) for number, name in enumerate(stack.names, 1)}
    lines: list[tuple[str, ...]] = [_HEAD, ("0", *_cells(stack.table()[0], "input"))]
    for row, text, below in stack.described():
        if below:  # a word in the line above
            lines[-1] = (*lines[-1][:2], f"{lines[-1][2]}, {text}", *lines[-1][3:])
            continue
        lines.append((numbers.get(row.name, ""), *_cells(row, text)))
    totals = (f"{n:,}" for n in (stack.parameters, stack.multiplications, stack.activations))
    lines.append(("", "total", "", "", *totals, ""))
    return lines


def _memory(stack: _Listed) -> str:
    memory = stack.memory()
    return (
        f"in float32: {_bytes(memory.parameters)} of parameters, "
        f"{_bytes(memory.activations)} of activations for one image"
    )


def _cells(row: Any, text: str) -> tuple[str, ...]:
    """Return the cells of a row after its number."""
    counts = (f"{n:,}" for n in (row.parameters, row.multiplications, row.activations))
    return row.name, text, _shape(row.shape), *counts, _shape(row.receptive_field.size)


def _shape(shape: Shape) -> str:
    """Return a shape as it is read: 3x224x224."""
    return "x".join(map(str, shape))


def _bytes(count: int) -> str:
    """Return a number of bytes in the decimal unit that suits it."""
    value, unit = float(count), "B"
    for larger in ("kB", "MB", "GB", "TB"):
        if value < 1000:
            break
        value, unit = value / 1000, larger
    return f"{count} B" if unit == "B" else f"{value:.1f} {unit}"
