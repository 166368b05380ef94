"""A file is whole or absent, and what an image may not be."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import numpy as np
import pytest

from imfilter import io
from imfilter._files import atomic
from imfilter._files.formats import FORMATS

from .files import (
    image,
    picture,
)


@pytest.mark.parametrize("name", [known.suffixes[0] for known in FORMATS])
@pytest.mark.parametrize("failure", [KeyboardInterrupt, SystemExit, OSError(28, "No space left on device")])
def test_failure_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, failure: BaseException | type[BaseException]
) -> None:
    path = tmp_path / f"a{name}"
    path.write_bytes(b"old")

    def fail(descriptor: int) -> None:
        raise failure

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(io.FileError if isinstance(failure, OSError) else failure):
        io.write(path, image(picture((8, 8), "uint8")))
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == [path.name]


def test_failure_leaves_no_new_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "replace", lambda *paths: (_ for _ in ()).throw(OSError(5, "Input/output error")))
    with pytest.raises(io.FileError, match="cannot be written: Input/output error"):
        io.write(tmp_path / "a.png", image(picture((8, 8), "uint8")))
    assert os.listdir(tmp_path) == []


def test_permissions(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    old = os.umask(0o027)
    try:
        io.write(path, image(picture((8, 8), "uint8")))
        assert stat.S_IMODE(path.stat().st_mode) == 0o640
        path.chmod(0o604)
        io.write(path, image(picture((8, 8), "uint8")))
        assert stat.S_IMODE(path.stat().st_mode) == 0o604
    finally:
        os.umask(old)


def test_a_link_stays_and_its_target_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    link, target = tmp_path / "link.png", tmp_path / "real" / "target.bin"
    link.symlink_to(target)
    for _ in range(2):  # dangling, then not
        io.write(link, image(picture((8, 8), "uint8")))
        assert link.is_symlink()
        assert io.read(target).pixels.shape == (8, 8)
    assert os.listdir(tmp_path / "real") == ["target.bin"]


def test_places_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "folder.png").mkdir()
    with pytest.raises(io.FileError, match="is a folder"):
        io.check_target(tmp_path / "folder.png")
    with pytest.raises(io.FileError, match="there is no folder"):
        io.check_target(tmp_path / "none" / "a.png")
    os.mkfifo(tmp_path / "pipe.png")
    with pytest.raises(io.FileError, match="not a regular file"):
        io.check_target(tmp_path / "pipe.png")
    with pytest.raises(io.FileError, match="cannot be written"):
        io.write("/proc/a.png", image(picture((8, 8), "uint8")))


def test_read_only_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.png").write_bytes(b"old")
    monkeypatch.setattr(os, "access", lambda path, mode: False)  # root may write anywhere
    with pytest.raises(io.FileError, match="is read-only"):
        io.check_target(tmp_path / "a.png")
    with pytest.raises(io.FileError, match="is not writable"):
        io.check_target(tmp_path / "b.png")


def test_long_names_fit(tmp_path: Path) -> None:
    path = tmp_path / ("x" * 251 + ".png")
    io.write(path, image(picture((8, 8), "uint8")))
    assert os.listdir(tmp_path) == [path.name]


def test_names_and_formats() -> None:
    assert io.format_of("a.JPeG").name == "JPEG"
    assert io.format_of(Path("x/b.tiff")).name == "TIFF"
    for name in ("a", "a.gif", "a.png.bak", "png"):
        with pytest.raises(io.FileError, match="unknown file type"):
            io.format_of(name)
    suffixes = [suffix for known in FORMATS for suffix in known.suffixes]
    assert len(suffixes) == len(set(suffixes))


def test_too_large_for_a_format(tmp_path: Path) -> None:
    with pytest.raises(io.FileError):
        io.write(tmp_path / "a.webp", image(np.zeros((1, 20000), np.uint8)))
    with pytest.raises(io.FileError):
        io.write(tmp_path / "a.jpg", image(np.zeros((1, 70000), np.uint8)))
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        (([[1]],), TypeError, "must be a numpy array, got list"),
        ((np.array([[1j]]),), TypeError, "must hold real numbers"),
        ((np.zeros((0, 3)),), ValueError, "must not be empty"),
        ((np.zeros(3), True), ValueError, "2 or more axes"),
        ((np.zeros((3, 3)), False, True), ValueError, "alpha must be the last"),
    ],
)
def test_an_image_cannot_contradict_itself(arguments: tuple, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        io.Image(*arguments)


def test_temporary_files_are_beside_the_target(tmp_path: Path) -> None:
    with atomic.replacing(tmp_path / "a.png") as file:
        (name,) = os.listdir(tmp_path)
        assert name.startswith(".a.png.")
        assert name.endswith(".part")
        file.write(b"x")
    assert (tmp_path / "a.png").read_bytes() == b"x"
