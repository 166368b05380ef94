"""Modules of kernels, which are executed when something must be compiled.

The source of a kernel needs Numba from its first line on. Kernels that were compiled before need only their
names, the constants beside them and their machine code. So the names of all modules of a folder are kept on
disk. The name of that file contains a digest of the sources. If the file exists, an import of such a module
gives only these names. Any other name of the module, and the compilation of a kernel, executes the source in
the same module. Nothing is deferred without the file. Nothing is deferred once Numba is loaded: some modules
are imported because they register types and functions with it.
"""

import hashlib
import importlib
import importlib.machinery
import io
import pickle
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from imfilter._simd import code_files, jit, machine_code
from imfilter._simd.jit import Driver, Kernel
from imfilter._simd.locks import Lock

_SIMD = Path(__file__).resolve().parent
_FILTERS = _SIMD.parent / "_filters"
#: Modules of this folder that need no Numba, or that only compilation imports.
_NEVER = {
    *("__init__", "code_files", "compiler", "deferred", "jit", "locks", "machine_code", "pipeline"),
    "registers",
    "lane_functions",  # it changes what Numba makes of Python's functions, so only its user imports it
}
_PLAIN = (int, float, bool, str, bytes, type(None), np.dtype)


def _folder(module: str) -> Path | None:
    """Return the folder of a module of kernels or vectors, or None for any other module."""
    match module.split("."):
        case ["imfilter", "_simd", name] if name not in _NEVER:
            return _SIMD
        case ["imfilter", "_filters", family, "kernels", _]:
            return _FILTERS / family / "kernels"
    return None


def _file(folder: Path) -> str:
    key = repr((machine_code.salt(folder), machine_code.target())).encode()
    return f"names.{folder.parent.name}-{hashlib.sha256(key).hexdigest()[:32]}.nbc"


class _Pickler(pickle.Pickler):
    def persistent_id(self, value: Any) -> Any:
        if isinstance(value, Kernel):
            return type(value) is Driver, value.module, value.qualified, value.name
        return None


class _Unpickler(pickle.Unpickler):
    def __init__(self, data: bytes, folder: Path) -> None:
        super().__init__(io.BytesIO(data))
        self._folder = folder

    def persistent_load(self, key: Any) -> Kernel:
        driver, module, qualified, name = key
        folder = _folder(module)
        return (Driver if driver else Kernel).named(module, qualified, name, folder or self._folder)


def _is_plain(value: Any) -> bool:
    """Tell whether a value is a constant or a kernel that can be named without its module."""
    if isinstance(value, Kernel):
        return _folder(value.module) is not None
    if type(value) is tuple:
        return all(map(_is_plain, value))
    if type(value) is dict:
        return all(map(_is_plain, (*value, *value.values())))
    return type(value) in _PLAIN or isinstance(value, np.dtype)


_kept: set[Path] = set()


def keep(folder: Path) -> None:
    """Keep the names of a folder of kernels on disk, and of all others of which a module was executed."""
    loaded = {_folder(name) for name in list(sys.modules)} - {None}
    for place in sorted(p for p in (*loaded, folder) if p == _SIMD or (p and p.parent.parent == _FILTERS)):
        if place not in _kept:
            if not _names(place):
                _write(place)
            _kept.add(place)


def _write(folder: Path) -> None:
    """Execute all modules of a folder, and write what they name."""
    package = "imfilter._simd" if folder == _SIMD else f"imfilter._filters.{folder.parent.name}.kernels"
    names = {}
    for path in sorted(folder.glob("*.py")):
        module = f"{package}.{path.stem}"
        if _folder(module) is not None and path.stem != "__init__":
            found = importlib.import_module(module)
            execute(found)
            names[module] = {n: v for n, v in vars(found).items() if n[:2] != "__" and _is_plain(v)}
    data = io.BytesIO()
    _Pickler(data).dump(names)
    code_files.save(_file(folder), data.getvalue())


_found: dict[Path, dict[str, dict[str, Any]]] = {}
_finding = Lock()


def _names(folder: Path) -> dict[str, dict[str, Any]]:
    """Return the kept names of the modules of a folder."""
    with _finding.current:
        if folder not in _found:
            data = code_files.load(_file(folder))
            _found[folder] = {} if data is None else _Unpickler(data, folder).load()
        return _found[folder]


class _Deferred(ModuleType):
    """A module of which only the kept names are known. Any other name executes its source."""

    def __getattr__(self, name: str) -> Any:
        if name[:2] != "__":
            execute(self)
        try:
            return vars(self)[name]
        except KeyError:
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}") from None


def execute(module: ModuleType) -> None:
    """Execute the source of a module if that was deferred. Other threads wait for it."""
    if isinstance(module, _Deferred):
        loader: Any = vars(module)["__spec__"].loader
        # One lock for each module: threads wait in the order of imports, as for the locks of imports.
        with loader.lock.current:
            if isinstance(module, _Deferred) and not loader.running:
                folder = _folder(module.__name__)
                if folder is not None and machine_code.changed(folder):
                    raise RuntimeError(
                        "the sources of imfilter have changed since this process began: start it again"
                    )
                loader.running = True
                try:
                    loader.loader.exec_module(module)
                    module.__class__ = ModuleType  # type: ignore[assignment]
                finally:
                    loader.running = False


class _Loader:
    """The loader of a deferred module."""

    def __init__(self, loader: Any, names: dict[str, Any]) -> None:
        self.loader, self._names = loader, names
        self.lock, self.running = Lock(), False

    def __getattr__(self, name: str) -> Any:  # of a source: `get_source` for tracebacks
        return getattr(self.loader, name)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType:
        return _Deferred(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        vars(module).update(self._names)


class _Finder:
    """Finds the modules whose names are kept."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        folder = None if "numba" in sys.modules else _folder(fullname)
        names = None if folder is None else _names(folder).get(fullname)
        spec = None if names is None else importlib.machinery.PathFinder.find_spec(fullname, path, target)
        if spec is not None and names is not None:
            spec.loader = _Loader(spec.loader, names)  # type: ignore[assignment]
        return spec


def install() -> None:
    """Defer the modules of kernels from now on."""
    jit.execute, jit.keep = execute, keep
    if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Finder())
