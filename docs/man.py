"""The manual page of the command: ``python docs/man.py`` writes docs/imfilter.1 from the tables of commands.

The wheel contains the page. A test compares the page with the tables. click-man would write one page for each
command, without escapes of roff, and finds only commands that exist before they are asked for.
"""

from __future__ import annotations

import sys
import textwrap
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

import click

import imfilter
from imfilter import cli

PAGE = Path(__file__).resolve().with_name("imfilter.1")
_WIDTH = 64  # of a line in the file, before its escapes
_ESCAPES = {
    "\\": r"\e",
    "-": r"\-",
    "'": r"\(aq",
    "`": r"\(ga",
    "^": r"\(ha",
    "~": r"\(ti",
    "\N{MIDDLE DOT}": "*",
}

_DESCRIPTION = (
    "imfilter filters a picture, a table or an array. The content of IN tells its type. The ending of OUT "
    "tells the type of the result.",
    "Options may be anywhere after the filter. --help shows those of one filter, and their defaults. Values "
    "for each axis are rows,columns: --sigma 2,0.5.",
)
_ENVIRONMENT = (
    ("IMFILTER_CACHE_DIR", "The folder of compiled code. Default: a folder in the cache of the user."),
    ("IMFILTER_WORKERS", "The number of threads. Default: every core that the process may use."),
)
_STATUS = (
    ("0", "The work is done. A warning does not change the status."),
    ("1", "A file is missing, damaged, of an unknown format or too large, or it cannot be written."),
    ("2", "An option is wrong."),
)
_EXAMPLES = (
    "imfilter sobel photo.jpg edges.png",
    "imfilter gaussian in.png out.png --sigma 2.5",
    "imfilter threshold page.png out.png --method sauvola --size 25",
    "imfilter series median prices.csv out.csv --column price --size 5",
    "imfilter show kernels weights.npy kernels.png",
)
#: Where several subcommands have the same option or paragraph, it is written once.
_GROUPS = {"imfilter": "FILTERS", "imfilter show": "SHOW", "imfilter series": "SERIES"}


def escaped(text: str) -> str:
    """Return a line for roff, in which no character is a command."""
    line = "".join(_ESCAPES.get(character, character) for character in " ".join(text.split()))
    return rf"\&{line}" if line.startswith(".") else line


def filled(text: str) -> str:
    """Return a paragraph for roff, in short lines."""
    lines = textwrap.wrap(" ".join(text.split()), _WIDTH, break_long_words=False, break_on_hyphens=False)
    return "\n".join(map(escaped, lines))


def page() -> str:
    """Return the whole manual page."""
    root = cli._command
    lines = [
        f'.TH IMFILTER 1 "" "imfilter {escaped(imfilter.__version__)}" "User Commands"',
        *(".nh", ".ad l"),  # a word with a hyphen more could not be copied
        *(".SH NAME", r"imfilter \- filter pictures, tables and arrays"),
        *(".SH SYNOPSIS", r".B imfilter", r".I FILTER IN OUT", r"[\fI\-\-option value\fR]..."),
        *_paragraphs(".SH DESCRIPTION", _DESCRIPTION),
    ]
    with click.Context(root, info_name="imfilter") as context:
        groups = [(root, context)]
        for name in root.list_commands(context):
            command = root.get_command(context, name)
            if isinstance(command, click.Group):
                groups.append((command, click.Context(command, context, info_name=name)))
        for group, own in groups:
            lines += _group(group, own)
    lines += [*_listed(".SH ENVIRONMENT", _ENVIRONMENT), *_listed(".SH EXIT STATUS", _STATUS)]
    lines += [".PP", r"A signal ends the command as it ends others: a shell shows 130 for Ctrl\-C."]
    lines += [".SH EXAMPLES", ".EX", *map(escaped, _EXAMPLES), ".EE"]
    return "\n".join([*lines, ""])


def _group(group: click.Group, context: click.Context) -> Iterator[str]:
    """Yield the section of a group: what its commands share, then each command."""
    found = [group.get_command(context, name) for name in group.list_commands(context)]
    commands = [each for each in found if each is not None and not isinstance(each, click.Group)]
    shared = Counter(record for command in commands for record in _records(command, context))
    told = Counter(text for command in commands for text in _notes(command))
    often = len(commands) // 2
    notes = [text for text, count in told.items() if count > often]
    title = _GROUPS[context.command_path]
    # The list of filters tells what the group says of itself in the help.
    yield from _paragraphs(f".SH {title}", [*([group.help or ""] if context.parent else []), *notes])
    for command in commands:
        name = f"{context.command_path.removeprefix('imfilter')} {command.name}".strip()
        usage = " ".join(piece for piece in command.collect_usage_pieces(context) if piece != "[OPTIONS]")
        yield from (f'.SS "{escaped(name)} {escaped(usage)}"', filled(command.short_help or ""))
        for text in _notes(command):
            if text not in notes:
                yield from (".PP", filled(text))
        yield from _options(record for record in _records(command, context) if shared[record] <= often)
        if command.epilog:
            yield from (".PP", filled(command.epilog))
    common = [record for record, count in shared.items() if count > often]
    if common:
        yield '.SS "Options that most of these commands have"'
        yield from _options(common)


def _notes(command: click.Command) -> list[str]:
    """Return the paragraphs of the help of a command after its summary."""
    first, *others = (command.help or "").split("\n\n")
    return others if first == command.short_help else [first, *others]


def _records(command: click.Command, context: click.Context) -> list[tuple[str, str]]:
    """Return the names and the help of the options of a command."""
    options = [each for each in command.params if isinstance(each, click.Option)]
    return [record for record in (option.get_help_record(context) for option in options) if record]


def _options(records: Iterable[tuple[str, str]]) -> Iterator[str]:
    for names, text in records:
        flag, _, value = names.partition(" ")
        yield from (
            ".TP",
            rf"\fB{escaped(flag)}\fR \fI{escaped(value)}\fR" if value else rf"\fB{escaped(flag)}\fR",
        )
        yield filled(text)


def _paragraphs(title: str, texts: Iterable[str]) -> Iterator[str]:
    yield title
    for number, text in enumerate(texts):
        if number:
            yield ".PP"
        yield filled(text)


def _listed(title: str, entries: Iterable[tuple[str, str]]) -> Iterator[str]:
    yield title
    for name, text in entries:
        yield from (".TP", f".B {escaped(name)}", filled(text))


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    sys.stdout.write(f"{PAGE.name}\n")
