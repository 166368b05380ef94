"""Many files and folders: what is read, how results are named, and what is said of errors."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import tifffile

import imfilter
from imfilter import io
from imfilter._cli import folders
from tests.cli.commands import COINS, done, failed, noise, run, said, save, subprocess_env

COMMAND = [sys.executable, "-c", "from imfilter import cli; cli.main()"]


def tree(root: Path, *names: str) -> Path:
    """Write small pictures."""
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        save(root / name, noise(8, 9))
    return root


def files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_several_files(tmp_path: Path) -> None:
    source = tree(tmp_path / "in", "a.png", "b.jpg", "c.npy")
    done("gaussian", *(source / name for name in ("a.png", "b.jpg", "c.npy")), f"{tmp_path / 'out'}/")
    assert files(tmp_path / "out") == ["a.png", "b.jpg", "c.npy"]
    for name in files(source):
        done("gaussian", source / name, tmp_path / name)
        assert (tmp_path / name).read_bytes() == (tmp_path / "out" / name).read_bytes()


@pytest.mark.parametrize("end", ["", "/"])
def test_a_folder_is_mirrored(tmp_path: Path, end: str) -> None:
    source = tree(tmp_path / "in", "a.png", "b/c.tif", "b/d/e.bmp", ".hidden.png", ".git/x.png")
    (source / "notes.txt").write_text("no picture")
    (source / "empty").mkdir()
    done("sobel", f"{source}{end}", f"{tmp_path / 'out'}{end}")
    assert files(tmp_path / "out") == ["a.png", "b/c.tif", "b/d/e.bmp"]
    assert not (tmp_path / "out" / "empty").exists()


def test_options_of_folders(tmp_path: Path) -> None:
    source = tree(tmp_path / "in", "a.png", "b.jpg", "c/d.png", "c/e.jpg")
    for number, (options, expected) in enumerate(
        {
            "--no-recursive": ["a.png", "b.jpg"],
            "--glob=*.jpg": ["b.jpg", "c/e.jpg"],
            "--glob=c/*": ["c/d.png", "c/e.jpg"],
            "--suffix=_edges": ["a_edges.png", "b_edges.jpg", "c/d_edges.png", "c/e_edges.jpg"],
            "--format=tif": ["a.tif", "b.tif", "c/d.tif", "c/e.tif"],
            "--jobs=1": ["a.png", "b.jpg", "c/d.png", "c/e.jpg"],
        }.items()
    ):
        out = tmp_path / str(number)
        done("sobel", source, out, options)
        assert files(out) == expected


def test_one_file_into_a_folder(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    done("sobel", COINS, tmp_path / "out")
    done("sobel", COINS, f"{tmp_path / 'new' / 'deep'}/", "--suffix", "_x")
    assert files(tmp_path) == ["new/deep/coins_x.png", "out/coins.png"]


def test_a_folder_with_the_name_of_a_picture(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A name that ends with a slash is that of a folder. A file of this name is not replaced."""
    source = tree(tmp_path / "in", "a.png", "2024.png/b.png")
    done("box", source / "a.png", f"{tmp_path / 'new.png'}/")
    done("box", source / "a.png", tmp_path / "new.png", "--suffix", "_x")  # it exists
    done("box", source, tmp_path / "out")
    assert files(tmp_path / "new.png") == ["a.png", "a_x.png"]
    assert files(tmp_path / "out") == ["2024.png/b.png", "a.png"]
    before = (source / "a.png").read_bytes()
    for folder in (f"{source / 'a.png'}/", f"{source / 'a.png'}/b/"):
        message = failed(capsys, 1, "box", COINS, folder)
        assert message == f"{folder}: cannot be created: {source / 'a.png'} is a file, not a folder"
    message = failed(capsys, 1, "box", COINS, source / "a.png" / "b.png")
    assert message == f"{source / 'a.png' / 'b.png'}: {source / 'a.png'} is a file, not a folder"
    assert (source / "a.png").read_bytes() == before


def test_one_file_whose_result_exists(tmp_path: Path) -> None:
    (tmp_path / "out.png").write_text("kept")
    done("box", COINS, tmp_path / "out.png", "--skip-existing")
    done("pipe", COINS, tmp_path / "out.png", "box", "--skip-existing")
    done("box", COINS, tmp_path / "new.png", "--skip-existing")
    assert (tmp_path / "out.png").read_text() == "kept"
    assert io.read(tmp_path / "new.png").pixels.shape == io.read(COINS).pixels.shape


def test_tables_of_corners(tmp_path: Path) -> None:
    source = tree(tmp_path / "in", "a.png", "b.png")
    done("harris", source, tmp_path / "out", "--format", "csv")
    assert files(tmp_path / "out") == ["a.csv", "b.csv"]


@pytest.mark.parametrize("jobs", [1, 4])
@pytest.mark.slow
def test_a_folder_with_one_broken_file(tmp_path: Path, capsys: pytest.CaptureFixture[str], jobs: int) -> None:
    source = tree(tmp_path / "in", *(f"{number:03}.png" for number in range(200)))
    (source / "117.png").write_bytes((source / "117.png").read_bytes()[:60])
    assert run("sobel", source, tmp_path / "out", "--jobs", jobs) == 1
    told, counted = said(capsys).splitlines()
    assert told.startswith(f"imfilter: error: {source / '117.png'}: ")
    assert counted == "imfilter: error: 1 failed, 199 written"
    assert len(files(tmp_path / "out")) == 199
    for number in (0, 150, 199):
        done("sobel", source / f"{number:03}.png", tmp_path / "one.png")
        assert (tmp_path / "one.png").read_bytes() == (tmp_path / "out" / f"{number:03}.png").read_bytes()


def test_results_that_exist_are_left_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = tree(tmp_path / "in", "a.png", "b.png", "c.png")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "b.png").write_bytes(b"old")
    done("sobel", source, tmp_path / "out", "--skip-existing")
    assert (tmp_path / "out" / "b.png").read_bytes() == b"old"
    assert files(tmp_path / "out") == ["a.png", "b.png", "c.png"]
    (source / "d.png").write_bytes(b"broken")
    assert run("sobel", source, tmp_path / "out", "--skip-existing") == 1
    assert "1 failed, 0 written, 3 skipped" in said(capsys)
    done("sobel", source, tmp_path / "out", "--skip-existing", "--glob", "[abc].png")


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_killed_and_started_again(tmp_path: Path, number: int) -> None:
    """Whatever has the name of a result is whole, at any time."""
    source, out = tmp_path / "in", tmp_path / "out"
    source.mkdir()
    pixels = noise(400, 300)
    for index in range(60):
        save(source / f"{index:02}.png", pixels)
    done("median", source / "00.png", tmp_path / "whole.png")
    whole = (tmp_path / "whole.png").read_bytes()
    counts = []
    for _ in range(4):
        running = subprocess.Popen(
            [*COMMAND, "median", str(source), str(out), "--skip-existing"], env=subprocess_env()
        )
        wanted = min(len(list(out.glob("*.png"))) + 7, 60)
        while running.poll() is None and len(list(out.glob("*.png"))) < wanted:
            time.sleep(0.002)
        running.send_signal(number)
        running.wait(60)
        made = list(out.glob("*.png"))
        counts.append(len(made))
        assert all(path.read_bytes() == whole for path in made)
        if number == signal.SIGINT:
            assert not list(out.glob(".*"))
    assert counts[0] < 60
    subprocess.run([*COMMAND, "median", source, out, "--skip-existing"], env=subprocess_env(), check=True)
    assert sorted(os.listdir(out)) == [f"{index:02}.png" for index in range(60)]
    assert all(path.read_bytes() == whole for path in out.iterdir())


def test_two_results_of_one_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = tree(tmp_path / "in", "a.png", "a.jpg", "b.png", "c/b.png")
    done("box", source, tmp_path / "fine")
    message = failed(capsys, 2, "box", source, tmp_path / "out", "--format", "png")
    assert f"{source / 'a.jpg'} and {source / 'a.png'}" in message
    message = failed(capsys, 2, "box", source / "b.png", source / "c" / "b.png", f"{tmp_path / 'out'}/")
    assert "would be the result of both" in message
    assert not (tmp_path / "out").exists()


def test_results_inside_the_input(tmp_path: Path) -> None:
    source = tree(tmp_path / "in", "a.png", "b/c.png")
    for _ in range(2):  # the second run does not read the results of the first
        done("box", source, source / "out")
        assert files(source) == ["a.png", "b/c.png", "out/a.png", "out/b/c.png"]
    for _ in range(2):
        done("box", source / "b", source / "b", "--suffix", "_soft")
        assert files(source / "b") == ["c.png", "c_soft.png"]


def test_pictures_are_never_replaced_by_their_results(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = tree(tmp_path / "in", "a.png", "b.png")
    before = {name: (source / name).read_bytes() for name in files(source)}
    assert "OUT is IN" in failed(capsys, 2, "box", source, source)
    os.symlink(source, tmp_path / "link")
    assert "OUT is IN" in failed(capsys, 2, "box", source, tmp_path / "link")
    message = failed(capsys, 2, "box", source / "a.png", source / "b.png", f"{source}/")
    assert "would be replaced by its result" in message
    tree(tmp_path / "in", "a_x.png")
    message = failed(capsys, 2, "box", source / "a.png", source / "a_x.png", source, "--suffix", "_x")
    assert f"would be replaced by the result of {source / 'a.png'}" in message
    assert {name: (source / name).read_bytes() for name in before} == before


def test_links(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = tree(tmp_path / "in", "a.png", "b/c.png")
    tree(tmp_path / "other", "d.png")
    os.symlink(tmp_path / "other", source / "linked")
    os.symlink(source, source / "b" / "loop")
    os.symlink(tmp_path / "none.png", source / "gone.png")
    assert run("box", source, tmp_path / "out") == 1
    loop, gone, counted = said(capsys).splitlines()
    assert loop.startswith(f"imfilter: warning: {source / 'b' / 'loop'}: is a link to a folder above it")
    assert f"{source / 'gone.png'}: cannot be read: No such file" in gone
    assert counted == "imfilter: error: 1 failed, 3 written"
    (source / "gone.png").unlink()
    done("box", source, tmp_path / "out")
    assert files(tmp_path / "out") == ["a.png", "b/c.png", "linked/d.png"]


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege")
def test_links_that_lead_to_themselves(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = tree(tmp_path / "in", "a.png")
    os.symlink("two", source / "one")
    os.symlink("one", source / "two")
    done("box", source, tmp_path / "out")
    os.symlink("self.png", source / "self.png")
    assert run("box", source, tmp_path / "out") == 1
    line, counted = said(capsys).splitlines()
    assert line.startswith(f"imfilter: error: {source / 'self.png'}: cannot be read: ")
    assert counted == "imfilter: error: 1 failed, 1 written"


def test_names_that_a_file_system_takes_for_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where case does not count, one of two results would be lost."""
    source, out = tree(tmp_path / "in", "a.png", "b/c.png"), tmp_path / "out"
    for name in ("A.png", "B/c.png"):
        (source / name).parent.mkdir(exist_ok=True)
        (source / name).write_bytes((source / name.lower()).read_bytes())
    if len(files(source)) < 4:
        pytest.skip("case does not count here")
    done("box", source, out)
    assert files(out) == ["A.png", "B/c.png", "a.png", "b/c.png"]
    asked = []

    def one(first: str, second: str) -> bool:
        asked.append((os.path.relpath(first, out), os.path.relpath(second, out)))
        return True

    monkeypatch.setattr(folders, "are_one_name", one)
    message = failed(capsys, 2, "box", source, out)
    assert message.startswith(
        f"{out / 'a.png'}: would be the result of both {source / 'A.png'} and {source}/a.png"
    )
    assert asked == [("A.png", "a.png")]


def test_a_file_system_is_asked_whether_case_counts(tmp_path: Path) -> None:
    (tmp_path / "Here.png").touch()
    counts = not (tmp_path / "here.png").exists()
    for names in [("new/deep/A.png", "new/deep/a.png"), ("new/A/b.png", "new/a/b.png")]:
        assert folders.are_one_name(*(str(tmp_path / name) for name in names)) != counts
    assert folders.are_one_name(str(tmp_path / "a.png"), str(tmp_path / "a.png"))
    assert os.listdir(tmp_path) == ["Here.png"]


def test_names_in_a_folder_of_an_earlier_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also if only one of the two folders was written as it is."""

    def exists(path: str) -> bool:  # of a file system to which case does not count
        names = [os.path.join(folder, name) for folder, _, names in os.walk(tmp_path) for name in names]
        return path.lower() in [name.lower() for name in names]

    (tmp_path / "A").mkdir()
    monkeypatch.setattr(os.path, "exists", exists)
    names = [(tmp_path / "A" / "b.png"), (tmp_path / "a" / "b.png")]
    assert folders.are_one_name(*map(str, names))
    assert folders.are_one_name(*map(str, names[::-1]))


def test_folders_without_pictures(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "notes.txt").write_text("")
    assert run("box", tmp_path / "in", tmp_path / "out") == 1
    assert f"{tmp_path / 'in'}: has no pictures (.png" in said(capsys)
    assert run("box", tmp_path / "in", tmp_path / "out", "--glob", "*.gif") == 1
    assert "no file matches --glob '*.gif'" in said(capsys)
    assert not (tmp_path / "out").exists()


def test_a_folder_that_cannot_be_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tree(tmp_path / "in", "a.png", "b/c.png")
    scan = os.scandir

    def refused(path: str) -> object:
        if os.path.basename(path) == "b":
            raise PermissionError(13, "Permission denied", path)
        return scan(path)

    monkeypatch.setattr(folders.os, "scandir", refused)
    assert run("box", source, tmp_path / "out") == 1
    told, counted = said(capsys).splitlines()
    assert told == f"imfilter: error: {source / 'b'}: cannot be read: Permission denied"
    assert counted == "imfilter: error: 1 failed, 1 written"


def test_out_must_be_a_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = tree(tmp_path / "in", "a.png", "b.png")
    message = failed(capsys, 2, "box", source / "a.png", source / "b.png", tmp_path / "out")
    assert "OUT must be a folder" in message
    assert "is a folder, so OUT must be" in failed(capsys, 2, "box", source, tmp_path / "out.png")
    (tmp_path / "file").write_text("")
    assert "so OUT must be" in failed(capsys, 2, "box", source, tmp_path / "file")
    message = failed(capsys, 1, "box", source, tmp_path / "file" / "out")
    assert message == f"{tmp_path}/file/out: cannot be created: {tmp_path}/file is a file, not a folder"
    assert "IN is -, so it must be the only one" in failed(capsys, 2, "box", "-", source, f"{tmp_path}/out/")


def test_a_wrong_option_is_told_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = tree(tmp_path / "in", *(f"{n}.png" for n in range(9)))
    assert run("gaussian", source, tmp_path / "out", "--sigma=-1", "--jobs", 3) == 2
    lines = said(capsys).splitlines()
    assert "sigma must" in lines[-1]
    assert len(lines) == 3
    one = failed(capsys, 2, "gaussian", source / "0.png", f"{tmp_path}/out/", "--sigma=-1")
    assert "sigma must" in one


def test_errors_about_one_file_do_not_stop_the_others(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = tree(tmp_path / "in", "b.png", "c.png")
    tifffile.imwrite(source / "a.tif", np.ones((5, 6), np.float32))
    assert run("gaussian", source, tmp_path / "out", "--format", "png") == 1
    told, counted = said(capsys).splitlines()
    assert told.startswith(f"imfilter: error: {source / 'a.tif'}: PNG cannot hold float32")
    assert counted.endswith("1 failed, 2 written")


def test_warnings_are_lines_of_their_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = tree(tmp_path / "in", *(f"{n}.jpg" for n in range(8)))
    for path in source.iterdir():
        path.write_bytes(path.read_bytes()[:-2])
    done("box", source, tmp_path / "out", "--jobs", 4)
    lines = said(capsys).splitlines()
    assert [line.split(": ")[2] for line in lines] == [str(source / f"{n}.jpg") for n in range(8)]
    assert {line.split(": ")[1] for line in lines} == {"warning"}


def test_a_bar_on_a_terminal(tmp_path: Path) -> None:
    pty = pytest.importorskip("pty")
    source = tree(tmp_path / "in", *(f"{n}.png" for n in range(5)))
    (source / "2.png").write_bytes(b"broken")
    terminal, other = pty.openpty()
    running = subprocess.Popen(
        [*COMMAND, "box", str(source), str(tmp_path / "out")], env=subprocess_env(), stderr=other
    )
    os.close(other)
    shown = b""
    try:
        while piece := os.read(terminal, 1000):
            shown += piece
    except OSError:  # how a terminal ends
        pass
    os.close(terminal)
    assert running.wait(60) == 1
    text = shown.decode()
    assert "5/5" in text
    assert f"imfilter: error: {source / '2.png'}: is not an image" in text
    assert text.rstrip().endswith("imfilter: error: 1 failed, 4 written")
    assert "\x1b[?25h" in text


def test_results_are_those_of_one_process_each(tmp_path: Path) -> None:
    """Threads share decoders and pools."""
    source = tmp_path / "in"
    source.mkdir()
    pictures = {}
    for n in range(24):
        suffix = ("png", "jpg", "tif", "webp")[n % 4]
        pictures[f"{n}.{suffix}"] = noise(40 + n, 50, 3)
        save(source / f"{n}.{suffix}", pictures[f"{n}.{suffix}"])
    done("gaussian", source, tmp_path / "out", "--jobs", 8, "--sigma", 2, "--format", "png")
    for name in pictures:
        pixels = io.read(source / name).pixels
        found = io.read(tmp_path / "out" / f"{name.partition('.')[0]}.png").pixels
        np.testing.assert_array_equal(found, imfilter.gaussian(pixels, 2.0, channel_axis=-1))
