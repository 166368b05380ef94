"""Filter one file."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Any

from . import arrays, pages, streamed, streams
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
    # Each reader opens IN itself and closes it: this takes 0.01 ms, and a second look at the header of a TIFF
    # 0.2 ms. A reader never goes on with what another one has found, so IN may be replaced between them.
    stack = pages.opened(source, options)
    if stack is None:
        whole = streamed.run(command, source, destination, options, kind)
        if whole is None:
            return
        image = streams.picture(source, options)
        streamed.tell(image, source, whole)
        stack = pages.of_image(command, image, options)
    if stack is not None:
        from . import stacks  # not needed by single pictures

        with contextlib.closing(stack):
            stacks.run(command, stack, (source, destination), options, kind)
        return
    # What follows imports the filters, after files that cannot be read are reported.
    # A list of blobs may be empty, so it is no picture.
    rows = command.name == "blobs" and kind is not None and kind.name == "NumPy"
    if command.kind == "finder" and (kind is None or rows):
        from . import finders

        finders.write(destination, finders.find(command, image, options), options)
        return
    if kind is None:
        from . import corners, edges, limits, missing

        limits.check_use(limits.asked(options), None)
        response = edges.corner_response(missing.found(image, options), options)
        corners.write(destination, response, corners.detect(response, options), options)
        return
    from .apply import apply

    image = apply(command, image, options, kind, source)  # frees the input before the result is written
    if not kind.picture:
        image = arrays.with_input_order(image, options["channel_axis"])
    streams.write(destination, image, options)
