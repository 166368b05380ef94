"""The command ``imfilter warmup``: compile in advance, for example in a container build."""

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
    "Compile the kernels for the usual element types and store them, so the first filter starts without "
    "delay. In a container build, run it as the user of the filters, on the same type of processor."
)


def _bar(steps: list[_Step]) -> AbstractContextManager[Iterable[_Step]]:
    return ending.progress(steps, label="compiling", item_show_func=lambda step: step[0] if step else "")


def run() -> None:
    """Run all steps with a progress bar, and report the result in one line.

    Raises
    ------
    OSError
        If the compiled code could not be stored. Then the next process compiles it again.
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
            # Messages of the compiler would disturb the progress bar.
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
