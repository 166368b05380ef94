"""The command line of ``imfilter pipe``. It imports no filter before the command runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from . import completion
from .notes import FILE_NOTES, NOTES
from .options import click_option
from .table import PIPE

if TYPE_CHECKING:
    from .steps import Step

NAME = "pipe"
_ABOUT = "Run several filters, one after the other."
_EXAMPLE = 'imfilter pipe in.png out.png "gaussian --sigma 2" sobel "threshold --method otsu"'

#: Does some work and returns the exit code.
Guard = Callable[[Callable[[], None]], int]
#: Filters files: called with a function for one file, the files, the options and the name of the command.
Run = Callable[[Callable[..., None], Sequence[str], dict[str, Any], str], int]


def command(guarded: Guard, filter_files: Run) -> click.Command:
    """Return the command.

    Parameters
    ----------
    guarded : callable
        Does some work, says its error in one line and returns the exit code.
    filter_files : callable
        Filters one file, or many files into a folder.
    """

    def run(words: tuple[str, ...], **options: Any) -> int:
        normalize = click.get_current_context().token_normalize_func
        found: list[Step] = []
        paths: Sequence[str] = words

        def start() -> None:
            nonlocal found, paths
            from . import steps

            if len(words) >= 2:
                found, paths = steps.of_words(words, options, normalize)

        def work(source: str, destination: str, given: Mapping[str, Any]) -> None:
            from . import pipe_file

            pipe_file.run(found, source, destination, given)

        return guarded(start) or filter_files(work, paths, options, NAME)

    return click.Command(
        NAME,
        params=[
            click.Argument(
                ["words"], metavar="IN... OUT [STEP...]", nargs=-1, shell_complete=completion.files
            ),
            *(click_option(option) for option in PIPE),
        ],
        callback=run,
        help="\n\n".join([_ABOUT, *NOTES[NAME], *FILE_NOTES]),
        short_help=_ABOUT,
        epilog=f"Example: {_EXAMPLE}",
    )
