"""The code blocks of a Markdown page, and how they run.

Three comments in the source of a page, which a reader does not see, belong to the block that follows:

- ``<!-- setup`` with Python code, then ``-->``: names and files that the next blocks need.
- ``<!-- not run: reason -->``: the block cannot run here.
- none: a ``python`` block runs, and every line of a shell block runs if it starts with ``imfilter``.
"""

import contextlib
import glob
import importlib.util
import io
import itertools
import re
import shlex
from dataclasses import dataclass
from pathlib import Path

from imfilter import cli

#: Fences that begin with these words are no code: output, and directives of Sphinx.
TEXT = ("text", "{include}", "{toctree}", "{eval-rst}")


@dataclass(frozen=True)
class Block:
    """A block of a page: its kind, the line of its first word, and its text."""

    kind: str  # python, setup, shell or other
    line: int
    text: str
    reason: str | None = None  # why it does not run


class PageError(AssertionError):
    """A block of a page does not run. The message names the page and the line."""


def blocks(text):
    """Return the blocks of a page in their order."""
    found, lines, at, reason = [], text.splitlines(), 0, None
    while at < len(lines):
        line, start = lines[at], at
        if line.startswith("<!-- setup"):
            at = _until(lines, at, lambda words: words.strip() == "-->")
            found.append(Block("setup", start + 2, "\n".join(lines[start + 1 : at])))
        elif marker := re.fullmatch(r"<!-- not run: (.+) -->", line):
            reason = marker[1]
        elif fence := re.match(r"( *)```(\S*)", line):
            at = _until(lines, at, lambda words: words.strip() == "```")
            kind = {"python": "python", "sh": "shell", "console": "shell"}.get(fence[2], "other")
            body = "\n".join(words[len(fence[1]) :] for words in lines[start + 1 : at])
            if fence[2] not in TEXT:
                found.append(Block(kind, start + 2, body, reason))
            reason = None
        elif re.match(r" {4,}\S", line) and (not start or not lines[start - 1].strip()):
            if _in_a_list(lines, start) and not line.strip().startswith("imfilter "):
                at += 1  # a continued paragraph of a list
                continue
            while at + 1 < len(lines) and (lines[at + 1].startswith("    ") or not lines[at + 1].strip()):
                at += 1
            body = "\n".join(words.strip() for words in lines[start : at + 1]).rstrip()
            found.append(Block("shell", start + 1, body, reason))
            reason = None
        elif line.strip() and reason:
            raise PageError(f"line {start}: a block must follow <!-- not run -->")
        at += 1
    return found


def _until(lines, at, ends):
    at += 1
    while not ends(lines[at]):
        at += 1
    return at


def _in_a_list(lines, at):
    """Whether the paragraph before an indented line is of a list."""
    for line in reversed(lines[:at]):
        if line.strip() and not line.startswith(" "):
            return bool(re.match(r"[-*] |\d+\. ", line))
    return False


def run(page, text):
    """Run the blocks of a page in the working directory, in one namespace. Return it."""
    names = {"__name__": "__main__"}
    for block in blocks(text):
        if block.reason:
            continue
        where = f"{page}, line {block.line}"
        if block.kind in ("python", "setup"):
            code = compile("\n" * (block.line - 1) + block.text, str(page), "exec")
            with contextlib.redirect_stdout(io.StringIO()):
                exec(code, names)
        elif block.kind == "shell":
            for line in block.text.splitlines():
                run_command(where, line)
        else:
            raise PageError(
                f"{where}: a block must be Python, a command, ```text or <!-- not run: reason -->"
            )
    return names


def run_command(where, line):
    """Run a line of a shell block through the command."""
    words = shlex.split(line, comments=True)
    if not words:
        return
    if words[0] != "imfilter" or "|" in words:
        raise PageError(f"{where}: {line!r} must start with imfilter, or have <!-- not run: reason -->")
    # The pattern after --glob is for the command, not for the shell.
    pairs = itertools.pairwise(words)
    expanded = (
        sorted(glob.glob(word)) if "*" in word and last != "--glob" else [word] for last, word in pairs
    )
    words = [name for names in expanded for name in names]
    output = io.StringIO()
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
        code = cli.call(words)
    if code:
        raise PageError(f"{where}: {line!r} failed: {output.getvalue().strip()}")


def every(root):
    """Return the pages with code: the README and the documentation."""
    pages = [root / "README.md", *(root / "docs").rglob("*.md")]
    return sorted(page for page in pages if "_build" not in page.parts)


def text(page: Path):
    """Return the source of a page."""
    return page.read_text(encoding="utf-8")


def module(name):
    """Load a script of docs/, which is no package."""
    path = Path(__file__).parents[2] / "docs" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(name, path)
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded
