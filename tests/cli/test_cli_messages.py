"""What the command says: one line each, and nothing that a terminal would obey."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

from imfilter._cli import messages
from tests.cli.commands import COINS, noise, run, subprocess_env
from tests.looping import loop_over

# Everything below the blank, DEL, the second set of controls, marks that turn the direction of a text,
# separators of lines, half of a surrogate pair (a byte that is no UTF-8), and a letter that is none yet.
CONTROLS = [chr(c) for c in (*range(1, 32), *range(127, 160))]
CONTROLS += ["\u200e", "\u202e", "\u2066", "\u2028", "\u2029", "\udcff", "\u0378", "\ufeff"]
FULL = "standard output: cannot be written: No space left on device"


def lines(text: str) -> list[str]:
    """The lines of standard error, without the word that compiling takes its time."""
    return [line for line in text.splitlines() if "compiling" not in line]


@loop_over("control", CONTROLS)
def test_no_control_character_is_left(control: str) -> None:
    shown = messages.visible(f"a{control}b")
    assert shown.isprintable()
    assert shown.startswith("a")
    assert shown.endswith("b")
    shown.encode()


@pytest.mark.parametrize("text", ["", "plain", "Größe 漢字 ß", "a  b\n c\t", "\x1b[2J\x1b]0;title\x07"])
def test_other_letters_stay(text: str) -> None:
    if "\x1b" in text:
        assert messages.visible(text) == "\\x1b[2J\\x1b]0;title\\x07"
    else:
        assert messages.visible(text) == " ".join(text.split())


def random_name(rng: random.Random) -> str:
    letters = [*CONTROLS, *"abcß漢 "]
    return "".join(rng.choices([c for c in letters if c not in "/\0"], k=rng.randrange(1, 9)))


def safe(err: str) -> None:
    """One line that begins as errors do, and in which nothing steers a terminal."""
    assert err.startswith("imfilter: error: ")
    assert err.endswith("\n")
    assert err.removesuffix("\n").isprintable()


@pytest.mark.slow
def test_hunt_names_of_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Missing, damaged, of no format, and as OUT; with kernels, too."""
    rng = random.Random(4)
    for _ in range(100):
        name = random_name(rng)
        path = os.fsencode(tmp_path) + b"/" + os.fsencode(name)
        present = rng.random() < 0.5
        if present:
            with open(path, "wb") as file:
                file.write(rng.choice([b"", b"\x89PNG", b"BM", b"x", b"\x93NUMPY"]))
        shown = os.fsdecode(path)
        for arguments in (
            ["box", shown, tmp_path / "out.png"],
            ["box", COINS, shown],
            ["box", COINS, f"{shown}/out.png"],
            ["box", COINS, tmp_path / "out.png", "--mode", name],
            ["correlate", COINS, tmp_path / "out.png", "--kernel", f"{shown}.npy"],
            ["series", "median", shown, tmp_path / "out.csv", "--size", 3],
            ["show", "kernels", shown, tmp_path / "out.png"],
            ["show", "patches", shown, tmp_path / "out.png", "--kernel", name],
            [f"box{name}", COINS, tmp_path / "out.png"],
            ["box", COINS, tmp_path / "out.png", f"--size{name}"],
        ):
            assert run(*arguments) in (1, 2)
            out, err = capsys.readouterr()
            assert out == ""
            safe(err)
        if present:
            os.unlink(path)
    assert os.listdir(tmp_path) == []


def test_hunt_names_of_columns(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """In every message that names one."""
    rng = random.Random(5)
    for _ in range(60):
        names = [name for _ in range(3) if not set(name := random_name(rng)) & set('\n\r",;\t|\x00\udcff')]
        if len(names) < 2 or not all(name.strip() for name in names):
            continue
        table = (
            ",".join(names)
            + "\n"
            + ",".join(["1", "x\x1b[31m"][: len(names)] + ["3"] * (len(names) - 2))
            + "\n"
        )
        (tmp_path / "in.csv").write_bytes(table.encode())
        for arguments in (
            [],
            ["--column", "nothing"],
            ["--column", names[1].strip()],
            ["--column", names[0].strip(), "--name", names[1].strip()],
            ["--column", names[0].strip(), "--column", names[0].strip()],
            ["--column", names[0].strip(), "--time", names[1].strip(), "--plot", tmp_path / "p.png"],
        ):
            code = run("series", "median", tmp_path / "in.csv", tmp_path / "out.csv", "--size", 1, *arguments)
            out, err = capsys.readouterr()
            assert code in (1, 2)
            assert out == ""
            safe(err)


def command(*arguments: object, **options: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", "from imfilter import cli; cli.main()", *map(str, arguments)],
        env=subprocess_env(),
        stderr=subprocess.PIPE,
        text=True,
        check=False,
        **options,  # type: ignore[call-overload]
    )


@pytest.mark.slow
@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no device that is always full")
@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["--version"],
        ["box", "--help"],
        ["series", "--help"],
        ["series", "median", "--help"],
        ["show", "kernels", "--help"],
        ["warmup", "--help"],
        ["series", "median", "{table}", "-", "--size", "3"],
        ["series", "median", "{table}", "-", "--size", "3", "--stream"],
        ["series", "median", "{array}", "-", "--size", "3"],
    ],
)
def test_a_full_device_is_one_line(tmp_path: Path, arguments: list[str]) -> None:
    (tmp_path / "in.csv").write_text("1\n2\n3\n")
    np.save(tmp_path / "in.npy", np.arange(9.0))
    places = {"table": tmp_path / "in.csv", "array": tmp_path / "in.npy"}
    with open("/dev/full", "w") as full:
        result = command(*(word.format(**places) for word in arguments), stdout=full)
    assert lines(result.stderr) == [f"imfilter: error: {FULL}"]
    assert result.returncode == 1


@pytest.mark.slow
def test_a_full_or_closed_standard_error_changes_no_exit_code(tmp_path: Path) -> None:
    with open("/dev/full", "w") as full:
        result = subprocess.run(
            [sys.executable, "-c", "from imfilter import cli; cli.main()", "box", "none.png", "out.png"],
            env=subprocess_env(),
            stdout=full,
            stderr=full,
            check=False,
        )
    assert result.returncode == 1
    closed = "import os; os.close(1); os.close(2); from imfilter import cli; cli.main()"
    for name, code in (("none.png", 1), (str(COINS), 0)):
        words = [sys.executable, "-c", closed, "box", name, str(tmp_path / "out.png")]
        assert subprocess.run(words, env=subprocess_env(), check=False).returncode == code


def test_a_closed_pipe_is_quiet() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    result = command("--help", stdout=writing)
    os.close(writing)
    assert result.stderr == ""


def test_a_warning_is_said_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """And what the program of a caller does with warnings stays as it was."""
    before, filters = warnings.showwarning, list(warnings.filters)
    path = tmp_path / "a\x1b.png"
    Pillow.fromarray(noise(30, 40, 3)).save(path, exif=b"Exif\0\0II")
    assert run("show", "patches", path, path, path, tmp_path / "out.png", "--kernel", "1,2,1") == 0
    (line,) = lines(capsys.readouterr().err)
    said = "its EXIF is damaged and left out: it has an offset beyond its end"
    assert line == f"imfilter: warning: {tmp_path}/a\\x1b.png: {said}"
    assert warnings.showwarning is before
    assert list(warnings.filters) == filters
