"""The table of a stack as text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from imfilter.layers.base import Layer, Shape

_HEAD = ("", "name", "layer", "output", "parameters", "multiplications", "activations", "field")
_WORDS = (1, 2)  # columns set to the left; numbers stand to the right


class _Listed(Protocol):
    """A stack of layers that can be listed."""

    @property
    def layers(self) -> Sequence[Layer]: ...
    @property
    def shapes(self) -> Sequence[Shape]: ...
    @property
    def parameters(self) -> int: ...
    @property
    def multiplications(self) -> int: ...
    @property
    def activations(self) -> int: ...
    def table(self) -> Sequence[Any]: ...
    def memory(self) -> Any: ...


def rendered(stack: _Listed) -> str:
    """Return the table of a stack, its totals and the memory it takes."""
    lines: list[tuple[str, ...]] = [_HEAD]
    for number, row in enumerate(stack.table()):
        text = stack.layers[number - 1].text(stack.shapes[number - 1]) if number else "input"
        if number and stack.layers[number - 1].in_place:  # a word in the line above
            lines[-1] = (*lines[-1][:2], f"{lines[-1][2]}, {text}", *lines[-1][3:])
            continue
        counts = (f"{n:,}" for n in (row.parameters, row.multiplications, row.activations))
        lines.append(
            (str(number), row.name, text, _shape(row.shape), *counts, _shape(row.receptive_field.size))
        )
    totals = (f"{n:,}" for n in (stack.parameters, stack.multiplications, stack.activations))
    lines.append(("", "total", "", "", *totals, ""))
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    table = "\n".join(
        "  ".join(
            cell.ljust(width) if column in _WORDS else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )
    memory = stack.memory()
    return (
        f"{table}\n\nin float32: {_bytes(memory.parameters)} of parameters, "
        f"{_bytes(memory.activations)} of activations for one image"
    )


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
