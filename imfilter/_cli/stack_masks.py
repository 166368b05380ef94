"""The mask of a stack: of its shape, or of the shape of what is filtered at once."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import missing, pages
from .pages import Options

Array = NDArray[Any]


def whole(
    options: Options, lengths: Mapping[str, int], filtered: str, inside: str, *, read: bool
) -> Array | str:
    """Return the mask in the shape of the stack without colours, or the name of its file if a stack.

    Parameters
    ----------
    options : mapping
        Every option of the command by name.
    lengths : mapping
        The lengths of the axes of the stack by their letters.
    filtered : str
        The letters of the axes that are filtered at once.
    inside : str
        The letters of the axes behind those of the index of a block.
    read : bool
        Whether a stack of the shape of IN is read, too.
    """
    mask, shape = options["mask"], tuple(n for axis, n in lengths.items() if axis != "S")
    stack = None if read or not isinstance(mask, str) else pages.opened(mask, options)
    if stack is not None:
        with contextlib.closing(stack):
            header = stack.counted().header
        if header.pixels.shape == shape and not header.channels:
            name: str = mask
            return name
    present, _ = missing.read(mask, options)
    page = tuple(lengths[axis] for axis in filtered)
    if present.shape == shape:
        return present
    if present.shape != page:
        raise ValueError(
            f"--mask must have the shape of IN, {shape}, or of what is filtered at once, {page}, "
            f"got {present.shape} in {mask}"
        )
    plain = inside.removesuffix("S")
    loops = [axis for axis in plain if axis not in filtered]
    spread = np.broadcast_to(present, (*(lengths[axis] for axis in loops), *page))
    order = [[*loops, *filtered].index(axis) for axis in plain]
    return np.broadcast_to(spread.transpose(order), shape)


def parts(mask: Array | str | None, leading: int, options: Options, *, more: bool) -> Iterator[Array | None]:
    """Yield which samples are present, for each index of the leading axes.

    `more` tells whether more frames may come than were counted. They have the last part.
    """
    present = None
    if mask is not None:
        for present in _given(mask, leading, options):
            yield present
    if mask is None or more:
        yield from itertools.repeat(present)


def _given(mask: Array | str, leading: int, options: Options) -> Iterator[Array]:
    """Yield the parts of a mask, for each index of the leading axes."""
    if not isinstance(mask, str):
        yield from (mask[index] for index in np.ndindex(mask.shape[:leading]))
        return
    stack = pages.opened(mask, options)
    if stack is None:
        raise ValueError(f"--mask {mask} has changed while it was read; give it again")
    with contextlib.closing(stack):
        for block in stack.blocks(leading):
            yield block != 0
