"""Messages on standard error: one line each, without control characters."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterator
from contextvars import ContextVar
from typing import Any

import click


def visible(text: str) -> str:
    r"""Return a text as one line. Characters that are not printable become escapes (``\x1b``).

    File names and the names of columns may contain any character. A terminal executes some control
    characters. It may show other characters in the wrong order or not at all.
    """
    words = " ".join(text.split())
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in words)


_held: ContextVar[list[tuple[str, str]] | None] = ContextVar("held", default=None)


def say(kind: str, text: str) -> None:
    """Write one line, or nothing if standard error is closed or full."""
    held = _held.get()
    if held is not None:
        held.append((kind, text))
        return
    with contextlib.suppress(OSError):
        click.echo(f"imfilter: {kind}: {visible(text)}", err=True)


@contextlib.contextmanager
def held() -> Iterator[list[tuple[str, str]]]:
    """Collect the arguments of `say` instead of writing them."""
    messages: list[tuple[str, str]] = []
    token = _held.set(messages)
    try:
        yield messages
    finally:
        _held.reset(token)


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
