"""The tables of docs/coming_from.md name functions, arguments and commands that exist."""

import ast
import inspect
import re
from pathlib import Path

import pytest

import imfilter
from imfilter import cli
from tests.looping import loop_over

PAGE = (Path(__file__).parents[2] / "docs" / "coming_from.md").read_text()
#: What stands in the last column of a row, in backticks.
CELLS = sorted(
    {
        code
        for line in PAGE.splitlines()
        if line.startswith("| ") and "|---" not in line
        for code in re.findall(r"`([^`]+)`", line.rpartition(" | ")[2])
    }
)
COMMANDS = [cell for cell in CELLS if cell.startswith("imfilter ")]
CALLS = [cell for cell in CELLS if not cell.startswith(("imfilter ", "-"))]


def found(node):
    """The object that a name in the tables stands for."""
    owner = imfilter if isinstance(node, ast.Name) else found(node.value)
    return getattr(owner, node.id if isinstance(node, ast.Name) else node.attr)


@loop_over("cell", [cell for cell in CALLS if cell not in ("dtype=",)])
def test_call(cell):
    """The function exists, and takes what the call gives it."""
    node = ast.parse(cell, mode="eval").body
    if isinstance(node, ast.BinOp):
        node = node.left
    if not isinstance(node, ast.Call):
        assert callable(found(node))
        return
    positional = [None] * len(node.args)
    inspect.signature(found(node.func)).bind(*positional, **{k.arg: None for k in node.keywords})


@pytest.mark.parametrize("cell", COMMANDS)
def test_command(cell, capsys):
    """The command exists, and its help has the options."""
    words = cell.split()
    assert cli.call([words[1], "--help"]) == 0
    told = capsys.readouterr().out.split()
    assert [word for word in words[2:] if word.startswith("--") and word not in told] == []
