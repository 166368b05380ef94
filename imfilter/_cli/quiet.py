"""Decoders mutter about files; the command says one line, and only about what matters."""

from __future__ import annotations

import contextlib
import logging
import os
import warnings
from collections.abc import Iterator


@contextlib.contextmanager
def decoders() -> Iterator[None]:
    """Silence tifffile's log, Pillow's warnings and what libtiff prints, while a file is read."""
    logging.getLogger("tifffile").addHandler(logging.NullHandler())
    with warnings.catch_warnings(), _without_stderr():
        warnings.filterwarnings("ignore", module=r"PIL\b")
        yield


@contextlib.contextmanager
def _without_stderr() -> Iterator[None]:
    """Point the process's standard error, to which C libraries write, at nothing."""
    try:
        kept = os.dup(2)
    except OSError:  # it is closed: there is nothing to silence
        yield
        return
    try:
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, 2)
        os.close(nothing)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
