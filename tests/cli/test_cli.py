"""The table of commands, their help, and how they are spelled."""

from __future__ import annotations

import inspect
import operator
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

import imfilter
from imfilter import io
from imfilter._cli import options, reach, table
from imfilter._cli.catalogue import FILTERS, families
from imfilter._cli.command import Command
from tests.cli.commands import (
    NAMES,
    ROOT,
    done,
    noise,
    save,
    subprocess_env,
)


@pytest.mark.parametrize("command", table.COMMANDS, ids=NAMES)
def test_defaults_are_those_of_the_function(command: Command) -> None:
    parameters = inspect.signature(operator.attrgetter(command.calls or command.name)(imfilter)).parameters
    # Edges and corners are of one plane, of which the command makes a picture; corners have two functions.
    apart = {"dtype", "channel_axis"} if command.kind in ("edges", "corners") else set()
    apart |= {"distance", "metric", "strength", "count", "refine"} if command.kind == "corners" else set()
    apart |= {"dtype"} if command.kind == "descriptor" else set()
    apart |= {"which", "part"}  # of several eigenvalues or numbers, the command shows one
    for option in (*command.options, *table.shared_of(command)):
        if option.name in apart:
            continue
        assert option.name in parameters
        default = parameters[option.name].default
        if option.name == "theta":  # None is for volumes, which have a direction; in a picture it means 0
            assert default is None
            default = 0.0
        if default is not inspect.Parameter.empty:
            assert option.default == default, option.name
    required = {name for name, value in parameters.items() if value.default is inspect.Parameter.empty}
    assert required - {"image"} <= {option.name for option in command.options}


@pytest.mark.parametrize("command", table.COMMANDS, ids=NAMES)
def test_help_lists_options_defaults_and_an_example(
    command: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    done(command.name, "--help")
    text = " ".join(capsys.readouterr().out.split())
    assert "Example: imfilter " + command.name in text
    for option in table.options_of(command):
        assert option.flag in text
        assert option.help.split()[0] in text
        if option.form != "flag" and option.shown != "required":
            assert f"[default: {option.shown or option.default}]" in text


@pytest.mark.parametrize("command", table.COMMANDS, ids=NAMES)
def test_examples_run(command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    save(tmp_path / "in.png", noise(20, 30, 3))
    words = shlex.split(command.example)
    done(*words)
    assert io.read(tmp_path / words[2]).pixels.shape[:2] == (20, 30)


def test_general_help(capsys: pytest.CaptureFixture[str]) -> None:
    done("--help")
    text = capsys.readouterr().out
    assert all(f"  {name} " in text for name in NAMES)
    assert "Example: imfilter sobel" in text
    assert "[default: mirror]" in text


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    done("--version")
    assert capsys.readouterr().out == f"imfilter {imfilter.__version__}\n"


def test_general_help_shows_each_filter_once_in_its_family(capsys: pytest.CaptureFixture[str]) -> None:
    done("--help")
    text = capsys.readouterr().out
    shown = [command.name for group in families().values() for command in group]
    assert sorted(shown) == sorted(command.name for command in FILTERS)
    assert "Other filters" not in text  # every kind has a family
    for title, group in families().items():
        section = text.split(f"{title}:\n")[1].split("\n\n")[0]
        names = [line.split()[0] for line in section.splitlines() if line[2:3] != " "]
        assert names == [command.name for command in group]


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys\n"
        "from imfilter import cli\n"
        "cli.call(['--help']); cli.call(['sobel', '--help'])\n"
        "heavy = {'numpy', 'numba', 'scipy', 'PIL', 'tifffile'} & set(sys.modules)\n"
        "sys.exit(f'imported {heavy}' if heavy else 0)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, env=subprocess_env(), stdout=subprocess.DEVNULL)


def test_the_launcher_of_a_checkout(tmp_path: Path) -> None:
    launcher = [sys.executable, str(ROOT / "cli.py")]
    result = subprocess.run(
        [*launcher, "sobel", "--help"], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert "imfilter sobel in.png edges.png" in result.stdout
    result = subprocess.run([*launcher, "sobel"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr == "imfilter: error: missing argument 'IN'\n"


def test_names_and_options_are_spelled_both_ways(tmp_path: Path) -> None:
    source = save(tmp_path / "in.png", noise(9, 8, 3))
    for number, (name, option) in enumerate(
        [("unsharp_mask", "--max-pixels"), ("unsharp-mask", "--max_pixels")]
    ):
        done(name, source, tmp_path / f"{number}.png", option, 100)
    assert (tmp_path / "0.png").read_bytes() == (tmp_path / "1.png").read_bytes()


@pytest.mark.parametrize(
    ("form", "text", "value"),
    [
        ("numbers", "2", 2.0),
        ("numbers", " 2 , 1.5", (2.0, 1.5)),
        ("integers", "3,5,7", (3, 5, 7)),
        ("padding", "valid", "valid"),
        ("padding", "2", 2),
        ("axis", "X", "x"),
        ("axis", "-1", -1),
        ("colour", "#0a0B0c", (10, 11, 12)),
        ("colour", "Black", (0, 0, 0)),
        ("percent", "100", 100),
        ("ends", "-1", -1),
    ],
)
def test_forms(form: str, text: str, value: object) -> None:
    assert options.FORMS[form][1](text) == value


def test_every_form_of_the_table_is_known() -> None:
    every = [option for command in table.COMMANDS for option in table.options_of(command)]
    assert {option.form for option in every} - {"flag", "switch"} <= set(options.FORMS)


def test_reach_follows_the_options() -> None:
    assert reach.of({}) == 1
    assert reach.of({"sigma": 2.0, "truncate": 4.0, "radius": None}) == 8
    assert reach.of({"sigma": (1.0, 3.0), "truncate": 2.0, "radius": (4, 9)}) == 9
    assert reach.of({"low": 1.0, "high": None, "truncate": 4.0}) == pytest.approx(6.4)
    assert reach.of({"low": 1.0, "high": 5.0, "truncate": 4.0, "spacing": (1.0, 0.5)}) == 40
