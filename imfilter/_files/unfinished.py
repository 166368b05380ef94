"""Folders of zarr that are written by many processes, and whose work goes on after it has stopped.

Beside ``OUT`` is the folder ``OUT.part`` until ``OUT`` is complete: the array, what makes it, and which parts
are done.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
from collections.abc import Callable, Iterator, Mapping
from typing import IO, Any

from . import locks, partial, temporary
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
        The folder that gets the name of the result. Each new start has a new name: a worker that still
        computes for an older start cannot write into it.
    done : set of str
        Names of the parts that are done.
    """

    def __init__(self, path: str, target: str, description: Mapping[str, Any]) -> None:
        self.path, self.target, self.description = path, target, dict(description)
        self.folder = f"{target}.part"
        self.data = os.path.join(self.folder, f"{_DATA}-{secrets.token_hex(6)}")
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
        data = os.path.join(self.folder, os.path.basename(str(found.pop(_DATA, "")))) if found else ""
        if found is None or not os.path.isdir(data):
            self.clear(but=(_LOCK,))
            os.mkdir(self.data)
            create()
            known = {**self.description, _DATA: os.path.basename(self.data)}
            with replacing(marker) as file:  # from now on, the folder is whole
                file.write(json.dumps(known, indent=1).encode())
        else:
            self._check(found)
            self.data, self.done = data, self._names()
            self._remove_temporary()
        # No "\r\n": a line that is cut off is found by its bytes.
        path = os.path.join(self.folder, _DONE)
        self._journal = open(path, "a", encoding="utf-8", newline="\n")  # noqa: SIM115  (`close` closes it)

    def _found(self, marker: str) -> dict[str, Any] | None:
        try:
            with open(marker, encoding="utf-8") as file:
                found = json.load(file)
        except FileNotFoundError:
            return None
        except ValueError as error:
            raise FileError(
                f"{self.path}: {self.folder} holds unfinished work that cannot be read; remove the folder"
            ) from error
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
            f"{self.path}: {self.folder} holds unfinished work, and {reason}; run that command again, "
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
        self.clear()

    def check(self) -> None:
        """Raise an error if the folder is not one that this module has made."""
        names = set(os.listdir(self.folder)) if os.path.isdir(self.folder) else set()
        others = {name for name in names if not _is_ours(name)}
        if others or (names and _LOCK not in names):
            raise FileError(
                f"{self.path}: {self.folder} exists and is not unfinished work of imfilter; "
                "rename it, or choose another OUT"
            )

    def clear(self, but: tuple[str, ...] = ()) -> None:
        """Remove what this module has made, except some names, and the folder if it is empty."""
        with contextlib.suppress(OSError):
            names = [name for name in os.listdir(self.folder) if _is_ours(name) and name not in but]
            for name in sorted(names, key=_LOCK.__eq__):  # the lock last
                partial.remove(os.path.join(self.folder, name))
            os.rmdir(self.folder)

    def close(self) -> None:
        """Close the list of parts."""
        if self._journal is not None:
            with contextlib.suppress(OSError):
                self._journal.close()


def _is_ours(name: str) -> bool:
    """Tell whether a name in the folder is one that this module gives."""
    return name in (_COMMAND, _DONE, _LOCK) or name.startswith((f"{_DATA}-", f".{_COMMAND}"))


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
        work.check()
        with _lock(work):
            temporary.clean(os.path.dirname(target))  # what a killed process was replacing
            try:
                yield work
            finally:
                work.close()
                if not os.path.exists(os.path.join(work.folder, _COMMAND)):
                    work.clear()  # nothing has begun, or all is done
        if os.name == "nt" and not os.path.exists(os.path.join(work.folder, _COMMAND)):
            work.clear()  # an open file cannot be removed there
    except FileError:
        raise
    except OSError as error:
        raise FileError(f"{path}: cannot be written: {error.strerror or error}") from error


def _lock(work: Unfinished) -> IO[str]:
    """Return the open lock of a folder, which no other process has."""
    path = os.path.join(work.folder, _LOCK)
    while True:
        os.makedirs(work.folder, exist_ok=True)
        with contextlib.suppress(FileNotFoundError):  # another process has just removed the folder
            file = open(path, "w")  # noqa: SIM115  (the caller closes it)
            if locks.lock(file.fileno()) is False:
                file.close()
                raise FileError(f"{work.path}: another command is writing it; wait until it has ended")
            # Another process may have removed the file before it was locked.
            if locks.is_at(file.fileno(), path):
                return file
            file.close()
