"""The command ``imfilter pipe`` for one file."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from typing import Any

from . import arrays, pages, streamed, streams
from .command import Command
from .pipe_stages import filtered
from .steps import Step

#: The filter of a stack, for which `spacing` is that of the file.
_COMMAND = Command("pipe", "pipe", "Run several filters, one after the other.", (), "")


def run(steps: Sequence[Step], source: str, destination: str, options: Mapping[str, Any]) -> None:
    """Read, filter and write."""
    kind = streams.format_of(destination, options)
    streams.check(destination)
    if options["cluster"] is not None:
        from . import cluster

        cluster.check(source, destination, options)
    stack = pages.opened(source, options)
    image = None
    if stack is None:
        whole = streamed.run(_COMMAND, source, destination, options, kind, steps)
        if whole is None:
            return
        image = streams.picture(source, options)
        streamed.tell(image, source, whole)
        stack = pages.of_image(_COMMAND, image, options)
    if stack is not None:
        from . import stacks

        with contextlib.closing(stack):
            stacks.run(_COMMAND, stack, (source, destination), {**options, "spacing": None}, kind, steps)
        return
    assert image is not None
    image = filtered(steps, image, options, kind)
    if not kind.picture:
        image = arrays.with_input_order(image, options["channel_axis"])
    streams.write(destination, image, options)
