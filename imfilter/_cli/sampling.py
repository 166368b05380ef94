"""Where the samples of a result are in the input, if a filter changes the size of an image."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from imfilter._base import padding

from .command import Command

if TYPE_CHECKING:
    from .steps import Step


class Sampling(NamedTuple):
    """The samples of an axis: number i is at the place ``offset + factor*i`` of the input."""

    length: int
    factor: float = 1.0
    offset: float = 0.0

    def then(self, after: Sampling) -> Sampling:
        """Return the samples of a second step, in places of the input of the first one."""
        return Sampling(after.length, self.factor * after.factor, self.offset + self.factor * after.offset)


def of_steps(steps: Sequence[Step], lengths: Sequence[int], dtype: Any) -> list[Sampling]:
    """Return the samples of the result along each filtered axis.

    Parameters
    ----------
    steps : sequence of Step
        The steps with every option.
    lengths : sequence of int
        The lengths of the filtered axes of the input.
    dtype : dtype
        The type of the input.
    """
    total = [Sampling(length) for length in lengths]
    for step in steps:
        now = [one.length for one in total]
        found = _of(step.command, step.options, now, dtype)
        total = [one.then(after) for one, after in zip(total, found, strict=True)]
    return total


def _of(command: Command, options: Mapping[str, Any], lengths: Sequence[int], dtype: Any) -> list[Sampling]:
    if command.kind not in ("resampling", "linear"):
        return [Sampling(length) for length in lengths]
    from .task import Filter  # imports the filters

    run = Filter(command, options, len(lengths))
    if command.kind == "linear":
        return _of_kernel(run.options, lengths, flipped=command.name == "convolve")
    from . import resized

    tables = resized.tables(run, lengths, dtype)
    assert tables is not None  # resize has them
    return [
        _resized(length, table.outputs, corners=options["align"] == "corners")
        for length, table in zip(lengths, tables, strict=True)
    ]


def _resized(length: int, outputs: int, *, corners: bool) -> Sampling:
    factor = length / outputs  # the ends of the image are those of the result
    if not corners:
        return Sampling(outputs, factor, (factor - 1) / 2)
    return Sampling(outputs, (length - 1) / (outputs - 1) if min(length, outputs) > 1 else factor)


def _of_kernel(options: Mapping[str, Any], lengths: Sequence[int], *, flipped: bool) -> list[Sampling]:
    """Return the samples after a kernel: with padding of the same size, sample 0 keeps its place."""
    kernel, n = options["kernel"], len(lengths)
    taps = [len(one) for one in kernel] if isinstance(kernel, list) else list(np.shape(kernel)[-n:])
    stride, dilation = (
        [int(one) for one in np.broadcast_to(options[name], n)] for name in ("stride", "dilation")
    )
    given = padding.resolve(options["padding"], lengths, taps, stride, dilation, flipped=flipped)
    same = padding.resolve("same", lengths, taps, stride, dilation, flipped=flipped)
    return [
        Sampling(one.length, step, usual.before - one.before)
        for one, usual, step in zip(given, same, stride, strict=True)
    ]
