"""The command ``imfilter warmup``: compile ahead, for the builder of a container."""

from __future__ import annotations

import contextlib
import io
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager

import click

from . import ending, messages

_Step = tuple[str, Callable[[], object]]
ABOUT = (
    "Compile the kernels for the usual element types and keep them, so that the first filter starts at "
    "once. For the build of a container: run it as the user who will filter, on the same kind of processor."
)


def _bar(steps: list[_Step]) -> AbstractContextManager[Iterable[_Step]]:
    return ending.progress(steps, label="compiling", item_show_func=lambda step: step[0] if step else "")


def run() -> None:
    """Do every step under a progress bar, and say in one line what was done.

    Raises
    ------
    OSError
        If something was compiled and could not be kept: it would be compiled again the next time.
    """
    began = time.perf_counter()
    from imfilter._base import warmup

    if why := warmup.flaw():
        raise OSError(
            f"compiled kernels cannot be kept, because {why}: "
            "set IMFILTER_CACHE_DIR to a folder that only you can write"
        )
    steps = warmup.steps()
    before = warmup.kept()
    terminal = sys.stderr is not None and sys.stderr.isatty()
    with warmup.compilations() as compiled, _bar(steps) if terminal else contextlib.nullcontext(steps) as bar:
        for _, step in bar:
            # The compiler's word to those who wait would fall into the middle of the bar.
            with contextlib.redirect_stderr(io.StringIO()) if terminal else contextlib.nullcontext():
                step()
    places = " or ".join(map(str, warmup.places()))
    new = warmup.kept() - before
    if compiled and not new:
        raise OSError(
            f"compiled kernels cannot be kept in {places}: "
            "set IMFILTER_CACHE_DIR to a folder that can be written"
        )
    done = f"{len(steps)} steps in {time.perf_counter() - began:.1f} s: "
    if new:
        done += f"{len(compiled)} kernels compiled into {new.pop().parent}"
    else:
        done += "nothing to compile"
    click.echo(messages.visible(done))
