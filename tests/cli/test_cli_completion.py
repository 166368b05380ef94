"""What the Tab key completes: filters, options, words and files; in bash, zsh and fish."""

from __future__ import annotations

import operator
import os
import shutil
import subprocess
import sys
import time
import typing
from pathlib import Path

import pytest
from click.shell_completion import ShellComplete

import imfilter
from imfilter import cli
from imfilter._cli import completion, table
from imfilter._cli.catalogue import FILTERS
from imfilter._cli.command import Command
from imfilter._cli.series_table import SERIES
from imfilter._cli.shown_table import NETWORKS, SHOWN
from imfilter._napari.forms import words_of
from tests.cli.commands import done, failed, run, subprocess_env
from tests.looping import loop_over

#: Options whose values are the user's own.
FREE = {"time", "plot", "weights", "network", "glob"}


def completed(*words: str) -> list[str]:
    """What the last of some words may become."""
    items = ShellComplete(cli._command, {}, "imfilter", "_IMFILTER_COMPLETE").get_completions(
        list(words[:-1]), words[-1]
    )
    return [f"<{item.type}>" if item.type != "plain" else str(item.value) for item in items]


def test_filters_and_subcommands() -> None:
    assert completed("") == cli._command.list_commands(typing.cast(typing.Any, None))
    assert completed("gauss") == ["gaussian", "gaussian_gradient_magnitude"]
    assert completed("fill-") == ["fill-holes"]
    assert completed("series", "moving-ma") == ["moving-maximum"]
    assert completed("show", "") == [command.name for command in SHOWN]
    assert completed("series", "moving_m") == [
        name for name in (command.name for command in SERIES) if name.startswith("moving_m")
    ]
    assert completed("completion", "") == ["bash", "zsh", "fish"]


def test_options() -> None:
    for command in FILTERS:
        found = completed(command.name, "in.png", "out.png", "--")
        for option in table.options_of(command):
            assert option.flag in found
    assert completed("sobel", "in.png", "out.png", "--no-e") == ["--no-exif"]


@pytest.mark.parametrize(
    "words",
    [
        *(
            ("sobel", ""),
            ("sobel", "pic"),
            ("sobel", "a.png", ""),
            ("show", "maps", ""),
            ("estimate-noise", ""),
        ),
        *(
            ("show", "patches", "a.png", "b.png", ""),
            ("series", "median", ""),
            ("guided", "a", "b", "--guide", ""),
        ),
        *(
            ("sobel", "--mask", "m"),
            ("series", "median", "--plot", ""),
            ("show", "saliency", "--weights", ""),
        ),
    ],
)
def test_files(words: tuple[str, ...]) -> None:
    assert completed(*words) == ["<file>"]


@loop_over(
    ("words", "wanted"),
    [
        (("sobel", "--mode", "m"), "mirror"),
        (("sobel", "--mode", "r"), ""),
        (("sobel", "--mode", ""), "mirror symmetric edge wrap zero constant shrink"),
        (("canny", "--norm", ""), "l2 l1"),
        (("canny", "--threshold", "q"), "quantile"),
        (("sobel", "--dtype", "uint"), "uint8 uint16 uint32"),
        (("sobel", "--nan", ""), "propagate ignore"),
        (("sobel", "--nodata", "n"), "nan none"),
        (("sobel", "--axis", ""), "x y z"),
        (("sobel", "--background", "w"), "white"),
        (("correlate", "--padding", ""), "same valid"),
        (("correlate", "--kernel", "SHARP"), "<file> SHARPEN"),
        (("correlate", "--kernel", "SOBEL"), "<file> SOBEL_X SOBEL_Y"),
        (("resize", "--method", "l"), "linear lanczos"),
        (("threshold", "--method", "m"), "multi_otsu minimum mean"),
        (("erode", "--element", "d"), "<file> disk: diamond:"),
        (("show", "saliency", "--network", "resnet1"), "resnet18 resnet101 resnet152"),
        (("show", "kernels", "--scale", ""), "common each"),
        (("series", "exponential", "--mode", ""), "edge zero constant shrink"),
        (("series", "savgol", "--mode", "f"), "fit"),
        (("series", "median", "--align", ""), "centre causal"),
        (("series", "median", "--delimiter", ""), "tab"),
    ],
)
def test_words(words: tuple[str, ...], wanted: str) -> None:
    assert completed(*words) == wanted.split()


def _function(command: Command) -> typing.Any:
    if command.kind == "series":
        return getattr(imfilter.series, command.name)
    if command.kind in ("shown", "network"):
        return getattr(imfilter.show, "feature_maps" if command.name == "maps" else command.name)
    if command.kind == "threshold":
        return imfilter.threshold.local
    return operator.attrgetter(command.calls or command.name)(imfilter)


@loop_over("command", [*FILTERS, *SHOWN, *SERIES])
def test_words_are_those_of_the_signatures(command: Command) -> None:
    path = [command.name]
    if command.kind in ("series", "shown", "network"):
        path.insert(0, "series" if command.kind == "series" else "show")
    for option in table.options_of(command):
        if option.form != "text" or option.name in FREE:
            continue
        found = completion.words_of(path, option.name)
        assert found, option.name
        if option.default is not None:
            assert option.default in found
        if option.name in ("names", "element"):
            continue
        if (command.name, option.name) == ("threshold", "method"):
            assert set(found) == set(imfilter.threshold.__all__)
            continue
        function = imfilter.corner_peaks if option.name == "metric" else _function(command)
        accepted = words_of(typing.get_type_hints(function)[option.name])
        if command.kind == "series" and option.name == "mode":  # the type is that of all filters of series
            assert set(found) <= set(accepted)
            assert all(word in option.help for word in found)
        else:
            assert set(found) == set(accepted), option.name


def test_every_entry_belongs_to_an_option() -> None:
    used = set()
    for command in (*FILTERS, *SHOWN, *SERIES):
        first = {"series": ["series"], "shown": ["show"], "network": ["show"]}.get(command.kind, [])
        for option in table.options_of(command):
            name = option.name
            keys = [" ".join([*first, command.name, name]), f"{command.name} {name}"]
            keys += [" ".join([*first[:1], name]), name]
            used.add(next((key for key in keys if key in completion.WORDS), None))
    assert used - {None} == set(completion.WORDS)


@pytest.mark.parametrize(
    "words", [("nosuch", ""), ("nosuch", "--"), ("show", "nosuch", ""), ("series", "x", "-")]
)
def test_unknown_names_complete_to_nothing(words: tuple[str, ...]) -> None:
    completed(*words)  # no error: the shell would show it in the middle of the line


def test_networks_are_known() -> None:
    assert completed("show", "class_model", "--network", "") == list(NETWORKS)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_is_printed(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    if shell == "bash" and not shutil.which("bash"):
        pytest.skip("click asks bash for its version")
    done("completion", shell)
    assert f"_IMFILTER_COMPLETE={shell}_complete" in capsys.readouterr().out


def test_another_shell_is_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert "'bash', 'zsh', 'fish'" in failed(capsys, 2, "completion", "tcsh")
    assert "missing argument" in failed(capsys, 2, "completion")
    assert run("completion", "--help") == 0
    assert "source <(imfilter completion bash)" in capsys.readouterr().out


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """An environment with the command on its path, in a folder with two pictures."""
    programs = tmp_path / "programs"
    programs.mkdir()
    program = programs / "imfilter"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m imfilter "$@"\n')
    program.chmod(0o755)
    work = tmp_path / "work"
    work.mkdir()
    (work / "picture one.png").touch()
    (work / "photo.jpg").touch()
    path = f"{programs}{os.pathsep}{os.environ['PATH']}"
    return {**subprocess_env(), "PATH": path, "HOME": str(tmp_path), "TERM": "dumb", "PWD": str(work)}


def shell(name: str, environment: dict[str, str], *arguments: str) -> str:
    """Run a shell, and return its output."""
    program = shutil.which(name)
    if program is None:
        pytest.skip(f"{name} is not installed")
    finished = subprocess.run(
        [program, *arguments],
        env=environment,
        cwd=environment["PWD"],
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert finished.returncode == 0, finished.stderr
    return finished.stdout


_BASH = r"""
shopt -s progcomp
source <(imfilter completion bash)
complete -p imfilter
compopt() { echo "option: $1 $2"; }  # which only the Tab key may call
ask() {
    COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=()
    _imfilter_completion imfilter
    echo "${COMPREPLY[*]}"
}
ask imfilter gaussi
ask imfilter sobel a.png b.png --mode m
ask imfilter show ma
ask imfilter sobel ph
"""


@pytest.mark.slow
def test_in_bash(environment: dict[str, str]) -> None:
    lines = shell("bash", environment, "--norc", "-c", _BASH).splitlines()
    assert lines[0].endswith("-F _imfilter_completion imfilter")
    assert lines[1].split() == ["gaussian", "gaussian_gradient_magnitude"]
    assert lines[2:] == ["mirror", "maps", "option: -o default", ""]


@pytest.mark.slow
def test_in_fish(environment: dict[str, str]) -> None:
    asked = [
        "imfilter gaussi",
        "imfilter sobel a.png b.png --mode m",
        "imfilter show ma",
        "imfilter sobel ph",
    ]
    code = "imfilter completion fish | source\n" + "\n".join(f"complete -C '{line}'" for line in asked)
    found = [
        line.split("\t")[0] for line in shell("fish", environment, "--no-config", "-c", code).splitlines()
    ]
    assert found == ["gaussian", "gaussian_gradient_magnitude", "mirror", "maps", "photo.jpg"]


def typed(
    name: str, arguments: list[str], environment: dict[str, str], lines: list[str], wanted: list[str]
) -> None:
    """Type lines at a terminal, each of which must show a text."""
    pty = pytest.importorskip("pty", reason="Windows has no pseudo-terminals")
    program = shutil.which(name)
    if program is None:
        pytest.skip(f"{name} is not installed")
    process, terminal = pty.fork()
    if not process:
        os.chdir(environment["PWD"])
        os.execve(program, [program, *arguments], environment)
    import select

    try:
        for line, text in zip(lines, wanted, strict=True):
            os.write(terminal, line.encode())
            shown, end = "", time.monotonic() + 120
            while text not in shown:
                ready = select.select([terminal], [], [], max(0, end - time.monotonic()))[0]
                assert ready, f"{shown!r} has no {text!r}"
                shown += os.read(terminal, 4096).decode(errors="replace")
    finally:
        os.close(terminal)
        os.waitpid(process, 0)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["bash", "zsh"])
def test_at_a_terminal(name: str, environment: dict[str, str]) -> None:
    start = {
        "bash": "source <(imfilter completion bash); echo rea''dy\n",
        "zsh": "autoload -Uz compinit; compinit -u; source <(imfilter completion zsh); echo rea''dy\n",
    }[name]
    arguments = {"bash": ["--norc", "--noprofile", "-i"], "zsh": ["-f", "-i"]}[name]
    # The shell writes the rest of each word, then the line is deleted.
    typed(
        *(name, arguments, environment),
        [start, "imfilter laplacian_\t", "in.png out.png --mo\t", "sy\t", "\x15imfilter sobel ph\t"],
        ["ready", "laplacian_of_gaussian ", "--mode ", "symmetric ", "photo.jpg "],
    )
