"""Files of compiled code: the folders, who may write to them, and how they are read and written.

Loading compiled code runs it. So nothing is loaded that another user could have written.
"""

import contextlib
import functools
import hashlib
import os
import stat
import sys
from pathlib import Path

_HERE = Path(__file__).resolve().parent
_OLD = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
#: How the names of files begin that hold code of users' functions, and how many of them are kept.
USER = "user-"
MOST_OF_USERS = 1000
#: Bytes that a folder must have left to keep the code of a filter. The largest file has 97 kB.
_LEAST = 1 << 20


@functools.cache
def folders() -> tuple[Path, ...]:
    """Return the folders for compiled code, best first. They need not exist or be writable."""
    chosen = os.environ.get("IMFILTER_CACHE_DIR") or _folder_of_numba()
    if chosen:
        return (Path(chosen) / "imfilter",)
    base = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA")
    folders = [_HERE / "__pycache__"]
    with contextlib.suppress(RuntimeError):  # the user has no home folder
        folders.append((Path(base) if base else Path.home() / ".cache") / "imfilter")
    return tuple(folders)


def _folder_of_numba() -> str:
    """Return Numba's setting of a folder, without importing Numba if it is not set in a file."""
    if "numba" in sys.modules or Path(".numba_config.yaml").is_file():
        from numba.core import config

        return str(config.CACHE_DIR)
    return os.environ.get("NUMBA_CACHE_DIR", "")


def flaw(folder: Path) -> str | None:
    """Return how other users could put code into a folder, or None if they cannot.

    They could if they own the folder or a parent folder, or may write to one. Root and the owner of this file
    do not count, because they can change the running code anyway.
    """
    if not hasattr(os, "geteuid"):
        return None
    for place in (folder, *folder.parents):
        with contextlib.suppress(OSError):  # a missing folder will be created
            status = place.stat()
            # In a folder like /tmp everybody may create files, but nobody may change the files of others.
            shared = place != folder and bool(status.st_mode & stat.S_ISVTX)
            if how := _access_of_others(status, shared):
                return f"{str(place)!r} {how}"
    return None


def _access_of_others(status: os.stat_result, shared: bool = False) -> str | None:
    if status.st_uid not in {0, os.geteuid(), os.stat(__file__).st_uid}:
        return "belongs to another user"
    if shared or not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        return None
    if not status.st_mode & stat.S_IWOTH and _is_own_group(status.st_gid):
        return None
    return "can be written by others"


@functools.cache
def _is_own_group(number: int) -> bool:
    """Tell whether a group is the private group of the user, which many systems create with the same name."""
    import grp
    import pwd

    with contextlib.suppress(KeyError):
        user, group = pwd.getpwuid(os.geteuid()), grp.getgrgid(number)
        return number == user.pw_gid and user.pw_name == group.gr_name and set(group.gr_mem) <= {user.pw_name}
    return False


@functools.cache
def _warn(text: str) -> None:
    """Print a warning once."""
    if sys.stderr is not None:
        sys.stderr.write(f"imfilter: {text}\n")


_safe: dict[Path, Path] = {}


def _trusted(folder: Path) -> Path | None:
    """Return the real path of a code folder. Warn and return None if others could write there."""
    if folder in _safe:
        return _safe[folder]
    real = Path(os.path.realpath(folder))
    if why := flaw(real):
        _warn(
            f"compiled code in {str(folder)!r} is ignored, because {why}; "
            "set IMFILTER_CACHE_DIR to a folder that only you can write"
        )
        return None
    if real.is_dir():  # otherwise somebody else may still create it
        _safe[folder] = real
    return real


def _make(folder: Path) -> None:
    """Create a folder and its parents. Only this user can write to them, whatever the umask is."""
    if not folder.is_dir():
        _make(folder.parent)
        with contextlib.suppress(FileExistsError):  # another process was faster
            folder.mkdir(mode=0o755)


def _read(path: Path) -> bytes | None:
    """Return the bytes of a file, or None if other users could have written it."""
    with open(os.open(path, _OLD), "rb") as file:
        status = os.fstat(file.fileno())
        if hasattr(os, "geteuid") and (how := _access_of_others(status)):
            _warn(f"compiled code in {str(path.parent)!r} is made anew where its file {how}")
            return None
        return file.read()


def can_keep() -> bool:
    """Tell whether some folder can keep the code of a filter. Only an attempt to write is certain."""
    import tempfile  # rarely needed

    for place in folders():
        with contextlib.suppress(OSError):
            if _trusted(place) is not None:
                _make(place)
                with tempfile.TemporaryFile(dir=place) as file:
                    file.write(bytes(_LEAST))  # a full disk still takes a few bytes
                    file.flush()
                return True
    return False


def load(name: str) -> bytes | None:
    """Return what `save` has written under a name. None: it is absent, damaged, or not to be trusted."""
    for place in folders():
        try:
            if (folder := _trusted(place)) is None or (kept := _read(folder / name)) is None:
                continue
            digest, data = kept.split(b"\n", 1)
            if digest.decode() == hashlib.sha256(data).hexdigest():
                return data
        except (OSError, ValueError):
            continue
    return None


def save(name: str, data: bytes) -> Path | None:
    """Write a file, under another name first. Return its path, or None if it cannot be written."""
    data = hashlib.sha256(data).hexdigest().encode() + b"\n" + data
    for place in folders():
        try:
            if _trusted(place) is None:
                continue
            _make(place)
            if (folder := _trusted(place)) is None:  # another was faster
                continue
            partial = folder / f"{name}.{os.urandom(8).hex()}"
            try:
                with open(os.open(partial, _NEW, 0o644), "wb") as file:
                    file.write(data)
                path = partial.replace(folder / name)
                if name.startswith(USER):
                    _limit(folder)
                return path
            except OSError:
                partial.unlink(missing_ok=True)
                raise
        except OSError:
            continue
    return None


def _limit(folder: Path) -> None:
    """Delete the oldest of too many files of users' functions: each edit of a function writes new ones."""
    paths = [entry.path for entry in os.scandir(folder) if entry.name.startswith(USER)]
    if len(paths) > MOST_OF_USERS:
        ages = {}
        for path in paths:
            with contextlib.suppress(OSError):  # another process was faster
                ages[path] = os.stat(path).st_mtime_ns
        for path in sorted(ages, key=ages.__getitem__)[: len(ages) - MOST_OF_USERS]:
            with contextlib.suppress(OSError):
                os.unlink(path)
