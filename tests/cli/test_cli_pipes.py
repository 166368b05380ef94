"""IN may be a pipe, a FIFO or ``/dev/stdin``: its bytes come once, and the result is that of the file."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image as Pillow

from imfilter import io
from tests.cli.commands import COINS, done, failed, noise, run, subprocess_env
from tests.looping import loop_over

FILES: dict[str, Callable[[Path], None]] = {
    "a.png": lambda path: Pillow.fromarray(noise(12, 17, 3)).save(path),
    "alpha.png": lambda path: Pillow.fromarray(noise(12, 17, 4)).save(path),
    "wide.png": lambda path: io.write(path, io.Image(noise(12, 17, 3, dtype="uint16"), True)),
    "a.jpg": lambda path: Pillow.fromarray(noise(12, 17, 3)).save(path),
    "a.webp": lambda path: Pillow.fromarray(noise(12, 17, 3)).save(path, lossless=True),
    "a.bmp": lambda path: Pillow.fromarray(noise(12, 17, 3)).save(path),
    "a.tif": lambda path: tifffile.imwrite(path, noise(12, 17, dtype="uint16")),
    "lzw.tif": lambda path: Pillow.fromarray(noise(12, 17, 3)).save(path, compression="tiff_lzw"),
    "a.npy": lambda path: np.save(path, noise(12, 17)),
    "large.npy": lambda path: np.save(path, noise(1000, 900)),  # more than a pipe holds
}


class Fifo:
    """A named pipe into which bytes are written when somebody reads."""

    def __init__(self, path: Path, data: bytes, *, step: int = 1 << 20) -> None:
        os.mkfifo(path)
        self.path, self.opened = path, 0
        self._data, self._step = data, step
        self._thread = threading.Thread(target=self._write, daemon=True)
        self._thread.start()

    def _write(self) -> None:
        with open(self.path, "wb", buffering=0) as pipe:
            self.opened += 1
            for start in range(0, len(self._data), self._step):
                pipe.write(self._data[start : start + self._step])
                if self._step < 10:
                    time.sleep(0.001)

    def finish(self) -> None:
        self._thread.join(20)
        assert not self._thread.is_alive()
        self.path.unlink()


@pytest.mark.slow
@loop_over("step", [3, 1 << 20])
@pytest.mark.parametrize("name", FILES)
def test_a_fifo_is_read_as_its_file(tmp_path: Path, name: str, step: int) -> None:
    FILES[name](tmp_path / name)
    data = (tmp_path / name).read_bytes()
    fifo = Fifo(tmp_path / "pipe", data, step=step if len(data) < 10_000 else 1 << 20)
    found, expected = io.read(fifo.path), io.read(tmp_path / name)
    fifo.finish()
    np.testing.assert_array_equal(found.pixels, expected.pixels)
    assert (found.channels, found.alpha, found.dpi) == (expected.channels, expected.alpha, expected.dpi)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["a.png", "wide.png", "a.tif", "a.npy"])
@pytest.mark.parametrize("way", ["pipe", "redirected", "descriptor"])
def test_standard_input_by_its_name(tmp_path: Path, name: str, way: str) -> None:
    FILES[name](tmp_path / name)
    data = (tmp_path / name).read_bytes()
    reading, writing = os.pipe()
    source = f"/dev/fd/{reading}" if way == "descriptor" else "/dev/stdin"
    command = [sys.executable, "-c", "from imfilter import cli; cli.main()", "box", source]
    with open(tmp_path / name, "rb") as file:
        running = subprocess.Popen(
            [*command, str(tmp_path / f"out{Path(name).suffix}"), "--size", "1"],
            env=subprocess_env(),
            stdin=file if way == "redirected" else subprocess.PIPE,
            pass_fds=[reading],
        )
        os.close(reading)
        if way == "descriptor":
            os.write(writing, data)
        os.close(writing)
        running.communicate(data if way == "pipe" else None, timeout=100)
    assert running.returncode == 0
    expected, found = io.read(tmp_path / name), io.read(tmp_path / f"out{Path(name).suffix}")
    np.testing.assert_array_equal(found.pixels, expected.pixels)


def test_series_kernels_and_sheets_from_pipes(tmp_path: Path) -> None:
    x = np.arange(50.0)
    np.save(tmp_path / "x.npy", x)
    fifo = Fifo(tmp_path / "pipe.npy", (tmp_path / "x.npy").read_bytes())
    done("series", "median", fifo.path, tmp_path / "y.npy", "--size", 1)
    fifo.finish()
    np.testing.assert_array_equal(np.load(tmp_path / "y.npy"), x)
    fifo = Fifo(tmp_path / "pipe.csv", b"t,x\n1,2\n2,3\n")
    done("series", "median", fifo.path, tmp_path / "y.csv", "--size", 1, "--column", "x")
    fifo.finish()
    assert (tmp_path / "y.csv").read_bytes() == b"t,x\n1,2.0\n2,3.0\n"
    np.save(tmp_path / "k.npy", np.ones((3, 3)))
    kernel = (tmp_path / "k.npy").read_bytes()
    fifo = Fifo(tmp_path / "pipe.npy", kernel)
    done("correlate", COINS, tmp_path / "a.png", "--kernel", fifo.path)
    fifo.finish()
    done("correlate", COINS, tmp_path / "b.png", "--kernel", tmp_path / "k.npy")
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    fifo = Fifo(tmp_path / "pipe", kernel)
    done("show", "kernels", fifo.path, tmp_path / "a.png")
    fifo.finish()
    done("show", "kernels", tmp_path / "k.npy", tmp_path / "b.png")
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


@pytest.mark.parametrize("suffix", ["png", "jpg", "tif", "npy"])
def test_a_pipe_that_ends_too_soon(tmp_path: Path, capsys: pytest.CaptureFixture[str], suffix: str) -> None:
    io.write(tmp_path / f"a.{suffix}", io.Image(noise(40, 40)))
    data = (tmp_path / f"a.{suffix}").read_bytes()
    for length in (0, 3, 20, len(data) // 2):
        fifo = Fifo(tmp_path / "pipe", data[:length])
        if suffix == "jpg" and length > 20:  # what there is of the picture is worth having
            done("box", fifo.path, tmp_path / "out.png")
            assert "pipe: is incomplete" in capsys.readouterr().err
        else:
            assert "pipe: is " in failed(capsys, 1, "box", fifo.path, tmp_path / "out.png")
        fifo.finish()


@pytest.mark.parametrize("command", ["cat /dev/zero", "yes"])
def test_a_pipe_without_end_is_refused_at_once(tmp_path: Path, command: str) -> None:
    with subprocess.Popen(command.split(), stdout=subprocess.PIPE) as endless:
        assert endless.stdout is not None
        with pytest.raises(io.FileError, match="is not an image of a known format"):
            io.read(f"/dev/fd/{endless.stdout.fileno()}")
        endless.kill()


def test_a_device_without_end(tmp_path: Path) -> None:
    with pytest.raises(io.FileError, match="is not an image of a known format"):
        io.read("/dev/zero")
    assert run("show", "kernels", "/dev/zero", tmp_path / "a.png") == 1
