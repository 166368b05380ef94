"""Folders of zarr that are written by many processes, and whose work goes on after it has stopped.

Beside ``OUT`` is the folder ``OUT.part`` until ``OUT`` is complete: the array, what makes it, and which parts
are done.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
from collections.abc import Callable, Iterator, Mapping
from typing import IO, Any

from . import partial
from .atomic import check_target, replace_folder, replacing
from .image import FileError

#: The key of a description that people read.
TITLE = "command"
_COMMAND, _DONE, _LOCK, _DATA = "command.json", "done.txt", "lock", "data"
#: Ending of the temporary files of zarr.
_TEMPORARY = ".partial"


class Unfinished:
    """A folder that is being written.

    Attributes
    ----------
    data : str
        The folder that gets the name of the result.
    done : set of str
        Names of the parts that are done.
    """

    def __init__(self, path: str, target: str, description: Mapping[str, Any]) -> None:
        self.path, self.target, self.description = path, target, dict(description)
        self.folder = f"{target}.part"
        self.data = os.path.join(self.folder, _DATA)
        self.done: set[str] = set()
        self._journal: IO[str] | None = None

    def begin(self, create: Callable[[], object]) -> None:
        """Go on with the work of the same command, or create the arrays.

        Parameters
        ----------
        create : callable
            Creates the arrays in the folder `data`, which is empty.

        Raises
        ------
        FileError
            If the folder is that of another command.
        """
        marker = os.path.join(self.folder, _COMMAND)
        found = self._found(marker)
        if found is None or not os.path.isdir(self.data):
            for name in (_COMMAND, _DONE, _DATA):
                partial.remove(os.path.join(self.folder, name))
            os.mkdir(self.data)
            create()
            with replacing(marker) as file:  # from now on, the folder is whole
                file.write(json.dumps(self.description, indent=1).encode())
        else:
            self._check(found)
            self.done = self._names()
            self._remove_temporary()
        self._journal = open(os.path.join(self.folder, _DONE), "a")  # noqa: SIM115  (`close` closes it)

    def _found(self, marker: str) -> dict[str, Any] | None:
        try:
            with open(marker, encoding="utf-8") as file:
                found = json.load(file)
        except FileNotFoundError:
            return None
        except ValueError as error:
            raise self._refused("it cannot be read") from error
        return found if isinstance(found, dict) else None

    def _check(self, found: Mapping[str, Any]) -> None:
        wanted = json.loads(json.dumps(self.description))
        if found == wanted:
            return
        if found.get(TITLE) != wanted[TITLE]:
            raise self._refused(f"it is that of {found.get(TITLE)!r}")
        changed = next((name for name in wanted if found.get(name) != wanted[name]), "description")
        raise self._refused(f"its {changed} is another one")

    def _refused(self, reason: str) -> FileError:
        return FileError(
            f"{self.path}: {self.path}.part holds unfinished work, and {reason}; run that command again, "
            f"or remove the folder"
        )

    def _names(self) -> set[str]:
        """Return the parts that are done. A last line without its end is not."""
        try:
            with open(os.path.join(self.folder, _DONE), encoding="utf-8") as file:
                text = file.read()
        except FileNotFoundError:
            return set()
        whole = text[: text.rfind("\n") + 1]
        if whole != text:
            os.truncate(os.path.join(self.folder, _DONE), len(whole))
        return set(whole.split())

    def _remove_temporary(self) -> None:
        for folder, _, names in os.walk(self.data):
            for name in names:
                if name.endswith(_TEMPORARY):
                    with contextlib.suppress(OSError):
                        os.unlink(os.path.join(folder, name))

    def add(self, name: str) -> None:
        """Note that a part is done."""
        assert self._journal is not None
        self._journal.write(f"{name}\n")
        self._journal.flush()
        self.done.add(name)

    def finish(self) -> None:
        """Give the complete folder its name."""
        self._remove_temporary()  # of processes that were killed
        replace_folder(self.data, self.target)
        self.close()
        partial.remove(self.folder)

    def close(self) -> None:
        """Close the list of parts."""
        if self._journal is not None:
            with contextlib.suppress(OSError):
                self._journal.close()


@contextlib.contextmanager
def opened(path: str, description: Mapping[str, Any]) -> Iterator[Unfinished]:
    """Open the unfinished folder of a result, which no other process may have open.

    Parameters
    ----------
    path : str
        The name of the result.
    description : mapping
        What makes the result: the input, the filter and its options. It has the key `TITLE`.

    Raises
    ------
    FileError
        If the folder cannot be written, or if another process has it open.
    """
    target = check_target(path)
    work = Unfinished(path, target, description)
    try:
        os.makedirs(work.folder, exist_ok=True)
        with open(os.path.join(work.folder, _LOCK), "w") as lock:
            if not _locked(lock):
                raise FileError(f"{path}: another command is writing it; wait until it has ended")
            try:
                yield work
            finally:
                work.close()
                if not os.path.exists(os.path.join(work.folder, _COMMAND)):
                    partial.remove(work.folder)  # nothing has begun
    except FileError:
        raise
    except OSError as error:
        raise FileError(f"{path}: cannot be written: {error.strerror or error}") from error


def _locked(file: IO[str]) -> bool:
    """Lock a file until it is closed. Return whether that was possible."""
    try:
        fcntl = importlib.import_module("fcntl")
    except ImportError:  # on Windows
        return True
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a file system without locks
        return True
    return True
