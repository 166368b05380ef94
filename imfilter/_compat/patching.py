"""Replacement of the functions of other libraries, in their modules and where they were imported by name."""

import functools
import importlib
import importlib.util
import sys
import threading
from collections.abc import Callable, Iterable
from types import ModuleType
from typing import Any

import numpy as np

from imfilter._compat import importing, record, serving

#: The modules whose functions can be replaced, and ours with the same names.
LIBRARIES = {
    "scipy.ndimage": "imfilter.compat.ndimage",
    "cv2": "imfilter.compat.cv2",
    "skimage.filters": "imfilter.compat.skimage.filters",
    "skimage.morphology": "imfilter.compat.skimage.morphology",
    "skimage.feature": "imfilter.compat.skimage.feature",
    "skimage.restoration": "imfilter.compat.skimage.restoration",
    "skimage.color": "imfilter.compat.skimage.color",
    "skimage.transform": "imfilter.compat.skimage.transform",
    "skimage.exposure": "imfilter.compat.skimage.exposure",
}

#: The package whose modules import functions from each other, not from the modules that are patched.
_PACKAGE = "skimage"

#: Functions that `patch` leaves alone: the original is faster. Measured for 4K images on one thread.
FASTER_THERE = {"cv2": frozenset({"pyrDown", "pyrUp", "resize", "threshold"})}

_Function = Callable[..., Any]
_lock = threading.RLock()
#: The patches of each library, the oldest first, and the fewest samples that each asks for.
_patches: dict[str, dict[object, int]] = {}
#: The fewest samples of an image that is filtered here, for each library: those of its last patch.
_smallest: dict[str, int] = {}
#: The replacements of each patched library that is loaded: the original by its replacement.
_originals: dict[str, dict[_Function, _Function]] = {}


def installed(libraries: Iterable[str]) -> list[str]:
    """Return the names of the libraries. Without names, return those that are installed."""
    asked = list(libraries)
    unknown = [name for name in asked if name not in LIBRARIES]
    if unknown:
        accepted = ", ".join(map(repr, LIBRARIES))
        raise ValueError(f"libraries must be among {accepted}, got {unknown[0]!r}")
    missing = [name for name in asked if not _exists(name)]
    if missing:
        root = missing[0].partition(".")[0]
        raise ModuleNotFoundError(f"{missing[0]} cannot be patched: {root} is not installed")
    return asked or [name for name in LIBRARIES if _exists(name)]


def _exists(library: str) -> bool:
    return importlib.util.find_spec(library.partition(".")[0]) is not None


def install(libraries: Iterable[str], smallest: int) -> object:
    """Replace the functions of libraries, now or when they are imported for the first time.

    Those that are patched already get one more patch. Return what names the patch.
    """
    serving.read_environment()
    patch = object()
    for name in libraries:
        with _lock:
            new = name not in _patches
            _patches.setdefault(name, {})[patch] = smallest
            _smallest[name] = smallest
        if new:
            if name.startswith(f"{_PACKAGE}."):
                importing.for_each_of(_PACKAGE, _replace_in)
            importing.when_imported(name, _replace)
            if name not in sys.modules:  # our module may be imported first, and imports the library
                importing.when_imported(LIBRARIES[name], _replace)
    return patch


def _replace(module: str) -> None:
    """Replace the functions of a library that has been imported, or ours of the same names."""
    library = next(name for name, ours in LIBRARIES.items() if module in (name, ours))
    ours, theirs = importlib.import_module(LIBRARIES[library]), importlib.import_module(library)
    with _lock:  # nothing is imported under the lock: another thread may import and wait for it
        if library in _patches and library not in _originals:
            _originals[library] = _replacements(library, ours, theirs)
            keep = _definers() | {name for name in sys.modules if _keeps_originals(name)}
            _exchange({old: new for new, old in _originals[library].items()}, keep)


def _replace_in(name: str) -> None:
    """Replace the functions that a module has imported from the modules that define them."""
    with _lock:
        module = sys.modules.get(name)
        if isinstance(module, ModuleType) and not _keeps_originals(name) and name not in _definers():
            for made in _originals.values():
                _exchange_in(module, {id(old): (old, new) for new, old in made.items()})


def remove(libraries: Iterable[str], patch: object = None) -> None:
    """Take back a patch of each library, or all without one. The originals return with the last."""
    serving.read_environment()
    with _lock:
        for name in libraries:
            left = _patches.get(name)
            if left is None:
                continue
            left.pop(patch, None)
            if patch is None:
                left.clear()
            if left:
                _smallest[name] = list(left.values())[-1]
                continue
            del _patches[name]
            importing.forget(name)
            importing.forget(LIBRARIES[name])
            _exchange(_originals.pop(name, {}), set())
        if not any(name.startswith(f"{_PACKAGE}.") for name in _patches):
            importing.for_each_of(_PACKAGE, None)


def patched() -> list[str]:
    """Return the libraries that are patched."""
    return sorted(_patches)


def _replacements(library: str, ours: ModuleType, theirs: ModuleType) -> dict[_Function, _Function]:
    made = {}
    for name in sorted(set(ours.__all__) - FASTER_THERE.get(library, frozenset())):
        function = getattr(ours, name)
        setattr(theirs, name, getattr(theirs, name))  # where a function is looked up at its first use
        made[_replacement(function, getattr(theirs, name), library)] = function.original
    return made


def _replacement(function: _Function, original: _Function, library: str) -> _Function:
    """Return a function in place of the original, which still computes small arrays."""
    entry, fewest = record.entry(f"{library}.{original.__name__}"), _smallest
    stays = getattr(function, "stays", False)  # then its own reason is the right one

    @functools.wraps(original)
    def replaced(*args: Any, **options: Any) -> Any:
        smallest = fewest[library]
        if smallest and not stays and args and np.size(args[0]) < smallest:
            entry.left(record.SMALL)
            return original(*args, **options)
        return function(*args, **options)

    # A pickle names a function by its module, where the replacement is the one that is found.
    replaced.__module__ = library
    return serving.unseen(replaced)


def _definers() -> set[str]:
    """Return the names of the modules that define originals."""
    return {old.__module__ for made in _originals.values() for old in made.values()} - set(LIBRARIES)


def _exchange(new: dict[_Function, _Function], keep: set[str]) -> None:
    """Replace functions in all modules that have them, except in those that `keep` theirs."""
    known = {id(old): (old, function) for old, function in new.items()}
    for name, module in list(sys.modules.items()):
        if isinstance(module, ModuleType) and name not in keep:
            _exchange_in(module, known)


def _exchange_in(module: ModuleType, known: dict[int, tuple[_Function, _Function]]) -> None:
    for attribute, value in list(vars(module).items()):
        found = known.get(id(value))
        if found is not None and found[0] is value:
            setattr(module, attribute, found[1])


def _keeps_originals(name: str) -> bool:
    """Tell whether a module is ours, or a private one of a patched library."""
    if name.partition(".")[0] == "imfilter":
        return True
    return any(name.startswith(f"{library}._") for library in LIBRARIES)
