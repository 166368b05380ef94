"""Filter a stack: several pages, channels, volumes or times, block by block."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import TYPE_CHECKING

from .._files import stack_files
from .._files.formats import Format
from .._files.stacks import Stack
from . import messages, stack_header
from .command import Command
from .pages import Options, levels
from .stack_work import Work

if TYPE_CHECKING:
    from .steps import Step


def run(
    command: Command,
    stack: Stack,
    names: tuple[str, str],
    options: Options,
    kind: Format | None,
    steps: Sequence[Step] | None = None,
) -> None:
    """Filter a stack and write the result.

    Parameters
    ----------
    command : Command
        The filter.
    stack : Stack
        The open input.
    names : tuple of str
        IN and OUT.
    options : mapping
        Every option of the command by name.
    kind : Format or None
        The format of OUT. None: a list of places.
    steps : sequence of Step, optional
        The steps of a pipeline, which filter in place of the command.
    """
    source, destination = names
    if kind is None or (command.name == "blobs" and not kind.picture):
        formats = ".tif" if command.name == "blobs" else ".tif or .npy"  # its .npy file is the list, too
        raise ValueError(f"{source} is a stack, and a list of places is for one picture; write {formats}")
    if options["channel_axis"] is not None:
        raise ValueError("--channel-axis is only for .npy files without --axes, and IN is a stack")
    stack_files.check_count(kind, stack.header)
    if kind.name != "video":
        stack = stack.counted()
    work = Work(command, stack, source, options, kind, steps)
    if kind.name == "zarr" and _by_blocks(work, destination):
        return
    with messages.once():
        if work.waiting:
            from . import stack_thresholds

            work = stack_thresholds.found(work)
        results = work.results()
        first = next(results)
        header = stack_header.of(work, first)
        if kind.name in stack_files.GATHERED:
            messages.say_held(destination, header.pixels.nbytes, f"{kind.name} encodes all of them at once")
        stack_files.write(
            destination,
            kind,
            header,
            itertools.chain([first.pixels], (r.pixels for r in results)),
            quality=options["quality"],
            levels=levels(command, options),
        )


def _by_blocks(work: Work, destination: str) -> bool:
    """Filter an array of zarr block by block: on a cluster, or if it is large. Return whether it is done."""
    from . import blockwise  # imports the filters

    address, count = work.options["cluster"], levels(work.command, work.options)
    if address is None and not blockwise.is_large(work):
        return False
    with messages.once():
        found = blockwise.plan(work)
        if address is not None:
            from . import cluster

            cluster.run(found, work, destination, count, address)
        elif found is None:
            return False
        else:
            from . import stack_thresholds

            blockwise.run(found._replace(work=stack_thresholds.found(found.work)), destination, count)
    return True
