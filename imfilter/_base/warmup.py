"""Compilation ahead of time, step by step. The `warmup` module of each family lists its usual kernels."""

import contextlib
import functools
import importlib
import importlib.util
import pkgutil
from collections.abc import Callable, Iterator
from pathlib import Path

from imfilter._simd import code_files, jit

#: The families are found by name, because this module knows no filter.
_FAMILIES = Path(__file__).resolve().parent.parent / "_filters"


def _combinations() -> Iterator[jit.Combination]:
    """Yield the kernels of all families for 8-bit, 16-bit and float images, grey or with three colours."""
    for family in pkgutil.iter_modules([str(_FAMILIES)]):
        name = f"imfilter._filters.{family.name}.warmup"
        if importlib.util.find_spec(name) is not None:
            yield from importlib.import_module(name).combinations()


def steps() -> list[tuple[str, Callable[[], object]]]:
    """Return the steps of compilation: a label, and a function that compiles or loads a kernel."""
    return [
        (f"{kernel.name}({', '.join(map(str, kinds))})", functools.partial(kernel.address, *kinds))
        for kernel, kinds in dict.fromkeys(_combinations())
    ]


@contextlib.contextmanager
def compilations() -> Iterator[list[str]]:
    """Collect the names of the kernels compiled inside the ``with`` block. Loaded kernels do not count."""
    from numba.core import event

    from imfilter._simd.compiler import is_ours

    names: list[str] = []
    with event.install_recorder("numba:compile") as recorder:
        yield names
    names += [e.data["dispatcher"].py_func.__name__ for _, e in recorder.buffer if e.is_start and is_ours(e)]


def places() -> tuple[Path, ...]:
    """Return the folders for compiled kernels, in the order in which they are searched."""
    return code_files.folders()


def flaw() -> str | None:
    """Return the reason why no folder is used if other users can write to all of them, else None."""
    flaws = [code_files.flaw(folder.resolve()) for folder in places()]
    return flaws[-1] if all(flaws) else None


def kept() -> set[Path]:
    """Return the existing files of compiled kernels."""
    found: set[Path] = set()
    for folder in places():
        with contextlib.suppress(OSError):
            found.update(folder.glob("*.nbc"))
    return found
