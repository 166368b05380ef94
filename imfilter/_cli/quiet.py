"""Silence the output of decoders. The command itself reports relevant problems in one line."""

from __future__ import annotations

import contextlib
import logging
import os
import warnings
from collections.abc import Iterator

from .._files.image import FileWarning


@contextlib.contextmanager
def decoders() -> Iterator[None]:
    """Silence the log of tifffile, the warnings of Pillow and the output of libtiff while a file is read.

    Warnings of imfilter are issued after the file has been read. If reading fails, only the error is shown.
    """
    logging.getLogger("tifffile").addHandler(logging.NullHandler())
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
