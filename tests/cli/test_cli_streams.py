"""``-`` is standard input and standard output, for bytes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from io import RawIOBase
from pathlib import Path

import numpy as np
import pytest

from imfilter import io
from imfilter._cli import streams
from tests.cli.commands import COINS, done, failed, noise, save, subprocess_env

COMMAND = [sys.executable, "-c", "from imfilter import cli; cli.main()"]


def piped(*arguments: object, data: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [*COMMAND, *map(str, arguments)], env=subprocess_env(), input=data, capture_output=True, check=False
    )


@pytest.mark.slow
@pytest.mark.parametrize("suffix", ["png", "jpg", "tif", "bmp", "webp", "npy"])
def test_bytes_are_those_of_files(tmp_path: Path, suffix: str) -> None:
    source = save(tmp_path / f"in.{suffix}", noise(30, 40, 3))
    axis = ["--channel-axis", -1] if suffix == "npy" else []
    done("gaussian", source, tmp_path / f"out.{suffix}", *axis)
    found = piped("gaussian", "-", "-", "--format", suffix, *axis, data=source.read_bytes())
    assert (found.returncode, found.stderr) == (0, b"")
    assert found.stdout == (tmp_path / f"out.{suffix}").read_bytes()


@pytest.mark.slow
def test_one_end_may_be_a_file(tmp_path: Path) -> None:
    wide = save(tmp_path / "in.png", noise(20, 30, 3, dtype="uint16"))
    done("sobel", wide, tmp_path / "out.png")
    expected = (tmp_path / "out.png").read_bytes()
    assert piped("sobel", wide, "-").stdout == expected
    with open(wide, "rb") as redirected:
        subprocess.run(
            [*COMMAND, "sobel", "-", str(tmp_path / "two.png")],
            stdin=redirected,
            env=subprocess_env(),
            check=True,
        )
    assert (tmp_path / "two.png").read_bytes() == expected
    noise_of = piped("estimate-noise", "-", data=wide.read_bytes())
    assert noise_of.stdout == piped("estimate-noise", wide).stdout
    table = piped("harris", COINS, "-", "--format", "json")
    done("harris", COINS, tmp_path / "corners.json")
    assert json.loads(table.stdout) == json.loads((tmp_path / "corners.json").read_text())


@pytest.mark.slow
@pytest.mark.parametrize("options", [["sobel"], ["harris", "--format", "csv", "--distance", "1"]])
def test_a_reader_that_ends_is_no_error(tmp_path: Path, options: list[str]) -> None:
    source = save(tmp_path / "in.png", noise(900, 900))
    running = subprocess.Popen(
        [*COMMAND, options[0], str(source), "-", *options[1:]],
        env=subprocess_env(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert running.stdout is not None
    assert running.stderr is not None
    running.stdout.read(4)
    running.stdout.close()
    with running.stderr as errors:
        assert errors.read() == b""
    assert running.wait(60) == 0


@pytest.mark.slow
def test_errors_of_streams() -> None:
    for data, words in {
        b"": b"standard input: is empty",
        b"hello": b"standard input: is not an image",
        COINS.read_bytes()[:900]: b"standard input: is damaged",
    }.items():
        found = piped("sobel", "-", "-", data=data)
        assert (found.returncode, found.stdout) == (1, b"")
        assert words in found.stderr
        assert found.stderr.count(b"\n") == 1
    if os.path.exists("/dev/full"):
        with open("/dev/full", "wb") as full:
            found = subprocess.run(
                [*COMMAND, "sobel", COINS, "-"],
                env=subprocess_env(),
                stdout=full,
                stderr=subprocess.PIPE,
                check=False,
            )
        assert found.returncode == 1
        assert found.stderr.startswith(b"imfilter: error: standard output: cannot be written: No space left")
        assert found.stderr.count(b"\n") == 1


def test_nothing_is_written_to_a_terminal() -> None:
    pty = pytest.importorskip("pty")
    terminal, other = pty.openpty()
    found = subprocess.run(
        [*COMMAND, "sobel", COINS, "-"],
        env=subprocess_env(),
        stdout=other,
        stderr=subprocess.PIPE,
        check=False,
    )
    os.close(other)
    os.close(terminal)
    assert found.returncode == 2
    assert b"standard output is a terminal" in found.stderr


def test_the_name_of_out_says_its_format(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    message = failed(capsys, 2, "sobel", COINS, tmp_path / "out.png", "--format", "jpg")
    assert "the name of OUT says its format" in message
    done("sobel", COINS, tmp_path / "out.jpeg", "--format", "JPG")
    assert "'pdf' is not one of png, apng" in failed(capsys, 2, "sobel", COINS, "-", "--format", "pdf")


def test_open_files_in_python(tmp_path: Path) -> None:
    image = io.Image(noise(9, 7, 3), True)
    for suffix in ("png", "tif", "npy"):
        io.write(tmp_path / f"a.{suffix}", image)
        with open(tmp_path / "b", "wb") as file:
            io.write(file, image, format=suffix)
        assert (tmp_path / "b").read_bytes() == (tmp_path / f"a.{suffix}").read_bytes()
        with open(tmp_path / "b", "rb") as file:
            np.testing.assert_array_equal(io.read(file).pixels, image.pixels)
    (tmp_path / "none").write_bytes(b"none")
    with open(tmp_path / "none", "rb") as file, pytest.raises(io.FileError, match=r"^text: is not an image"):
        io.read(file, name="text")


def test_suffixes() -> None:
    assert streams.suffix_of("-", {"format": None}) == ".png"
    assert streams.suffix_of("-", {"format": "csv"}) == ".csv"
    assert streams.suffix_of("a.TIFF", {"format": "tif"}) == ".tiff"


@pytest.mark.parametrize(
    "words",
    [["box", "--mask"], ["guided", "--guide"], ["reconstruct", "--seed"], ["match_template", "--template"]],
)
def test_standard_input_is_for_in(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, words: list[str]
) -> None:
    message = failed(capsys, 2, words[0], COINS, tmp_path / "out.png", words[1], "-")
    assert message == f"{words[1]} must be a file, got -, which is standard input and only for IN"


class Slow(RawIOBase):
    """A file without a buffer that takes a few bytes at a time."""

    def __init__(self, most: int | None) -> None:
        self.data, self.most = bytearray(), most

    def writable(self) -> bool:
        return True

    def write(self, data: memoryview) -> int | None:
        if self.most is None:
            return None
        self.data += data[: self.most]
        return min(len(data), self.most)


def test_all_bytes_are_written_to_a_file_without_a_buffer(tmp_path: Path) -> None:
    picture = io.Image(noise(30, 40))
    io.write(tmp_path / "a.png", picture)
    slow = Slow(7)
    io.write(slow, picture)
    assert slow.data == (tmp_path / "a.png").read_bytes()
    with pytest.raises(BlockingIOError):
        io.write(Slow(None), picture)


@pytest.mark.skipif(os.name == "nt", reason="files have no limit of size")
@pytest.mark.parametrize(
    "words",
    ["box in.png -", "box in.png - --format npy", "series median in.npy - --size 3"],
)
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_full_disk_is_told(tmp_path: Path, words: str, unbuffered: str) -> None:
    """Also without a buffer, where the system takes a part of the bytes without an error."""
    save(tmp_path / "in.png", noise(100, 100))
    save(tmp_path / "in.npy", noise(3000))
    done("box", tmp_path / "in.png", tmp_path / "b.png")  # the process cannot write into the cache
    done("series", "median", tmp_path / "in.npy", tmp_path / "b.npy", "--size", 3)
    limit = "import resource, signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); "
    limit += "resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000)); from imfilter import cli; cli.main()"
    with open(tmp_path / "out", "wb") as out:
        found = subprocess.run(
            [sys.executable, "-c", limit, *words.split()],
            env=subprocess_env() | {"PYTHONUNBUFFERED": unbuffered},
            cwd=tmp_path,
            stdout=out,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert found.returncode == 1
    assert found.stderr == "imfilter: error: standard output: cannot be written: File too large\n"
