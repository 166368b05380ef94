"""Compiling ahead, a step at a time: each family of filters has a `warmup` that names its usual kernels."""

import contextlib
import functools
import importlib
import importlib.util
import pkgutil
from collections.abc import Callable, Iterator
from pathlib import Path

from imfilter._simd import jit

#: Found by name, for nothing here knows a filter.
_FAMILIES = Path(__file__).resolve().parent.parent / "_filters"


def _combinations() -> Iterator[jit.Combination]:
    """Yield what the families need for images of 8 and 16 bits and of floats, grey or in three colours."""
    for family in pkgutil.iter_modules([str(_FAMILIES)]):
        name = f"imfilter._filters.{family.name}.warmup"
        if importlib.util.find_spec(name) is not None:
            yield from importlib.import_module(name).combinations()


def steps() -> list[tuple[str, Callable[[], object]]]:
    """Return what there is to compile: a label, and a function that compiles or loads a kernel."""
    return [
        (f"{kernel.name}({', '.join(map(str, kinds))})", functools.partial(kernel.address, *kinds))
        for kernel, kinds in dict.fromkeys(_combinations())
    ]


@contextlib.contextmanager
def compilations() -> Iterator[list[str]]:
    """Collect the names of the kernels that are compiled meanwhile; those that are loaded do not count."""
    from numba.core import event

    names: list[str] = []
    with event.install_recorder("numba:compile") as recorder:
        yield names
    names += [
        e.data["dispatcher"].py_func.__name__ for _, e in recorder.buffer if e.is_start and jit.is_ours(e)
    ]


def places() -> tuple[Path, ...]:
    """Return the folders in which compiled kernels are looked for and kept, best first."""
    return jit.folders()


def flaw() -> str | None:
    """Return why no folder for compiled kernels is used, if others could write to all of them."""
    flaws = [jit.flaw(folder.resolve()) for folder in places()]
    return flaws[-1] if all(flaws) else None


def kept() -> set[Path]:
    """Return the files of compiled kernels that there are."""
    found: set[Path] = set()
    for folder in places():
        with contextlib.suppress(OSError):
            found.update(folder.glob("*.nbc"))
    return found
