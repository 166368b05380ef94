"""A hook that runs when a module, or one of a package, has been imported for the first time."""

import importlib.abc
import sys
import threading
from collections.abc import Callable, Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

_Run = Callable[[str], None]


class _Finder(importlib.abc.MetaPathFinder):
    """Finds awaited modules by the other finders, and lets their loaders tell when they are done."""

    def __init__(self) -> None:
        self.awaited: dict[str, _Run] = {}
        self.packages: dict[str, _Run] = {}

    def of_package(self, name: str) -> _Run | None:
        """Return what runs for each later module of a package, or None."""
        return self.packages.get(name.partition(".")[0])

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return the spec of an awaited module, or None. To look for a module does not load it."""
        if name not in self.awaited and self.of_package(name) is None:
            return None
        for finder in list(sys.meta_path):
            spec = None if finder is self else finder.find_spec(name, path, target)
            if spec is not None:
                break
        else:
            return None
        if spec.loader is not None:
            spec.loader = _Loader(spec.loader)
        return spec


class _Imports(threading.local):
    """The imports of awaited modules that a thread is in, and what is to run after the outermost of them."""

    depth = 0

    def __init__(self) -> None:
        self.finished: list[tuple[str, _Run]] = []


_imports = _Imports()


class _Loader(importlib.abc.Loader):
    """Loads a module by its own loader. Then a function runs, when no other awaited module is half loaded."""

    def __init__(self, loader: importlib.abc.Loader) -> None:
        self._loader = loader

    def __getattr__(self, name: str) -> Any:
        """Return what else the module's own loader has, such as `get_code` and `get_data`."""
        if name == "_loader":  # a copy that is not initialized yet
            raise AttributeError(name)
        return getattr(self._loader, name)

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        """Create the module."""
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        """Execute the module. It keeps no trace of this loader."""
        name = module.__name__
        if module.__spec__ is not None:
            module.__spec__.loader = self._loader
        module.__loader__ = self._loader
        run = _finder.awaited.pop(name, None)  # a module that imports itself again is awaited once
        also = _finder.of_package(name)
        _imports.depth += 1
        try:
            self._loader.exec_module(module)
        except BaseException:
            if run is not None:
                _finder.awaited.setdefault(name, run)
            raise
        finally:
            _imports.depth -= 1
        _imports.finished += [(name, each) for each in (run, also) if each is not None]
        while not _imports.depth and _imports.finished:
            done, run = _imports.finished.pop(0)
            run(done)


_finder = _Finder()


def when_imported(name: str, run: _Run) -> None:
    """Run a function with the name of a module when it has been imported, or now if it has been."""
    _finder.awaited[name] = run
    if _finder not in sys.meta_path:
        sys.meta_path.insert(0, _finder)
    if name in sys.modules and _finder.awaited.pop(name, None) is not None:
        run(name)


def for_each_of(package: str, run: _Run | None) -> None:
    """Run a function with the name of each module of a package that is imported later. None: no longer."""
    if run is None:
        _finder.packages.pop(package, None)
        return
    _finder.packages[package] = run
    if _finder not in sys.meta_path:
        sys.meta_path.insert(0, _finder)


def forget(name: str) -> None:
    """Await a module no longer."""
    _finder.awaited.pop(name, None)
