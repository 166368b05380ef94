"""Standard input and output of the command, whose name is ``-``."""

from __future__ import annotations

import contextlib
import dataclasses
import sys
from collections.abc import Iterator, Mapping
from typing import IO, Any

from .. import io
from .._files.formats import FORMATS, Format, split
from .._files.image import FileError, Image
from . import arrays, quiet

#: The name of standard input as IN, and of standard output as OUT.
STANDARD = "-"
INPUT, _OUTPUT = "standard input", "standard output"


def read(source: str, max_pixels: int | None) -> Image:
    """Read a picture from a file or from standard input."""
    if source != STANDARD:
        return io.read(source, max_pixels=max_pixels)
    return io.read(standard_input(), max_pixels=max_pixels, name=INPUT)


def standard_input() -> IO[bytes]:
    """Return standard input for bytes, or raise an error if it is closed."""
    if sys.stdin is None:
        raise FileError(f"{INPUT}: is closed")
    return sys.stdin.buffer


def picture(source: str, options: Mapping[str, Any]) -> Image:
    """Read a picture by the options of a filter: EXIF, and the channels of arrays at the end."""
    with quiet.decoders():
        image = read(source, options["max_pixels"] or None)
    if not options["exif"]:
        image = dataclasses.replace(image, exif=None)
    return arrays.with_channels(image, options["channel_axis"])


def suffix_of(destination: str, options: Mapping[str, Any]) -> str:
    """Return the suffix that decides the format: that of OUT, or of ``--format`` for standard output."""
    given = options["format"]
    if destination == STANDARD:
        return f".{given or 'png'}"
    suffix = split(destination)[1]
    if given is not None and _same(suffix) != _same(f".{given}"):
        raise ValueError(
            f"--format is for folders and for standard output (-); the name of OUT says its format, "
            f"got {given} and {destination}"
        )
    return suffix


def _same(suffix: str) -> str:
    """Return one suffix for all suffixes of a format."""
    return next((known.suffixes[0] for known in FORMATS if suffix in known.suffixes), suffix)


def format_of(destination: str, options: Mapping[str, Any]) -> Format:
    """Return the format of OUT."""
    suffix = suffix_of(destination, options)
    return io.format_of(f"-{suffix}" if destination == STANDARD else destination)


def check(destination: str) -> None:
    """Raise an error if OUT cannot be written, or if it is a terminal."""
    if destination != STANDARD:
        io.check_target(destination)
    elif sys.stdout is None:
        raise FileError(f"{_OUTPUT}: is closed")
    elif sys.stdout.isatty():
        raise ValueError("OUT is -, and standard output is a terminal; redirect it to a file or to a pipe")


def write(destination: str, image: Image, options: Mapping[str, Any]) -> None:
    """Write a picture to a file or to standard output."""
    given = {"quality": options["quality"], "background": options["background"]}
    if destination != STANDARD:
        io.write(destination, image, **given)
        return
    suffix = suffix_of(destination, options).removeprefix(".")
    with writing() as file:
        io.write(file, image, format=suffix, name=_OUTPUT, **given)


@contextlib.contextmanager
def writing() -> Iterator[IO[bytes]]:
    """Open standard output for bytes. A reader that has ended is no error here: see ``cli``."""
    if sys.stdout is None:
        raise FileError(f"{_OUTPUT}: is closed")
    from .._files.whole import whole  # files with a name do not need it

    file = whole(sys.stdout.buffer)
    try:
        yield file
        file.flush()
    except (FileError, BrokenPipeError):
        raise
    except OSError as error:
        raise FileError(f"{_OUTPUT}: cannot be written: {error.strerror or error}") from error
