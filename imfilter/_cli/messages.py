"""Messages on standard error: one line each, without control characters."""

from __future__ import annotations

import contextlib
import re
import warnings
from collections.abc import Container, Iterator
from contextvars import ContextVar
from typing import Any

import click

#: The lines that are said later, and the lines that have been said. None: lines are said at once, each time.
_kept: ContextVar[list[tuple[str, str]] | None] = ContextVar("kept", default=None)
_said: ContextVar[set[str] | None] = ContextVar("said", default=None)


#: A keyword of Python and its value in a message, after a space or a bracket. Only errors need it compiled.
_KEYWORD = r"(^|[\s(])([a-z_]+)=('[^']*'|\([^)]*\)|-?[\w.+-]*\w|\.\.\.)?"
#: Advice of functions for arrays in memory, and the same for files.
_ADVICE = {
    "convert a colour image to grey first, with imfilter.color.rgb_to_gray": (
        "give --channel-axis -1 if the last axis is colour, or --axes YX for planes"
    ),
    ", or give direction=": "",
    "which is a value of padding: correlate(padding=...)": "which is a value of --padding of correlate",
}
#: Bytes of pixels in memory from which a message says so.
LARGE = 1 << 30


def visible(text: str) -> str:
    r"""Return a text as one line. Characters that are not printable become escapes (``\x1b``).

    File names and the names of columns may contain any character. A terminal executes some control
    characters. It may show other characters in the wrong order or not at all.
    """
    words = " ".join(text.split())
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in words)


def of_options(text: str, options: Container[str]) -> str:
    """Return a message of a function with the options of the command in place of keywords of Python.

    ``mask=`` becomes ``--mask``, and ``nan='ignore'`` becomes ``--nan ignore``, if `options` has the name.
    Parts of paths stay.
    """
    for words, said in _ADVICE.items():
        text = text.replace(words, said)

    def flag(found: re.Match[str]) -> str:
        start, name, value = found.groups()
        if name not in options or _is_of_path(found):
            return found[0]
        value = (value or "").strip("'()").replace(", ", ",")
        return f"{start}--{name.replace('_', '-')}{f' {value}' if value not in ('', 'True', '...') else ''}"

    return re.sub(_KEYWORD, flag, text)


def _is_of_path(found: re.Match[str]) -> bool:
    """Return whether a keyword and its value are a part of the path of a file, such as ``sigma=2.png``."""
    return bool(re.search(r"\.[A-Za-z]", found[3] or "")) or found.string.startswith(("/", "\\"), found.end())


@contextlib.contextmanager
def once() -> Iterator[None]:
    """Say each message once, also if its numbers differ: the pages of a stack have the same messages."""
    token = _said.set(set())
    try:
        yield
    finally:
        _said.reset(token)


def say(kind: str, text: str) -> None:
    """Write one line, or nothing if standard error is closed or full."""
    said, lines = _said.get(), _kept.get()
    if lines is not None:
        lines.append((kind, text))
        return
    if said is not None:
        known = re.sub(r"[\d.]+", "#", text)
        if known in said:
            return
        said.add(known)
    with contextlib.suppress(OSError):
        click.echo(f"imfilter: {kind}: {visible(text)}", err=True)


def say_held(name: str, size: int, reason: str) -> None:
    """Say that so many bytes of pixels are in memory at once, if they are many."""
    if size > LARGE:
        say("warning", f"{name}: {size / 1e9:.1f} GB of pixels are held in memory, because {reason}")


@contextlib.contextmanager
def kept() -> Iterator[list[tuple[str, str]]]:
    """Keep the lines instead of saying them. The caller says them later."""
    lines: list[tuple[str, str]] = []
    token = _kept.set(lines)
    try:
        yield lines
    finally:
        _kept.reset(token)


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
