"""Filter one file."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Any

from . import arrays, stacks, streamed, streams
from .command import Command
from .table import TABLES


def run(command: Command, source: str, destination: str, options: Mapping[str, Any]) -> None:
    """Read a picture, a stack or an array, filter it and write the result.

    Parameters
    ----------
    command : Command
        The filter.
    source, destination : str
        IN and OUT.
    options : mapping
        Every option of the command by name.
    """
    listed = command.kind in ("corners", "finder") and streams.suffix_of(destination, options) in TABLES
    kind = None if listed else streams.format_of(destination, options)
    streams.check(destination)
    if options["cluster"] is not None:
        from . import cluster  # imports the filters

        cluster.check(source, destination, options)
    stack = stacks.opened(source, options)
    if stack is None:
        whole = streamed.run(command, source, destination, options, kind)
        if whole is None:
            return
        image = streams.picture(source, options)
        streamed.tell(image, source, whole)
        stack = stacks.of_image(command, image, options)
    if stack is not None:
        with contextlib.closing(stack):
            stacks.run(command, stack, (source, destination), options, kind)
        return
    # They import the filters, after files that cannot be read are reported.
    from . import corners, edges, finders, limits, missing
    from .apply import apply

    # A list of blobs may be empty, so it is no picture.
    rows = command.name == "blobs" and kind is not None and kind.name == "NumPy"
    if command.kind == "finder" and (kind is None or rows):
        finders.write(destination, finders.find(command, image, options), options)
        return
    if kind is None:
        limits.check_use(limits.asked(options), None)
        response = edges.corner_response(missing.found(image, options), options)
        corners.write(destination, response, corners.detect(response, options), options)
        return
    image = apply(command, image, options, kind, source)  # frees the input before the result is written
    if not kind.picture:
        image = arrays.with_input_order(image, options["channel_axis"])
    streams.write(destination, image, options)
