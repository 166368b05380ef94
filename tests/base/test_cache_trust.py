"""Compiled code is loaded from nowhere that another user could have written to: loading it runs it."""

from __future__ import annotations

import contextlib
import hashlib
import os
import pickle
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from imfilter._simd import code_files
from tests.cli.commands import subprocess_env

pytestmark = pytest.mark.slow  # each test starts processes

# The smallest kernel, which takes a moment to compile.
KERNEL = """
from imfilter._simd import jit

def tiny(number):
    if number < 0:
        raise ValueError
for function in (tiny, jit.Driver(tiny).entry()):
    print(function(1))
"""
ANSWER = "None\nNone\n"
OTHER = 12345  # a user's number

root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")


def start(cache: Path, mask: int = 0o022) -> tuple[str, list[str]]:
    """Run a kernel in a fresh process; return the answer and the lines that it said of the cache."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", KERNEL],
        env=subprocess_env() | {"IMFILTER_CACHE_DIR": str(cache)},
        capture_output=True,
        text=True,
        check=True,
        preexec_fn=lambda: os.umask(mask),
    )
    return done.stdout, [line for line in done.stderr.splitlines() if "compiling" not in line]


class Planted:
    """What runs code of somebody else when it is loaded."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (str(self.mark),)


def plant(folder: Path, mark: Path) -> list[Path]:
    """Put a bomb in the place of every kernel of a cache, with a digest that is right."""
    data = pickle.dumps(Planted(mark))
    paths = sorted(folder.glob("*.nbc"))
    for path in paths:
        path.write_bytes(hashlib.sha256(data).hexdigest().encode() + b"\n" + data)
    return paths


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Names and bytes of a cache that a process has filled."""
    cache = tmp_path_factory.mktemp("filled") / "cache"
    assert start(cache) == (ANSWER, [])
    return pickle.dumps({path.name: path.read_bytes() for path in (cache / "imfilter").iterdir()})


@pytest.fixture
def cache(tmp_path: Path, filled: bytes) -> Path:
    folder = tmp_path / "cache" / "imfilter"
    folder.mkdir(parents=True, mode=0o755)
    for name, data in pickle.loads(filled).items():
        (folder / name).write_bytes(data)
        (folder / name).chmod(0o644)
    return tmp_path / "cache"


@contextlib.contextmanager
def never_loaded(cache: Path, tmp_path: Path) -> Iterator[None]:
    """The bomb is one where the cache is trusted, and does nothing here."""
    assert plant(cache / "imfilter", tmp_path / "ran")
    yield
    assert not (tmp_path / "ran").exists()


def test_the_bomb_is_one(cache: Path, tmp_path: Path) -> None:
    """In a cache of one's own it runs, so that the tests below can fail."""
    plant(cache / "imfilter", tmp_path / "ran")
    with pytest.raises(subprocess.CalledProcessError):
        start(cache)
    assert (tmp_path / "ran").exists()


@pytest.mark.parametrize(("mode", "place"), [(0o1777, "imfilter"), (0o777, ".")])
def test_a_folder_that_others_can_write(cache: Path, tmp_path: Path, mode: int, place: str) -> None:
    with never_loaded(cache, tmp_path):
        (cache / place).chmod(mode)
        answer, said = start(cache)
    assert answer == ANSWER
    assert said == [
        f"imfilter: compiled code in '{cache}/imfilter' is ignored, because '{cache / place}' can be written "
        "by others; set IMFILTER_CACHE_DIR to a folder that only you can write"
    ]


@root
def test_a_folder_of_another_user(cache: Path, tmp_path: Path) -> None:
    with never_loaded(cache, tmp_path):
        os.chown(cache / "imfilter", OTHER, OTHER)
        answer, said = start(cache)
    assert answer == ANSWER
    (line,) = said
    assert f"because '{cache / 'imfilter'}' belongs to another user; set IMFILTER_CACHE_DIR" in line


@pytest.mark.parametrize(
    ("place", "mode", "trusted"),
    [
        ("a/b", 0o700, True),
        ("a/b", 0o755, True),
        ("a/b", 0o757, False),
        ("a/b", 0o777, False),
        ("a/b", 0o1777, False),
        ("a", 0o757, False),
        ("a", 0o1777, True),  # as /tmp is: nobody can rename what is in it
        (".", 0o777, False),
        (".", 0o1777, True),
    ],
)
def test_folders_and_those_above_them(tmp_path: Path, place: str, mode: int, trusted: bool) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / place).chmod(mode)
    for folder in (tmp_path / "a" / "b", *([] if place == "a/b" else [tmp_path / "a" / "b" / "new"])):
        assert (code_files.flaw(folder) is None) == trusted
    tmp_path.chmod(0o700)


@root
@pytest.mark.parametrize("place", ["a/b", "a", "."])
def test_owners_of_folders_and_of_those_above_them(tmp_path: Path, place: str) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    os.chown(tmp_path / place, OTHER, OTHER)
    assert code_files.flaw(tmp_path / "a" / "b") == f"{str(tmp_path / place)!r} belongs to another user"
    os.chown(tmp_path / place, 0, 0)


def test_the_advice_works(cache: Path, tmp_path: Path) -> None:
    (cache / "imfilter").chmod(0o777)
    assert start(tmp_path / "mine") == (ANSWER, [])
    assert list((tmp_path / "mine" / "imfilter").glob("*.nbc"))


def test_files_that_others_can_write_are_made_anew(cache: Path, tmp_path: Path) -> None:
    with never_loaded(cache, tmp_path):
        for path in (cache / "imfilter").iterdir():
            path.chmod(0o666)
        answer, said = start(cache)
    assert answer == ANSWER
    assert said == [
        f"imfilter: compiled code in '{cache}/imfilter' is made anew where its file can be written by others"
    ]
    assert {path.stat().st_mode & 0o777 for path in (cache / "imfilter").iterdir()} == {0o644}
    assert start(cache) == (ANSWER, [])


@root
def test_files_of_another_user_are_made_anew(cache: Path, tmp_path: Path) -> None:
    with never_loaded(cache, tmp_path):
        for path in (cache / "imfilter").iterdir():
            os.chown(path, OTHER, OTHER)
        answer, said = start(cache)
    assert answer == ANSWER
    assert len(said) == 1
    assert {path.stat().st_uid for path in (cache / "imfilter").iterdir()} == {0}


def test_links_to_files_are_not_followed(cache: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    for path in plant(cache / "imfilter", tmp_path / "ran"):
        path.rename(elsewhere / path.name)
        path.symlink_to(elsewhere / path.name)
    assert start(cache)[0] == ANSWER
    assert not (tmp_path / "ran").exists()


def test_a_link_to_a_folder_that_others_can_write(cache: Path, tmp_path: Path) -> None:
    with never_loaded(cache, tmp_path):
        (cache / "imfilter").chmod(0o777)
        (tmp_path / "link").symlink_to(cache)
        answer, said = start(tmp_path / "link")
    assert answer == ANSWER
    assert len(said) == 1


@pytest.mark.parametrize("mask", [0o000, 0o077])
def test_what_is_made_is_trusted_whatever_the_umask(tmp_path: Path, mask: int) -> None:
    assert start(tmp_path / "a" / "b", mask) == (ANSWER, [])
    files = list((tmp_path / "a" / "b" / "imfilter").iterdir())
    assert files
    for path in (*files, *files[0].parents):
        if path != tmp_path and tmp_path in path.parents:
            assert path.stat().st_mode & 0o022 == 0
    assert start(tmp_path / "a" / "b", mask) == (ANSWER, [])


def test_names_with_control_characters_are_shown_as_escapes(cache: Path, tmp_path: Path) -> None:
    name = tmp_path / "a\x1b[31m\nb"
    cache.rename(name)
    (name / "imfilter").chmod(0o777)
    (line,) = start(name)[1]
    assert "a\\x1b[31m\\nb" in line


def test_a_warm_up_for_nobody_fails_at_once(cache: Path) -> None:
    (cache / "imfilter").chmod(0o777)
    done = subprocess.run(
        [sys.executable, "-c", "from imfilter import cli; cli.main()", "warmup"],
        env=subprocess_env() | {"IMFILTER_CACHE_DIR": str(cache)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        f"imfilter: error: compiled kernels cannot be kept, because '{cache}/imfilter' can be written by "
        "others: set IMFILTER_CACHE_DIR to a folder that only you can write\n"
    )


@pytest.mark.parametrize(
    ("group", "primary", "members", "trusted"),
    [
        ("ada", 1000, [], True),
        ("ada", 1000, ["ada"], True),
        ("ada", 1000, ["bob"], False),
        ("users", 1000, [], False),  # others may have it as theirs
        ("ada", 50, [], False),
        (None, 1000, [], False),
    ],
)
def test_a_group_of_ones_own_is_nobody_else(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    group: str | None,
    primary: int,
    members: list[str],
    trusted: bool,
) -> None:
    """Many systems make a group for each user, and let it write."""
    import grp
    import pwd

    def found(number: int) -> SimpleNamespace:
        if group is None:
            raise KeyError(number)
        return SimpleNamespace(gr_name=group, gr_mem=members)

    monkeypatch.setattr(grp, "getgrgid", found)
    monkeypatch.setattr(pwd, "getpwuid", lambda number: SimpleNamespace(pw_name="ada", pw_gid=primary))
    code_files._is_own_group.cache_clear()
    status = os.stat_result((0o40775, 0, 0, 1, os.geteuid(), 1000, 0, 0, 0, 0))
    assert (code_files._access_of_others(status) is None) == trusted
    code_files._is_own_group.cache_clear()


@root
def test_the_cache_of_root_is_for_everybody(cache: Path) -> None:
    """As one that is made when a container is built."""
    # The interpreter and Numba may lie where another user cannot read. They are read before.
    begin = "import os; from imfilter._simd import compiler, machine_code; machine_code._versions()"
    become = f"{begin}; os.setgid({OTHER}); os.setuid({OTHER})"
    code = KERNEL.replace("for function", f"{become}\nfor function")
    with tempfile.TemporaryDirectory() as name:
        os.chmod(name, 0o755)
        shutil.copytree(cache, Path(name) / "cache")
        done = subprocess.run(
            [sys.executable, "-c", code],
            env=subprocess_env() | {"IMFILTER_CACHE_DIR": str(Path(name) / "cache")},
            capture_output=True,
            text=True,
            check=False,
        )
    assert (done.returncode, done.stdout, done.stderr) == (0, ANSWER, "")
