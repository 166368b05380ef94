"""The mask of a stack: of its shape, or of the shape of what is filtered at once."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .._files import stack_files
from .._files.stacks import Stack
from . import missing, quiet

if TYPE_CHECKING:
    from .stack_work import Work

Array = NDArray[Any]


def whole(work: Work) -> Array | str:
    """Return the mask in the shape of the stack without colours, or the name of its file if a stack."""
    shape = dict(zip(work.axes, work.stack.header.pixels.shape, strict=True))
    whole = tuple(length for axis, length in shape.items() if axis != "S")
    if isinstance(work.options["mask"], str) and not work.blockwise:
        stack = _opened(work, work.options["mask"])
        if stack is not None:
            with contextlib.closing(stack):
                header = stack.counted().header
            if header.pixels.shape == whole and not header.channels:
                return work.options["mask"]
    present, _ = missing.read(work.options["mask"], work.options)
    page = tuple(shape[axis] for axis in work.filtered)
    if present.shape == whole:
        return present
    if present.shape != page:
        raise ValueError(
            f"--mask must have the shape of IN, {whole}, or of what is filtered at once, {page}, "
            f"got {present.shape} in {work.options['mask']}"
        )
    inner = [shape[axis] for axis in work.loops]
    spread = np.broadcast_to(present, (*inner, *page))
    plain = work.inside.removesuffix("S")
    order = [[*work.loops, *work.filtered].index(axis) for axis in plain]
    return np.broadcast_to(spread.transpose(order), whole)


def _opened(work: Work, mask: str) -> Stack | None:
    with quiet.decoders():
        return stack_files.opened(mask, work.options["max_pixels"] or None)


def parts(work: Work, leading: int) -> Iterator[Array | None]:
    """Yield which samples are present, for each index of the leading axes."""
    present = None
    if work.mask is not None:
        for present in _given(work, work.mask, leading):
            yield present
    if work.mask is None or work.stack.streamed:  # more frames may come than were counted
        yield from itertools.repeat(present)


def _given(work: Work, mask: Array | str, leading: int) -> Iterator[Array]:
    """Yield the parts of a mask, for each index of the leading axes."""
    if not isinstance(mask, str):
        yield from (mask[index] for index in np.ndindex(mask.shape[:leading]))
        return
    stack = _opened(work, mask)
    if stack is None:
        raise ValueError(f"--mask {mask} has changed while it was read; give it again")
    with contextlib.closing(stack):
        for block in stack.blocks(leading):
            yield block != 0
