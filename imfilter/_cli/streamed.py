"""Filter large files in bands of rows: reading, filtering and writing overlap, and memory stays small."""

from __future__ import annotations

import contextlib
import dataclasses
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from imfilter._base import dtypes, threads

from .. import io
from .._files import bands
from .._files.formats import Format
from .._files.image import Image
from . import apart, heap, messages, pages, pipeline, quiet, streams, strips
from .command import Command
from .strips import Piecewise

if TYPE_CHECKING:
    from .steps import Step

#: Smallest size in bytes of the pixels of a file that is read in bands.
_SMALL = 1 << 24
#: Threads beside those that compute. A thread that waits for the disk computes nothing, and each thread holds
#: a band. ``gaussian`` 2 of 4 GB from the disk took 8.4 s with two threads, 6.9 with one more, 7.1 with two
#: more. From memory it took 6.0, 5.5 and 5.6 s (two processors).
BESIDE = 1
#: Kinds of filters whose results have the axes of a volume.
_VOLUMES = (
    *("smoothing", "fill", "morphology", "residue", "linear", "derivative", "statistic", "entropy"),
    *("preserving", "denoising", "threshold", "resampling"),
)


def run(
    command: Command,
    source: str,
    destination: str,
    options: Mapping[str, Any],
    kind: Format | None,
    steps: Sequence[Step] | None = None,
) -> str | None:
    """Read, filter and write in bands of rows, if the filter and the file allow it.

    Parameters
    ----------
    command : Command
        The filter.
    source, destination : str
        The names of the files.
    options : mapping
        Every option of the command by name.
    kind : Format or None
        The format of the output file. None: a table.
    steps : sequence of Step, optional
        The steps of a pipeline, which filter in place of the command.

    Returns
    -------
    str or None
        Why the picture must be in memory as a whole, or nothing if that has been said. None: the output is
        written.
    """
    if kind is None:
        return "OUT is a table"
    if pages.wanted(options) is not None:
        return "axes are named"
    if streams.STANDARD in (source, destination):
        return "a stream is read and written as a whole"
    with quiet.decoders():
        image = bands.opened(source, options["max_pixels"] or None, _SMALL, options["workers"])
    if image is None:
        return f"{os.path.splitext(source)[1] or 'this file'} is read as a whole"
    reason = _stream(command, image, destination, options, kind, source, steps)
    if reason is not None:
        tell(image, source, reason)  # before it is read
        reason = ""
    return reason


def _stream(
    command: Command,
    image: Image,
    destination: str,
    options: Mapping[str, Any],
    kind: Format,
    source: str,
    steps: Sequence[Step] | None,
) -> str | None:
    """Filter and write in bands of rows, or return why that is not possible."""
    axis = options["channel_axis"]
    if axis is not None:
        if axis == 0 or image.channels or image.pixels.ndim != 3:
            return "--channel-axis is not the last of three"
        image = dataclasses.replace(image, channels=True)
    kinds = {command.kind} if steps is None else {step.command.kind for step in steps}
    volume = image.spatial > 2
    if image.spatial < 2 or (volume and (kind.name != "NumPy" or not kinds <= set(_VOLUMES))):
        return "it does not have two axes"
    if not options["exif"]:
        image = dataclasses.replace(image, exif=None)
    if steps is not None:
        from . import pipe_stages

        made = apart.compiled(lambda: pipe_stages.piecewise(steps, image, options, kind, source))
    else:
        from .apply import prepared  # imports the filters, after files that cannot be read are reported

        one = {**options, "workers": 1}
        with messages.kept() as lines:
            made = apart.compiled(lambda: prepared(command, image, one, kind, source))
        if made.rows is None:
            return f"{command.name} needs the whole picture"
        for line in lines:
            messages.say(*line)
    assert made.rows is not None
    _write(made, made.rows, destination, options, kind)
    return None


def tell(image: Image, source: str, reason: str) -> None:
    """Say that a large picture is in memory as a whole."""
    if reason:
        messages.say_held(source, image.pixels.nbytes, reason)


def _write(
    made: Piecewise, rows: strips.Rows, destination: str, options: Mapping[str, Any], kind: Format
) -> None:
    """Compute and write all bands. The first one decides the format of the pixels."""
    workers = threads.most(threads.requested(options["workers"]))
    count = strips.count_bands(
        made.image,
        rows,
        workers + BESIDE,
        direct=made.direct,
        shortens=made.shortens,
        result=made.result,
    )
    items = quiet.items(strips.bands(made.image, rows, count))
    first = made.first(next(items))
    head = dataclasses.replace(first, pixels=first.pixels[:1].copy())  # is held until the end
    with _target(destination, head, rows.length, options, kind) as consume:
        consume(first)
        del first  # its memory is returned: it is too small for bands with rows on both sides
        heap.keep_freed()
        pipeline.run(items, made.streamed, consume, workers, BESIDE)


@contextlib.contextmanager
def _target(
    destination: str, first: Image, length: int, options: Mapping[str, Any], kind: Format
) -> Iterator[Callable[[Image], None]]:
    """Yield the function that gets the next rows of the output. Afterwards the output is complete."""
    if kind.name in bands.WRITTEN:
        with bands.writing(destination, first, length, options["background"]) as write:
            yield write
        return
    pixels, end = dtypes.empty((length, *first.pixels.shape[1:]), first.pixels.dtype), 0
    messages.say_held(destination, pixels.nbytes, f"{kind.name} is written as a whole")

    def keep(part: Image) -> None:
        nonlocal end
        start, end = end, end + len(part.pixels)
        pixels[start:end] = part.pixels

    yield keep
    image = dataclasses.replace(first, pixels=pixels)
    io.write(destination, image, quality=options["quality"], background=options["background"])
