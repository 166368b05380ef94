"""The command ``imfilter series --stream``, and every way in which the command fails."""

from __future__ import annotations

import contextlib
import io
import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from imfilter._files import columns
from tests.cli.commands import done, failed, run, subprocess_env
from tests.cli.test_cli_series import ARGUMENTS, NAMES, given, prices, words, write
from tests.looping import loop_over

MODES = ("edge", "zero", "constant", "shrink", "valid")


def streamed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[bytes], data: bytes, *arguments: object
) -> bytes:
    given(monkeypatch, data)
    done("series", arguments[0], "-", "-", *arguments[1:], "--stream")
    return capsys.readouterr().out


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_streams_have_the_bytes_of_the_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes], name: str
) -> None:
    source, out = prices(tmp_path / "in.csv", 150), tmp_path / "out.csv"
    gaps = source.read_text().splitlines(keepends=True)
    for line in (5, 6, 7, 40, 90):
        time, _, volume = gaps[line].split(",")
        gaps[line] = f"{time},{'NA' if line % 2 else ''},{volume}"
    shared = [["--mode", mode, "--nan", nan] for mode in MODES for nan in ("propagate", "ignore")]
    if name == "exponential":
        shared = [some for some in shared if "valid" not in some]
    if name == "causal":
        shared = [["--initial", initial] for initial in ("zero", "edge", "valid", "2.5,-1")]
    causal = [] if name == "causal" else ["--align", "causal"]
    for text in (source.read_text(), "".join(gaps)):
        write(source, text)
        for more in shared:
            options = ["--column", "price", "--column", "3", *words(ARGUMENTS[name]), *more]
            for form in ([], ["--append"], ["--dtype", "float32"], ["--dtype", "int16"]):
                done("series", name, source, out, *options, *causal, *form)
                found = streamed(monkeypatch, capsysbinary, source.read_bytes(), name, *options, *form)
                assert found == out.read_bytes(), (more, form)


def test_streams_of_any_text(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    text = '\ufeff\r\nt;x;"y\n1"\r\n"a\n\nb";1;2\r\n\n"ü;""";"2";3\r\nlast;4;na'.encode()
    source, out = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_bytes(text)
    options = ["--column", "x", "--size", 2]
    done("series", "moving_average", source, out, *options, "--align", "causal")
    assert streamed(monkeypatch, capsysbinary, text, "moving_average", *options) == out.read_bytes()
    expected = '\ufeff\r\nt;x;"y\n1"\r\n"a\n\nb";1.0;2\r\n\r\n"ü;""";1.5;3\r\nlast;3.0;na\r\n'
    assert out.read_bytes() == expected.encode()
    assert streamed(monkeypatch, capsysbinary, b"x\n", "median", "--size", 3) == b"x\n"
    done("series", "moving_average", source, "-", *options, "--stream")  # a file may be streamed too
    assert capsysbinary.readouterr().out == out.read_bytes()


@contextlib.contextmanager
def process(*arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """The command with pipes on all its ends, gone at the end."""
    code = "from imfilter.cli import main; main()"
    with subprocess.Popen(
        [sys.executable, "-c", code, "series", *arguments],
        env=subprocess_env(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        bufsize=0,
    ) as running:
        try:
            yield running
        finally:
            running.kill()


def line_of(running: subprocess.Popen[bytes]) -> bytes:
    """The next line, which must come without another one being sent."""
    assert running.stdout is not None
    ready, _, _ = select.select([running.stdout], [], [], 60)
    assert ready, "no line has come"
    return running.stdout.readline()


STREAM = ("exponential", "-", "-", "--alpha", "0.5", "--stream")


@pytest.mark.slow
def test_each_line_is_answered_before_the_next_one() -> None:
    with process(*STREAM, "--column", "x") as running:
        assert running.stdin is not None
        assert running.stderr is not None
        for sent, wanted in (
            (b"t,x\n", b"t,x\n"),
            (b"1,4\n", b"1,4.0\n"),
            (b"2,8\n", b"2,6.0\n"),
            (b"\n", b"\n"),
            (b'3,8\n"a\n', b"3,7.0\n"),  # though a cell is open behind it
        ):
            running.stdin.write(sent)
            assert line_of(running) == wanted
        running.stdin.write(b'b",8\n')
        assert line_of(running) + line_of(running) == b'"a\nb",7.5\n'
        running.stdin.write(b"3,x\n")
        assert running.wait(60) == 1
        error = running.stderr.read().decode().splitlines()[-1]  # after what is said of compiling
        assert error == "imfilter: error: standard input, line 8: column 'x' must be a number, got 'x'"


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (b"5,x", "line 6: column 'x' must be a number, got 'x'"),
        (b"5", "line 6: has 1 cell, and the first row has 2"),
        (b"5,\xff", "line 6: is not UTF-8 (byte 0xff)"),
        (b"5,\0", "line 6: has a NUL byte"),
    ],
)
def test_lines_before_a_wrong_one_are_answered_though_they_come_together(
    monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes], wrong: bytes, words: str
) -> None:
    given(monkeypatch, b't,x\n"a\nb",4\n\n2,8\n' + wrong + b"\n3,1\n")
    assert run("series", *STREAM, "--column", "x") == 1
    out, err = capsysbinary.readouterr()
    assert out == b't,x\n"a\nb",4.0\n\n2,6.0\n'
    assert err.decode().startswith(f"imfilter: error: standard input, {words}")
    assert err.count(b"\n") == 1


def test_an_interrupt_is_quiet() -> None:
    with process(*STREAM) as running:
        assert running.stdin is not None
        assert running.stderr is not None
        running.stdin.write(b"1\n")
        assert line_of(running) == b"1.0\n"
        running.send_signal(signal.SIGINT)
        assert running.wait(60) == -signal.SIGINT
        assert b"Traceback" not in running.stderr.read()


@pytest.mark.parametrize("live", [True, False])
@pytest.mark.slow
def test_a_reader_that_has_read_enough(tmp_path: Path, live: bool) -> None:
    source = write(tmp_path / "in.csv", "\n".join(map(str, range(100_000))) + "\n")
    arguments = ["--size", "3", *(["--stream"] if live else [])]
    with process("median", str(source), "-", *arguments) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        assert line_of(running) == b"0.0\n"
        running.stdout.close()
        assert running.wait(60) == 0
        errors = running.stderr.read().decode()
        assert "Error" not in errors
        assert "error" not in errors


@loop_over(
    ("code", "arguments", "message"),
    [
        (2, "", "missing filter; for example: imfilter series moving_average"),
        (2, "mediann IN OUT", "unknown filter 'mediann'; did you mean 'median'?"),
        (2, "qqq", "see imfilter series --help"),
        (2, "median", "missing argument 'IN'"),
        (2, "median IN", "missing argument 'OUT'"),
        (2, "median IN OUT", "missing option '--size'"),
        (2, "savgol IN OUT --size 5", "missing option '--order'"),
        (2, "causal IN OUT", "missing option '--kernel'"),
        (2, "median IN OUT --size 3", "--column must be given for in.csv: one of t, x, note"),
        (2, "M --column X", "--column must be one of t, x, note in in.csv, got 'X'; did you mean 'x'?"),
        (2, "M --column 4", "--column must be one of t, x, note in in.csv, got '4'"),
        (2, "M --column 0", "got '0'"),
        (2, "M --column x --column 2", "--column must name each column once, got '2' twice"),
        (2, "M --no-header --column x", "--column must be a number from 1 to 3 in in.csv, got 'x'"),
        (1, "M --no-header --column 2", "in.csv, line 1: column 2 must be a number, got 'x'"),
        (1, "M --column note", "in.csv, line 2: column 'note' must be a number, got 'a'"),
        (2, "M --column x --delimiter ab", "'ab' is not one character or tab"),
        (2, "M --column x --delimiter ;", "--column must be t,x,note in in.csv, got 'x'"),
        (2, "M --column x --name a --name b", "--name must be given once for each of 1 columns"),
        (2, "M --column x --name t", "--name must be a new name, got 't'"),
        (2, "M --column t --column x --name a --name a", "--name must be a new name, got 'a'"),
        (2, "M --column 2 --no-header --name a", "--name needs a row of names"),
        (2, "M --column x --axis 0", "--axis is for .npy files, and in.csv is a table"),
        (2, "M --column x --time t", "--time is only for --plot"),
        (2, "M --column x --dtype int", "'int' is not one of"),
        (2, "M --column x --align left", "align must be one of"),
        (2, "M --column x --mode reflect", "mode"),
        (2, "M --column x --stream", "--stream writes to standard output: OUT must be -, got out.csv"),
        (2, "median IN - --size 0", "size must be at least 1, got 0"),
        (2, "median IN - --size 3 --stream --align centre", "align must be 'causal' in a stream"),
        (2, "median IN - --size 3 --stream --mode wrap", "mode must be one of"),
        (2, "median IN - --size 3 --stream --plot p.png", "--plot is for whole series"),
        (2, "causal IN OUT --kernel 1,x", "'x' is not a number"),
        (2, "causal IN OUT --kernel 1 --initial full", "'full' is not zero, edge, valid or numbers"),
        (2, "causal IN OUT --kernel none.npy", "--kernel none.npy: No such file"),
        (2, "weighted_average IN OUT --weights in.csv", "--weights in.csv: is not a kernel"),
        (2, "exponential IN OUT", "exactly one of alpha, span and halflife must be given"),
        (2, "exponential IN OUT --alpha 2", "alpha must be greater than 0 and at most 1, got 2.0"),
        (1, "median none.csv OUT --size 3", "none.csv: cannot be read: No such file"),
        (1, "median none.npy none.npy --size 3", "none.npy: cannot be read: No such file"),
        (1, "median folder OUT --size 3", "folder: cannot be read: Is a directory"),
        (1, "median IN out.xlsx --size 3", "out.xlsx: unknown file type '.xlsx'; use one of .csv, "),
        (1, "median IN out --size 3", "out: unknown file type '(no suffix)'"),
        (1, "median IN out.npy --size 3", "out.npy: must be a table (.csv, .tsv, .tab, .txt), because "),
        (1, "median x.npy OUT --size 3", "out.csv: must be an array (.npy), because x.npy is one"),
        (1, "median IN none/out.csv --size 3", "does not exist"),
        (1, "median IN folder --size 3", "folder: unknown file type"),
        (1, "median IN folder.csv --size 3", "folder.csv: is a folder"),
        (1, "M --column x --plot p.gif", "p.gif: a plot must be a .png, .svg or .pdf file"),
        (1, "M --column x --plot none/p.png", "does not exist"),
        (1, "M --column x --plot p.png --time note", "must be a number or an ISO date, got 'a'"),
        (1, "median empty.csv OUT --size 3", "empty.csv: is empty"),
        (1, "median lines.csv OUT --size 3", "lines.csv: is empty"),
        (1, "median names.csv OUT --size 3", "names.csv: has a row of names but no other rows"),
        (1, "median bytes.csv OUT --size 3", "bytes.csv, line 3: is not UTF-8 (byte 0xe9)"),
        (1, "median empty.csv - --size 3 --stream", "empty.csv: is empty"),
        (1, "median text.npy y.npy --size 3", "text.npy: is not a .npy file"),
        (1, "median text.npy - --size 3 --stream", "text.npy: is an array, and --stream is for tables"),
        (1, "median cut.npy y.npy --size 3", "cut.npy: is damaged or not supported"),
        (1, "median complex.npy y.npy --size 3", "complex.npy: holds complex128, not real numbers"),
        (1, "median object.npy y.npy --size 3", "object.npy: holds objects of Python, not numbers"),
        (2, "median point.npy y.npy --size 3", "axis"),
        (2, "median x.npy y.npy --size 3 --axis 2", "axis"),
        (2, "median x.npy y.npy --size 3 --column 1", "--column is for tables, and x.npy is an array"),
        (2, "median x.npy y.npy --size 3 --append", "--append is for tables"),
        (2, "median x.npy y.npy --size 3 --plot p.png", "--plot must have at most 16 series, got 20"),
    ],
)
def test_errors(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    code: int,
    arguments: str,
    message: str,
) -> None:
    if "--plot" in arguments:
        pytest.importorskip("matplotlib")
    monkeypatch.chdir(tmp_path)
    for name, text in {
        "in.csv": "t,x,note\n1,2,a\n2,3,b\n",
        "out.csv": "as it was",
        "empty.csv": "",
        "lines.csv": "\n\r\n\n",
        "names.csv": "x\n",
        "text.npy": "1\n2\n",
    }.items():
        write(tmp_path / name, text)
    (tmp_path / "bytes.csv").write_bytes(b"x\n1\ncaf\xe9\n")
    for folder in ("folder", "folder.csv"):
        (tmp_path / folder).mkdir()
    for name, x in {"x": np.zeros((20, 9)), "complex": np.zeros(3, complex), "point": np.array(1.0)}.items():
        np.save(f"{name}.npy", x)
    np.save("object.npy", np.array([None]), allow_pickle=True)
    (tmp_path / "cut.npy").write_bytes((tmp_path / "x.npy").read_bytes()[:200])
    before = sorted(os.listdir(tmp_path))
    short = {"M": ["median", "in.csv", "out.csv", "--size", "3"], "IN": ["in.csv"], "OUT": ["out.csv"]}
    whole = [part for word in arguments.split() for part in short.get(word, [word])]
    assert message in failed(capsys, code, "series", *whole)
    assert sorted(os.listdir(tmp_path)) == before
    assert (tmp_path / "out.csv").read_text() == "as it was"


def test_the_number_of_a_line_in_a_long_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(columns, "_PIECE", 1000)
    lines = ["t,x", *(f"{i},{i}" for i in range(3000))]
    lines[2500] = "1,1 2"
    source = write(tmp_path / "in.csv", "\n".join(lines) + "\n")
    message = failed(capsys, 1, "series", "median", source, tmp_path / "o.csv", "--column", "x", "--size", 3)
    assert message == f"{source}, line 2501: column 'x' must be a number, got '1 2'"
    lines[2500] = '1,"1' + "9x" * 40 + '"'
    write(source, '"\n\n",0\n'.join(["t,x\n", "\n".join(lines[1:])]))
    message = failed(capsys, 1, "series", "median", source, tmp_path / "o.csv", "--column", "x", "--size", 3)
    assert message.startswith(f"{source}, line 2504: column 'x' must be a number, got '19x9x9x")
    assert len(message) < len(str(source)) + 110


def test_standard_output_that_is_full() -> None:
    with open("/dev/full", "wb") as full:
        code = "from imfilter.cli import main; main()"
        result = subprocess.run(
            [sys.executable, "-c", code, "series", "median", "-", "-", "--size", "3"],
            env=subprocess_env(),
            input=b"1\n2\n",
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert result.returncode == 1
    assert b"imfilter: error: standard output: cannot be written: No space left on device\n" in result.stderr
    assert b"Traceback" not in result.stderr


@pytest.mark.parametrize("name", ["stdin", "stdout"])
def test_standard_streams_that_are_closed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    from imfilter._cli import series as command
    from imfilter._cli.series_table import SERIES
    from imfilter._files.image import FileError

    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"1\n")))
    monkeypatch.setattr(f"sys.{name}", None)
    (median,) = [entry for entry in SERIES if entry.name == "median"]
    options = {option.name: option.default for option in median.options} | {"size": 3}
    with pytest.raises(FileError, match="is closed"):
        command.run(median, "-", "-", options)


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys\n"
        "from imfilter import cli\n"
        "cli.call(['series', '--help']); cli.call(['series', 'median', '--help'])\n"
        "heavy = {'numpy', 'numba', 'scipy', 'matplotlib'} & set(sys.modules)\n"
        "sys.exit(f'imported {heavy}' if heavy else 0)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, env=subprocess_env(), stdout=subprocess.DEVNULL)


def test_a_filter_imports_nothing_for_pictures_or_plots(tmp_path: Path) -> None:
    source = write(tmp_path / "in.csv", "1\n2\n")
    code = (
        "import sys\n"
        "from imfilter import cli\n"
        f"cli.call(['series', 'median', {str(source)!r}, '-', '--size', '3', '--stream'])\n"
        "heavy = {'PIL', 'tifffile', 'matplotlib', 'scipy.fft', 'scipy.ndimage'} & set(sys.modules)\n"
        "sys.exit(f'imported {heavy}' if heavy else 0)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, env=subprocess_env(), stdout=subprocess.DEVNULL)
