"""Temporary files: those of processes that were killed are removed, and those of running processes stay."""

import contextlib
import errno
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from imfilter._files import atomic, partial, temporary
from imfilter._files.signatures import ZARR_MARKS
from tests.looping import loop_over

pytestmark = pytest.mark.skipif(os.name == "nt", reason="files that are written have no locks")

_WRITE_FOREVER = """
import sys, time
from imfilter._files.atomic import replacing, replacing_folder
for number in (1, 2):
    file = replacing(f"{sys.argv[1]}/{number}.png")
    file.__enter__().write(b"half")
    globals()[f"kept{number}"] = file
folder = replacing_folder(f"{sys.argv[1]}/a.zarr")
open(folder.__enter__() + "/zarr.json", "x").close()
print("written", flush=True)
time.sleep(1000)
"""


@contextlib.contextmanager
def writing(folder):
    """A process that has written half of two files and of a folder, until it is killed."""
    command = [sys.executable, "-c", _WRITE_FOREVER, str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "written\n"
            yield
        finally:
            process.send_signal(signal.SIGKILL)


@pytest.fixture(autouse=True)
def _not_searched(monkeypatch: pytest.MonkeyPatch) -> None:
    """The folders that were searched, as in a new process."""
    monkeypatch.setattr(temporary, "_searched", set())


def write(path: Path) -> None:
    with atomic.replacing(path) as file:
        file.write(b"whole")


def test_files_of_a_killed_process_are_removed_and_those_of_a_running_one_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with writing(tmp_path):
        before = sorted(os.listdir(tmp_path))
        assert len(before) == 3
        assert all(name.endswith(".part") for name in before)
        write(tmp_path / "1.png")
        assert sorted(os.listdir(tmp_path)) == sorted([*before, "1.png"])
    write(tmp_path / "2.png")  # this process has searched the folder
    assert len(os.listdir(tmp_path)) == 5
    temporary._searched.clear()
    with atomic.replacing_folder(tmp_path / "b.zarr") as made:
        assert sorted(os.listdir(tmp_path)) == sorted([os.path.basename(made), "1.png", "2.png"])
        Path(made, ZARR_MARKS[0]).touch()
    assert sorted(os.listdir(tmp_path)) == ["1.png", "2.png", "b.zarr"]


def test_other_files_stay(tmp_path: Path) -> None:
    """Files with other names, links, and files of another computer, whose locks may not be seen."""
    mine = os.path.basename(temporary.beside("a.png", "part"))
    number = mine.split(".")[3]
    names = [
        ".part",
        ".a.png.part",
        "a.part",
        mine[1:],
        mine.replace(".part", ".old"),
        mine.replace(".part", ".gone"),
        mine.replace(number, number[1:]),
        mine.replace(number, f"{int(number[:8], 16) ^ 1:08x}{number[8:]}"),
    ]
    for name in names:
        (tmp_path / name).touch()
    link = os.path.basename(temporary.beside("a.png", "part"))
    (tmp_path / link).symlink_to(tmp_path / "a.part")
    pipe = os.path.basename(temporary.beside("a.png", "part"))
    os.mkfifo(tmp_path / pipe)
    write(tmp_path / "b.png")
    assert sorted(os.listdir(tmp_path)) == sorted([*names, link, pipe, "b.png"])


def test_the_file_is_locked_until_it_has_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    replace = os.replace

    def noted(name: str, target: str) -> None:
        temporary._searched.clear()
        temporary.clean(str(tmp_path))
        replace(name, target)

    monkeypatch.setattr(os, "replace", noted)
    write(tmp_path / "a.png")
    assert (tmp_path / "a.png").read_bytes() == b"whole"


def test_a_file_that_is_taken_for_abandoned_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process may find a file after it is made and before it is locked."""
    lock, made = temporary.locks.lock, []

    def late(descriptor: int) -> bool | None:
        if len(made) < 3:
            (name,) = os.listdir(tmp_path)
            made.append(name)
            os.unlink(tmp_path / name)
        return lock(descriptor)

    monkeypatch.setattr(temporary.locks, "lock", late)
    write(tmp_path / "a.png")
    assert len(set(made)) == 3
    assert os.listdir(tmp_path) == ["a.png"]
    assert (tmp_path / "a.png").read_bytes() == b"whole"


def test_file_systems_without_locks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files are written, and none is removed."""
    (tmp_path / os.path.basename(temporary.beside("b.png", "part"))).touch()
    monkeypatch.setattr(temporary.locks, "lock", lambda descriptor: None)
    write(tmp_path / "a.png")
    assert len(os.listdir(tmp_path)) == 2


#: Replaces a folder, and is killed at the rename with a number from 1.
_REPLACE = """
import os, signal, sys
from imfilter._files.atomic import replacing_folder
target, last, rename, done = sys.argv[1], int(sys.argv[2]), os.rename, []
def killed(*names):
    done.append(names)
    if len(done) == last:
        os.kill(os.getpid(), signal.SIGKILL)
    rename(*names)
os.rename = killed
with replacing_folder(target) as folder:
    open(folder + "/zarr.json", "w").write("new")
"""


def folder_of(path: Path, text: str) -> Path:
    path.mkdir()
    (path / "zarr.json").write_text(text)
    return path


@pytest.mark.parametrize("name", ["a.zarr", f"{'long' * 20}.zarr"])
@loop_over("last", [1, 2, 3, 4])
def test_a_folder_that_a_killed_process_was_replacing_is_not_lost(
    tmp_path: Path, name: str, last: int
) -> None:
    """It was renamed, then the new one, and then it was to be removed."""
    temporary._searched.clear()
    target = folder_of(tmp_path / name, "old")
    command = [sys.executable, "-c", _REPLACE, str(target), str(last)]
    done = subprocess.run(command, check=False)
    assert (done.returncode == 0) == (last == 4)
    assert len(os.listdir(tmp_path)) == [0, 3, 2, 2, 1][last]
    write(tmp_path / "b.png")
    assert sorted(os.listdir(tmp_path)) == sorted([name, "b.png"])
    assert (target / "zarr.json").read_text() == ("old" if last < 3 else "new")


def test_a_folder_that_was_set_aside_keeps_its_place_if_its_name_is_taken(tmp_path: Path) -> None:
    """A folder of another program, with an ending that is ours, stays too."""
    aside = tmp_path / os.path.basename(temporary.beside("a.zarr", "old"))
    other = tmp_path / os.path.basename(temporary.beside("b.zarr", "old"))
    empty = tmp_path / os.path.basename(temporary.beside("c.zarr", "old"))
    for folder in (aside, other, empty):
        folder.mkdir()
    folder_of(aside / "a.zarr", "old")
    folder_of(other / "other.zarr", "old")
    folder_of(tmp_path / "a.zarr", "new")
    temporary.clean(str(tmp_path))
    assert sorted(os.listdir(tmp_path)) == sorted(["a.zarr", other.name])
    assert (tmp_path / "a.zarr" / "zarr.json").read_text() == "new"
    assert os.listdir(other) == ["other.zarr"]


def test_a_folder_that_is_being_replaced_stays(tmp_path: Path) -> None:
    target = str(folder_of(tmp_path / "a.zarr", "old"))
    with temporary.set_aside(target):
        before = os.listdir(tmp_path)
        temporary.clean(str(tmp_path))
        assert os.listdir(tmp_path) == before
        assert not os.path.exists(target)
        folder_of(Path(target), "new")
    assert os.listdir(tmp_path) == ["a.zarr"]
    assert Path(target, "zarr.json").read_text() == "new"


def test_a_folder_that_is_not_replaced_gets_its_name_again(tmp_path: Path) -> None:
    target = folder_of(tmp_path / "a.zarr", "old")
    with pytest.raises(KeyboardInterrupt), temporary.set_aside(str(target)):
        raise KeyboardInterrupt
    assert os.listdir(tmp_path) == ["a.zarr"]
    assert (target / "zarr.json").read_text() == "old"


@pytest.mark.parametrize("taken", [False, True])
def test_another_process_may_replace_a_folder_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, taken: bool
) -> None:
    """Just before a rename, it takes the folder away, or gives its own folder the name. The last one wins."""
    target, folder = folder_of(tmp_path / "a.zarr", "old"), folder_of(tmp_path / "new", "new")
    rename, done = os.rename, list[str]()

    def disturbed(old: str, new: str) -> None:
        done.append(new)
        if not taken and len(done) == 1:
            rename(target, tmp_path / "theirs")
        if taken and len(done) == 2:
            folder_of(target, "theirs")
        rename(old, new)

    monkeypatch.setattr(os, "rename", disturbed)
    atomic.replace_folder(str(folder), str(target))
    assert (target / "zarr.json").read_text() == "new"
    assert sorted(os.listdir(tmp_path)) == (["a.zarr"] if taken else ["a.zarr", "theirs"])


def test_another_process_may_remove_a_folder_before_it_is_locked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It takes it for that of a killed process."""
    target = folder_of(tmp_path / "a.zarr", "old")
    mkdir, made = os.mkdir, list[str]()

    def removed(path: str) -> None:
        mkdir(path)
        made.append(path)
        if len(made) % 2:
            os.rmdir(path)

    monkeypatch.setattr(os, "mkdir", removed)
    with temporary.created(str(target), os.mkdir) as (folder, _):
        assert [len(made), os.path.isdir(folder)] == [2, True]
        with temporary.set_aside(str(target)):
            assert [len(made), os.path.exists(target)] == [4, False]
            os.rename(folder, target)
    assert os.listdir(tmp_path) == ["a.zarr"]


class _OpenFiles:
    """A system like Windows, which neither removes a file that is open nor renames a folder that holds it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.names = set[str]()
        for name in ("rename", "replace", "unlink", "rmdir"):
            monkeypatch.setattr(os, name, self._refusing(getattr(os, name)))

    def _refusing(self, function: Callable[..., None]) -> Callable[..., None]:
        def guarded(path: str | os.PathLike[str], *more: str | os.PathLike[str]) -> None:
            path = os.fspath(path)
            inside = [name for _, _, files in os.walk(path) for name in files] or [os.path.basename(path)]
            if self.names.intersection(inside):
                raise PermissionError(errno.EACCES, "The file is used by another process", path)
            function(path, *more)

        return guarded


@pytest.mark.parametrize("locks", [True, False])
@pytest.mark.parametrize("after", [0, 1])
def test_a_replaced_folder_with_an_open_file_is_removed_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, locks: bool, after: int
) -> None:
    """The file is opened before the last rename of the old folder, or after it. The new one is complete."""
    monkeypatch.setattr(temporary, "_HAS_LOCKS", locks)
    target, folder = folder_of(tmp_path / "a.zarr", "old"), folder_of(tmp_path / "new", "new")
    for name in ("a", "z"):
        (target / name).mkdir()
        (target / name / f"{name}.bin").touch()
    (target / "open").touch()
    system, rename, done = _OpenFiles(monkeypatch), os.rename, list[str]()

    def opened(old: str, new: str) -> None:
        done.append(new)
        if len(done) == 3 and not after:
            system.names.add("open")
        rename(old, new)
        if len(done) == 3:
            system.names.add("open")

    monkeypatch.setattr(os, "rename", opened)
    atomic.replace_folder(str(folder), str(target))
    assert len(done) == 3
    assert (target / "zarr.json").read_text() == "new"
    (left,) = set(os.listdir(tmp_path)) - {"a.zarr"}
    for _ in range(2):  # the next process may be as unlucky
        temporary._searched.clear()
        temporary.clean(str(tmp_path))
        (left,) = set(os.listdir(tmp_path)) - {"a.zarr"}
        if after:
            assert [name for _, _, files in os.walk(tmp_path / left) for name in files] == ["open"]
    system.names.clear()
    temporary._searched.clear()
    write(tmp_path / "b.png")
    assert sorted(os.listdir(tmp_path)) == ["a.zarr", "b.png"]
    assert os.listdir(target) == ["zarr.json"]
    assert (target / "zarr.json").read_text() == "new"


def test_without_locks_only_what_no_process_needs_is_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder that is set aside, and what is written, may belong to a running process."""
    monkeypatch.setattr(temporary, "_HAS_LOCKS", False)
    target = folder_of(tmp_path / "a.zarr", "old")
    with temporary.created(str(tmp_path / "b.zarr"), os.mkdir) as (folder, _):
        with temporary.set_aside(str(target)):
            before = sorted(os.listdir(tmp_path))
            temporary._searched.clear()
            temporary.clean(str(tmp_path))
            assert sorted(os.listdir(tmp_path)) == before
            folder_of(target, "new")
        os.rename(folder, tmp_path / "b.zarr")
    assert sorted(os.listdir(tmp_path)) == ["a.zarr", "b.zarr"]


def test_what_can_be_removed_of_a_folder_is_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("a", "b", "c"):
        (tmp_path / "folder" / name).mkdir(parents=True)
        (tmp_path / "folder" / name / f"{name}.bin").touch()
    system = _OpenFiles(monkeypatch)
    system.names.add("b.bin")
    partial.remove(str(tmp_path / "folder"))
    assert os.listdir(tmp_path / "folder") == ["b"]
    system.names.clear()
    partial.remove(str(tmp_path / "folder"))
    assert os.listdir(tmp_path) == []
