"""Messages on standard error: one line each, without control characters."""

from __future__ import annotations

import contextlib
import re
import threading
import warnings
from collections.abc import Iterator
from typing import Any

import click

#: Of each thread: the lines that are said later, and those that have been said.
_kept = threading.local()


def visible(text: str) -> str:
    r"""Return a text as one line. Characters that are not printable become escapes (``\x1b``).

    File names and the names of columns may contain any character. A terminal executes some control
    characters. It may show other characters in the wrong order or not at all.
    """
    words = " ".join(text.split())
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in words)


@contextlib.contextmanager
def once() -> Iterator[None]:
    """Say each message of this thread once, also if its numbers differ: pages of a stack have the same."""
    before, _kept.said = getattr(_kept, "said", None), set()
    try:
        yield
    finally:
        _kept.said = before


def say(kind: str, text: str) -> None:
    """Write one line, or nothing if standard error is closed or full."""
    if (said := getattr(_kept, "said", None)) is not None:
        known = re.sub(r"[\d.]+", "#", text)
        if known in said:
            return
        said.add(known)
    if (lines := getattr(_kept, "lines", None)) is not None:
        lines.append((kind, text))
        return
    with contextlib.suppress(OSError):
        click.echo(f"imfilter: {kind}: {visible(text)}", err=True)


@contextlib.contextmanager
def kept() -> Iterator[list[tuple[str, str]]]:
    """Keep the lines of this thread, so that another thread says them later."""
    lines: list[tuple[str, str]] = []
    _kept.lines = lines
    try:
        yield lines
    finally:
        _kept.lines = None


@contextlib.contextmanager
def shown() -> Iterator[None]:
    """Show each warning about a file as one line, once. Other warnings are for programmers."""
    told: set[str] = set()

    def show(message: Warning | str, category: type[Warning], *where: Any, **more: Any) -> None:
        from .._files.image import FileWarning  # imports NumPy

        text = str(message)
        if issubclass(category, FileWarning) and text not in told:
            told.add(text)
            say("warning", text)

    with warnings.catch_warnings():
        warnings.filterwarnings("always", category=UserWarning, module=r"imfilter\.")
        warnings.showwarning = show
        yield
