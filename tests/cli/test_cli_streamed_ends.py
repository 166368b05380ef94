"""What is told about large pictures, and what is left after an error, a signal or a full disk."""

from __future__ import annotations

import errno
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

from imfilter import io
from imfilter._cli import messages
from imfilter._files import bands
from tests.cli.commands import done, failed, noise, peaks_of, said, save, subprocess_env
from tests.cli.streaming import tiff


def test_a_large_picture_that_must_be_whole_is_told_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], written: list[str]
) -> None:
    monkeypatch.setattr(messages, "LARGE", 1000)
    source = save(tmp_path / "in.tif", noise(97, 31))
    done("canny", source, tmp_path / "out.tif")
    message = "0.0 GB of pixels are held in memory, because canny needs the whole picture"
    assert said(capsys) == f"imfilter: warning: {source}: {message}\n"
    save(tmp_path / "in.bmp", noise(97, 31))
    done("sobel", tmp_path / "in.bmp", tmp_path / "out.tif")
    assert said(capsys).endswith("because .bmp is read as a whole\n")
    done("sobel", source, tmp_path / "out.tif")
    assert said(capsys) == ""
    assert written == [str(tmp_path / "out.tif")]


@pytest.mark.parametrize(("suffix", "name"), [(".jpg", "JPEG"), (".webp", "WebP"), (".bmp", "BMP")])
def test_an_output_that_must_be_whole_is_told_once(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    written: list[str],
    suffix: str,
    name: str,
) -> None:
    monkeypatch.setattr(messages, "LARGE", 1000)
    source, out = save(tmp_path / "in.tif", noise(97, 31)), tmp_path / f"out{suffix}"
    done("sobel", source, out)
    message = f"0.0 GB of pixels are held in memory, because {name} is written as a whole"
    assert said(capsys) == f"imfilter: warning: {out}: {message}\n"


def test_rounding_is_told_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], written: list[str]
) -> None:
    source = save(tmp_path / "in.npy", noise(97, 31).astype("float32") / 300)
    for name, options in (("gaussian", []), ("resize", ["--shape", "50,20"])):
        done(name, source, tmp_path / "out.png", "--dtype", "uint8", *options)
        message = said(capsys)
        assert message.count("\n") == 1
        assert "values are rounded to whole numbers" in message
    assert written == [str(tmp_path / "out.png")] * 2


def test_channels_of_a_picture_are_known(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], written: list[str]
) -> None:
    source = save(tmp_path / "in.tif", noise(97, 31, 3))
    message = failed(capsys, 2, "gaussian", source, tmp_path / "out.tif", "--channel-axis", "-1")
    assert message == "--channel-axis is only for .npy files, and IN is a picture"
    assert written == []


def test_a_damaged_strip_leaves_no_output(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], written: list[str]
) -> None:
    source = tiff(tmp_path / "in.tif", noise(200, 31), rowsperstrip=10, compression="zlib")
    with tifffile.TiffFile(source) as file:
        offset = file.pages.first.dataoffsets[15]
    data = bytearray(source.read_bytes())
    data[offset : offset + 40] = bytes(40)
    source.write_bytes(data)
    (tmp_path / "out.tif").write_bytes(b"old")
    assert failed(capsys, 1, "sobel", source, tmp_path / "out.tif").startswith(f"{source}: is damaged")
    assert written == [str(tmp_path / "out.tif")]
    assert (tmp_path / "out.tif").read_bytes() == b"old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.tif", "out.tif"]


@pytest.mark.parametrize("suffix", [".tif", ".npy"])
def test_a_full_disk_leaves_no_output(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    written: list[str],
    suffix: str,
) -> None:
    source = save(tmp_path / "in.tif", noise(200, 31))
    opened = bands._writer

    def filling(*arguments: Any) -> Any:
        writer, count = opened(*arguments), 0
        write = writer.write

        def limited(image: io.Image) -> None:
            nonlocal count
            count += 1
            if count > 3:
                raise OSError(errno.ENOSPC, "No space left on device")
            write(image)

        writer.write = limited  # type: ignore[method-assign]
        return writer

    monkeypatch.setattr(bands, "_writer", filling)
    out = tmp_path / f"out{suffix}"
    message = failed(capsys, 1, "sobel", source, out)
    assert message == f"{out}: cannot be written: No space left on device"
    assert [path.name for path in tmp_path.iterdir()] == ["in.tif"]


# The sixth band never ends. NumPy starts threads, so it is imported after the command waits for signals.
ENDLESS = """
import time
from imfilter import cli
run = cli._filter
def patched(*arguments):
    import imfilter
    from imfilter._cli import streamed, strips
    streamed._SMALL, strips._BAND = 0, 1
    box, calls = imfilter.box, []
    def long(*arguments, **options):
        calls.append(1)
        if len(calls) == 6:
            print("written", flush=True)
        if len(calls) > 5:
            time.sleep(100)
        return box(*arguments, **options)
    imfilter.box = long
    run(*arguments)
cli._filter = patched
cli.main()
"""


@pytest.mark.slow
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_a_signal_leaves_no_output(tmp_path: Path, name: str) -> None:
    source = save(tmp_path / "in.tif", noise(200, 31))
    arguments = ["box", str(source), str(tmp_path / "out.tif"), "--size", "3"]
    running = subprocess.Popen(
        [sys.executable, "-c", ENDLESS, *arguments],
        env=subprocess_env(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert running.stdout is not None
    assert running.stdout.readline() == "written\n"
    running.send_signal(getattr(signal, name))
    assert "Traceback" not in running.communicate(timeout=60)[1]
    assert running.returncode == -getattr(signal, name)
    assert [path.name for path in tmp_path.iterdir()] == ["in.tif"]


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="memory is that of Linux")
@pytest.mark.parametrize(("name", "suffix"), [("sobel", ".tif"), ("gaussian", ".npy"), ("sobel", ".png")])
def test_memory_does_not_grow_with_the_picture(tmp_path: Path, name: str, suffix: str) -> None:
    """The larger picture has 60 MB, and its result in floats 240 MB."""
    commands = []
    for rows in (3000, 10000):
        source = tmp_path / f"{rows}.tif"
        tifffile.imwrite(source, np.tile(noise(100, 6000), (rows // 100, 1)), photometric="minisblack")
        commands.append([name, source, tmp_path / f"out{suffix}"])
    found = peaks_of(*commands)
    assert found[1] < found[0] + 20_000_000
    assert found[1] < 220_000_000
