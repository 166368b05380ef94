"""Silence the output of decoders. The command itself reports relevant problems in one line."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import warnings
from collections.abc import Iterator
from typing import TextIO, TypeVar

from .._files.image import FileWarning

_Item = TypeVar("_Item")

_NO_LOG = logging.NullHandler()
_throughout = False


@contextlib.contextmanager
def throughout() -> Iterator[None]:
    """Silence decoders in all threads until the end. Then `decoders` does nothing.

    The standard error of Python still works. Warnings of imfilter are issued at once.
    """
    global _throughout
    logging.getLogger("tifffile").addHandler(_NO_LOG)
    python = sys.stderr
    if _is_process_stderr(python):
        sys.stderr = os.fdopen(os.dup(2), "w", 1, python.encoding, "backslashreplace")
    _throughout = True
    try:
        with warnings.catch_warnings(), without_stderr():
            warnings.filterwarnings("ignore", module=r"PIL\b")
            yield
    finally:
        _throughout = False
        if sys.stderr is not python:
            sys.stderr.close()
            sys.stderr = python


def _is_process_stderr(stream: TextIO | None) -> bool:
    try:
        return stream is not None and stream.fileno() == 2
    except (OSError, ValueError):
        return False


@contextlib.contextmanager
def decoders() -> Iterator[None]:
    """Silence the log of tifffile, the warnings of Pillow and the output of libtiff while a file is read.

    Warnings of imfilter are issued after the file has been read. If reading fails, only the error is shown.
    """
    if _throughout:
        yield
        return
    logging.getLogger("tifffile").addHandler(_NO_LOG)
    with warnings.catch_warnings(record=True) as caught, without_stderr():
        warnings.filterwarnings("ignore", module=r"PIL\b")
        yield
    for warning in caught:
        if issubclass(warning.category, FileWarning):
            warnings.warn(warning.message, stacklevel=1)


@contextlib.contextmanager
def without_stderr() -> Iterator[None]:
    """Redirect the standard error of the process to the null device, because C libraries write to it."""
    try:
        saved = os.dup(2)
    except OSError:  # standard error is closed
        yield
        return
    try:
        null_device = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null_device, 2)
        os.close(null_device)
        yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)


def items(iterator: Iterator[_Item]) -> Iterator[_Item]:
    """Yield the items of an iterator, without the messages of C libraries that it calls."""
    end = object()
    while True:
        with without_stderr():
            item = next(iterator, end)
        if item is end:
            return
        held = [item]
        del item
        yield held.pop()  # type: ignore[misc]  # an item, because it is not the end; it is not held here
