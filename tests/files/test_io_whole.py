"""A file is whole or absent, and what an image may not be."""

from __future__ import annotations

import os
import stat
from io import FileIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from imfilter import io
from imfilter._files import atomic, bands, lazy
from imfilter._files.formats import FORMATS
from tests.files.pictures import (
    image,
    picture,
)
from tests.looping import loop_over


@pytest.mark.parametrize(
    "name", [known.suffixes[0] for known in FORMATS if known.name not in ("zarr", "video")]
)
@loop_over("failure", [KeyboardInterrupt, SystemExit, OSError(28, "No space left on device")])
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


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o077])
@pytest.mark.parametrize("mode", [None, 0o600, 0o640, 0o604, 0o666])
def test_permissions_from_the_start(tmp_path: Path, mode: int | None, mask: int) -> None:
    """What is private is never open to others, not while it is written either."""
    path = tmp_path / "a.png"
    if mode is not None:
        path.write_bytes(b"old")
        path.chmod(mode)
    old = os.umask(mask)
    try:
        with atomic.replacing(path) as file:
            (part,) = tmp_path.glob(".*.part")
            found = {stat.S_IMODE(part.stat().st_mode)}
            file.write(b"new")
        found.add(stat.S_IMODE(path.stat().st_mode))
    finally:
        os.umask(old)
    assert found == {0o666 & ~mask if mode is None else mode}


def test_a_file_is_private_before_it_gets_its_permissions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.png").write_bytes(b"old")
    (tmp_path / "a.png").chmod(0o640)
    seen = []

    def look(descriptor: int, mode: int) -> None:
        seen.append(stat.S_IMODE(os.fstat(descriptor).st_mode))

    monkeypatch.setattr(os, "fchmod", look)
    with atomic.replacing(tmp_path / "a.png"):
        pass
    assert seen == [0o600]


@pytest.mark.parametrize("fails", ["nothing", "owner", "both"])
def test_owner_and_group_stay_or_the_group_sees_no_more_than_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails: str
) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(b"old")
    path.chmod(0o664)
    real, asked = os.stat, []

    def foreign(name: object, **options: Any) -> os.stat_result:
        found = real(name, **options)  # type: ignore[arg-type]
        return os.stat_result((*found[:4], 12345, 54321, *found[6:])) if name == str(path) else found

    def chown(descriptor: int, user: int, group: int) -> None:
        asked.append((user, group))
        if fails == "both" or (fails == "owner" and user != -1):
            raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "stat", foreign)
    monkeypatch.setattr(os, "fchown", chown)
    with atomic.replacing(path):
        (part,) = tmp_path.glob(".*.part")
        mode = stat.S_IMODE(real(part).st_mode)
    assert asked == [(12345, 54321), (-1, 54321)][: 1 if fails == "nothing" else 2]
    assert mode == (0o644 if fails == "both" else 0o664)


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
    with pytest.raises(io.FileError, match="does not exist"):
        io.check_target(tmp_path / "none" / "a.png")
    os.mkfifo(tmp_path / "pipe.png")
    with pytest.raises(io.FileError, match="not a regular file"):
        io.check_target(tmp_path / "pipe.png")
    with pytest.raises(io.FileError, match="cannot be written"):
        io.write("/proc/a.png", image(picture((8, 8), "uint8")))


def test_read_only_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.png").write_bytes(b"old")
    (tmp_path / "a.zarr").mkdir()
    (tmp_path / "a.zarr" / "zarr.json").write_bytes(b"old")
    monkeypatch.setattr(os, "access", lambda path, mode: False)  # root may write anywhere
    for name in ("a.png", "a.zarr"):
        with pytest.raises(io.FileError, match="is read-only"):
            io.check_target(tmp_path / name)
    with pytest.raises(io.FileError, match="is not writable"):
        io.check_target(tmp_path / "b.png")


def test_long_names_fit(tmp_path: Path) -> None:
    path = tmp_path / ("x" * 251 + ".png")
    io.write(path, image(picture((8, 8), "uint8")))
    assert os.listdir(tmp_path) == [path.name]


def test_names_and_formats() -> None:
    assert io.format_of("a.JPeG").name == "JPEG"
    assert io.format_of(Path("x/b.tiff")).name == "TIFF"
    for name in ("a", "a.xyz", "a.png.bak", "png"):
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
        ((np.array([[1j]]),), TypeError, "must contain real numbers"),
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


@pytest.mark.skipif(not hasattr(os, "posix_fadvise"), reason="the system takes no advice")
def test_bytes_begin_to_be_written_while_others_are_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every byte is named once, and the file is what was written."""
    told: list[tuple[int, int]] = []
    monkeypatch.setattr(atomic, "_BEGUN", 1000)
    monkeypatch.setattr(os, "posix_fadvise", lambda _, start, length, advice: told.append((start, length)))
    pixels = np.arange(50 * 80, dtype=np.uint8).reshape(50, 80)
    with bands.writing(str(tmp_path / "a.tif"), io.Image(pixels[:1]), 50) as write:
        for row in range(0, 50, 5):
            write(io.Image(pixels[row : row + 5]))
    ends = [start + length for start, length in told]
    assert [start for start, _ in told] == [0, *ends[:-1]]
    assert len(told) == 3
    np.testing.assert_array_equal(io.read(tmp_path / "a.tif").pixels, pixels)


@loop_over("suffix", [".tif", ".npy"])
def test_rows_are_written_in_small_steps(
    suffix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The steps do not depend on the rows that a band has."""
    steps: list[int] = []

    class File(FileIO):
        def write(self, data: Any) -> int:
            steps.append(len(data))
            return super().write(data)

    monkeypatch.setattr(lazy, "_WRITTEN", 1000)
    pixels = np.arange(6300, dtype=np.uint16).reshape(90, 70)
    image = io.Image(pixels)
    with File(tmp_path / f"out{suffix}", "x+") as file:
        writer = bands._writer(file, image, 90, "TIFF" if suffix == ".tif" else "NumPy")
        steps.clear()
        writer.write(image)
        assert steps == [1000] * 12 + [600]
        writer.finish()
    np.testing.assert_array_equal(io.read(tmp_path / f"out{suffix}").pixels, pixels)
