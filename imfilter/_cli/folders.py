"""Many files: which pictures are read, and the name of each result."""

from __future__ import annotations

import fnmatch
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from .._files.formats import FORMATS, SUFFIXES, split
from .._files.signatures import is_image
from .streams import STANDARD
from .table import TABLES

_WRITTEN = tuple(suffix for known in FORMATS for suffix in known.suffixes)
_IMAGE = ".zarr"  # the ending of a folder that is one image


class Job(NamedTuple):
    """A file to read and the file to write."""

    source: str
    target: str


class Plan(NamedTuple):
    """What is done: jobs in the order of their names, and lines about folders: errors and warnings."""

    jobs: list[Job]
    lines: list[tuple[str, str]]
    skipped: int


class _Found(NamedTuple):
    source: str
    below: str  # the path below OUT, with the name of the source
    listed: bool  # whether the command names it


def several(sources: Sequence[str], destination: str) -> bool:
    """Return whether OUT is a folder of results, or raise an error if it should be one and is not."""
    if is_folder(destination) or (destination.endswith(_SEPARATORS) and split(destination)[1] != _IMAGE):
        return True
    if len(sources) == 1 and not is_folder(sources[0]):
        return False
    if len(sources) > 1:
        raise ValueError(
            f"got unexpected extra argument ({destination}); for several files, OUT must be a folder that "
            "exists, or end with /"
        )
    if split(destination)[1] in (*_WRITTEN, *TABLES) or os.path.exists(destination):
        raise ValueError(f"{sources[0]}: is a folder, so OUT must be a folder, too, got {destination}")
    return True


_SEPARATORS = ("/", os.sep)


def is_folder(path: str) -> bool:
    """Return whether a path is a folder of files. A folder that is one image is like a file: zarr, DICOM."""
    if not os.path.isdir(path) or split(path)[1] == _IMAGE:
        return False
    try:
        return not is_image(path)
    except OSError:  # it cannot be read: the caller says so
        return True


def is_result(path: str) -> bool:
    """Return whether a result exists: a file, or a folder of an image. A device or another folder is none."""
    return path != STANDARD and (os.path.isfile(path) or is_image(path))


def plan(sources: Sequence[str], destination: str, options: Mapping[str, Any]) -> Plan:
    """Find the pictures and name the results.

    Parameters
    ----------
    sources : sequence of str
        Files and folders.
    destination : str
        The folder of the results. The files of a folder keep their paths below it.
    options : mapping
        The options ``recursive``, ``glob``, ``suffix``, ``format`` and ``skip_existing``.

    Raises
    ------
    ValueError
        If a picture would be replaced by its own result, or if two results have one name.
    FileError
        If the folders have no pictures.
    """
    lines: list[tuple[str, str]] = []
    found: list[_Found] = []
    for source in sources:
        if source == STANDARD:
            raise ValueError("IN is -, so it must be the only one, and OUT must be a file or -")
        if is_folder(source):
            _check_apart(source, destination, options)
            found += _walk(source, os.path.realpath(destination), options, lines)
        else:
            found.append(_Found(source, os.path.basename(os.path.normpath(source)), True))
    jobs = _named(found, destination, options)
    if not jobs and not any(kind == "error" for kind, _ in lines):
        what = SUFFIXES if options["glob"] is None else f"no file matches --glob {options['glob']!r}"
        lines.append(("error", f"{', '.join(sources)}: has no pictures ({what})"))
    left = [job for job in jobs if not (options["skip_existing"] and is_result(job.target))]
    return Plan(left, lines, len(jobs) - len(left))


def _check_apart(source: str, destination: str, options: Mapping[str, Any]) -> None:
    if options["suffix"] or os.path.realpath(source) != os.path.realpath(destination):
        return
    raise ValueError(
        f"{destination}: OUT is IN, so pictures would be replaced; give another folder, or --suffix"
    )


def _walk(root: str, out: str, options: Mapping[str, Any], lines: list[tuple[str, str]]) -> Iterator[_Found]:
    """Yield the pictures of a folder in the order of their paths. Results in it are no pictures."""
    real = os.path.realpath(root)
    inside = out if out != real else None
    waiting: list[tuple[str, str, tuple[str, ...]]] = [(root, "", (real,))]
    while waiting:
        folder, below, above = waiting.pop()
        try:
            with os.scandir(folder) as listing:
                entries = sorted(listing, key=lambda entry: entry.name)
        except OSError as error:
            lines.append(("error", f"{folder}: cannot be read: {error.strerror or error}"))
            continue
        deeper = []
        for entry in entries:
            path = os.path.join(below, entry.name)
            if entry.name.startswith("."):
                continue
            if not is_folder(entry.path):
                if _matches(path, options["glob"]) or (options["glob"] is None and os.path.isdir(entry.path)):
                    yield _Found(entry.path, path, False)
                continue
            place = os.path.realpath(entry.path)
            if not options["recursive"] or place == inside:
                continue
            if place in above:
                lines.append(("warning", f"{entry.path}: is a link to a folder above it; not followed"))
                continue
            deeper.append((entry.path, path, (*above, place)))
        waiting += reversed(deeper)


def _matches(path: str, pattern: str | None) -> bool:
    if pattern is None:
        return split(path)[1] in _WRITTEN
    return fnmatch.fnmatch(path if "/" in pattern else os.path.basename(path), pattern)


def _named(found: Sequence[_Found], destination: str, options: Mapping[str, Any]) -> list[Job]:
    """Name the results, and leave out files that are results of other files."""
    places = [os.path.realpath(item.source) for item in found]
    known = set(places)
    owners: dict[str, str] = {}
    for item, place in zip(found, places, strict=True):
        named = _target(item.below, destination, options)
        target = _key(named)
        if target == place or (_folded(target) == _folded(place) and _is_same_file(item.source, named)):
            raise ValueError(
                f"{item.source}: would be replaced by its result; give another folder, --suffix or --format"
            )
        if target in known:
            owners[target] = item.source
    jobs: list[Job] = []
    taken: dict[str, str] = {}
    alike: dict[str, str] = {}  # the targets by their names in small letters
    for item, place in zip(found, places, strict=True):
        if place in owners:
            if item.listed:
                raise ValueError(f"{item.source}: would be replaced by the result of {owners[place]}")
            continue
        target = _target(item.below, destination, options)
        key = _key(target)
        other = alike.setdefault(_folded(key), key)
        if other != key and are_one_name(other, key):
            key = other
        if key in taken:
            raise ValueError(
                f"{target}: would be the result of both {taken[key]} and {item.source}; "
                f"give one of them only{', or leave out --format' if options['format'] else ''}"
            )
        taken[key] = item.source
        jobs.append(Job(item.source, target))
    return jobs


def _key(path: str) -> str:
    return os.path.normcase(os.path.realpath(path))


def _folded(path: str) -> str:
    """Return a name that two names share which some file systems take for one: case, and accents."""
    if path.isascii():
        return path.lower()
    import unicodedata  # most names do not need it

    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", path).casefold())


def _is_same_file(first: str, second: str) -> bool:
    return os.path.exists(second) and os.path.samefile(first, second)


def are_one_name(first: str, second: str) -> bool:
    """Return whether the file system takes two paths for one, by files of their names in a hidden folder."""
    parent = os.path.commonpath([first, second])
    while not os.path.isdir(parent):
        parent = os.path.dirname(parent)
    try:
        with tempfile.TemporaryDirectory(prefix=".imfilter-", dir=parent) as folder:
            made, asked = (os.path.join(folder, os.path.relpath(path, parent)) for path in (first, second))
            os.makedirs(os.path.dirname(made), exist_ok=True)
            with open(made, "xb"):
                return os.path.exists(asked)
    except OSError:  # nothing can be written there, which is told later
        return False


def _target(below: str, destination: str, options: Mapping[str, Any]) -> str:
    stem, suffix = split(below)
    suffix = below[len(stem) :] if suffix else ""
    if options["format"] is not None:
        suffix = f".{options['format']}"
    return os.path.join(destination, f"{stem}{options['suffix'] or ''}{suffix}")
