"""Filter many files in one process: several at a time, with one progress bar and one line for each error."""

from __future__ import annotations

import collections
import contextlib
import gc
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import click

from .._files import atomic
from .._files.image import FileError
from . import ending, folders, messages, pipeline, quiet
from .folders import Job

#: Filters one file: called with the names of IN and OUT, and the options.
Work = Callable[[str, str, Mapping[str, Any]], None]
#: So many files that fail first with one and the same message about an option end the command.
_SAME = 3
#: The command disables the collection of garbage, which slows the imports. After so many files it is enabled.
_COLLECTED = 8


class _Outcome(NamedTuple):
    """What became of a file: the error, if any, and the lines that were said."""

    job: Job
    error: str | None
    usage: str | None  # the message, if it is about an option
    lines: list[tuple[str, str]]


def run(work: Work, sources: Sequence[str], destination: str, options: Mapping[str, Any], label: str) -> None:
    """Filter files and folders into a folder.

    Parameters
    ----------
    work : callable
        Filters one file.
    sources : sequence of str
        Files and folders.
    destination : str
        The folder of the results.
    options : mapping
        Every option of the command by name.
    label : str
        Name of the command in the progress bar.

    Raises
    ------
    FileError
        At the end, if some files could not be filtered. The message has their number.
    ValueError
        If an option is wrong for the first files.
    """
    if options.get("cluster") is not None:
        raise ValueError("--cluster is for one array of zarr at a time, and IN is a folder or several files")
    plan = folders.plan(sources, destination, options)
    if plan.jobs:
        _make_folder(destination)  # one line, not one for each file
    jobs = max(1, min(options["jobs"] or _cores(), len(plan.jobs)))
    # Threads of files are faster than threads of bands, which wait for each other.
    given = {**options, "workers": options["workers"] or max(1, _cores() // jobs), "format": None}
    _say(plan.lines)
    failed = sum(kind == "error" for kind, _ in plan.lines)
    written, same = 0, collections.Counter[str]()
    with quiet.throughout(), bar(len(plan.jobs), label) as advance:
        for outcome in pipeline.results(plan.jobs, lambda job: _one(work, job, given), jobs, ahead=jobs):
            if failed + written >= _COLLECTED:
                gc.enable()
            if outcome.error is None:
                written += 1
                advance(outcome.lines, 1)
                continue
            failed += 1
            if outcome.usage is not None and not written:
                same[outcome.usage] += 1
                if same[outcome.usage] == min(_SAME, len(plan.jobs)):
                    raise ValueError(outcome.usage)
            advance([("error", outcome.error)], 1)
    if failed:
        skipped = f", {plan.skipped} skipped" if plan.skipped else ""
        raise FileError(f"{failed} failed, {written} written{skipped}")


def _cores() -> int:
    from imfilter._base import threads

    return threads.most(None)


def _one(work: Work, job: Job, options: Mapping[str, Any]) -> _Outcome:
    """Filter one file."""
    error = usage = None
    with messages.kept() as lines:
        try:
            _make_folder(os.path.dirname(job.target))
            work(job.source, job.target, options)
        except MemoryError:
            error = "not enough memory"
        except (OSError, ImportError, RuntimeError) as failure:
            error = str(failure)
        except (ValueError, TypeError, OverflowError) as failure:  # about options, or options for this file
            error = usage = messages.of_options(str(failure), options)
    if error is not None and not error.startswith((job.source, job.target)):
        error = f"{job.source}: {error}"
    return _Outcome(job, error, usage, lines)


def _make_folder(folder: str) -> None:
    try:
        os.makedirs(folder or ".", exist_ok=True)
    except (FileExistsError, NotADirectoryError) as error:  # a part of its path is a file
        raise FileError(f"{folder}: cannot be created: {atomic.missing(os.path.realpath(folder))}") from error
    except OSError as error:
        raise FileError(f"{folder}: cannot be created: {error.strerror or error}") from error


@contextlib.contextmanager
def bar(length: int, label: str, done: int = 0) -> Iterator[Callable[[Sequence[tuple[str, str]], int], None]]:
    """Show a progress bar on a terminal. Yield a function that says lines and advances by a number of parts.

    Parameters
    ----------
    length : int
        Number of parts: files, or blocks of a file.
    label : str
        The name beside the bar.
    done : int
        Number of parts that are done before.
    """
    if length < 2 or sys.stderr is None or not sys.stderr.isatty():
        yield lambda lines, count: _say(lines)
        return
    with ending.progress(length=length, label=label, show_pos=True) as shown:
        shown.update(done)

        def advance(lines: Sequence[tuple[str, str]], count: int) -> None:
            if lines:
                click.echo("\r\033[K", nl=False, err=True)  # the next update draws the bar again
            _say(lines)
            shown.update(count)

        yield advance


def _say(lines: Sequence[tuple[str, str]]) -> None:
    for kind, text in lines:
        messages.say(kind, text)
