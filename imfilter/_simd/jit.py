"""Kernels: functions that are compiled for element types, loaded from disk or compiled when first used.

Numba is imported when something must be compiled: see `compiler`, and `deferred` for the modules of kernels.
"""

import contextlib
import contextvars
import functools
import hashlib
import importlib
import inspect
import pickle
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any, Self

import numpy as np

from imfilter._simd import code_files, machine_code
from imfilter._simd.locks import Lock


def _nothing(what: Any) -> None:
    """Do nothing."""


#: What `deferred` does: execute a module that was deferred, and keep the names of a folder of kernels.
execute: Callable[[ModuleType], None] = _nothing
keep: Callable[[Path], None] = _nothing
#: All kernels by module and qualified name. So a module that is executed later makes no second ones.
_named: dict[tuple[str, str], "Kernel"] = {}
_naming = Lock()
#: Whether a kernel that is not kept on disk raises `NotKept` in place of being compiled.
only_kept: contextvars.ContextVar[bool] = contextvars.ContextVar("only_kept", default=False)


class NotKept(Exception):
    """A kernel must be compiled."""


class Kernel:
    """A function that is compiled for each requested combination of element types, without the GIL.

    Its first parameters are element types, or numbers that are constants for the compiler: one for each
    name in `elements`. The other parameters are integers, or floats if annotated so. It returns nothing.
    Kernels call each other by address, so each is compiled separately: a new element type needs only a
    new `fetch`, not a new engine.
    """

    module: str
    qualified: str
    name: str
    _folder: Path
    _made: Any  # Numba's dispatcher, after the module was executed
    _scalars: str  # "i" or "d" for each integer and float
    _compiled: dict[tuple[np.dtype | int, ...], tuple[int, Any]]
    _lock: Lock

    def __new__(cls, function: Callable[..., Any], *more: Any, **options: Any) -> Self:
        """Return the kernel that was named before its module was executed, or a new one."""
        with _naming.current:
            known = _named.get((function.__module__, function.__qualname__))
            if isinstance(known, cls) and known._made is None:
                return known
            folder = machine_code.folder_of(function)
            return cls._new(function.__module__, function.__qualname__, function.__name__, folder)

    def __init__(self, function: Callable[..., Any], elements: tuple[str, ...], **options: Any) -> None:
        from imfilter._simd import compiler

        parameters = list(inspect.signature(function).parameters.values())[len(elements) :]
        self._scalars = "".join("d" if p.annotation is float else "i" for p in parameters)
        self._made = compiler.of_kernel(function, **options)

    @classmethod
    def named(cls, module: str, qualified: str, name: str, folder: Path) -> "Kernel":
        """Return the kernel of a module that is not executed yet."""
        with _naming.current:
            known = _named.get((module, qualified))
            return cls._new(module, qualified, name, folder) if known is None else known

    @classmethod
    def _new(cls, module: str, qualified: str, name: str, folder: Path) -> Self:
        self = super().__new__(cls)
        self.module, self.qualified, self.name, self._folder = module, qualified, name, folder
        self._made = None
        self._scalars = ""
        self._compiled = {}
        self._lock = Lock()
        _named[module, qualified] = self
        return self

    @property
    def _compiler(self) -> Any:
        """Numba's dispatcher. It exists after the module was executed."""
        if self.module in sys.modules or self._made is None:  # not a kernel of a module without a name
            execute(importlib.import_module(self.module))  # waits for a thread that executes it
        return self._made

    def _file(self, dtypes: tuple[np.dtype | int, ...]) -> str:
        name = f"{self.module.rpartition('.')[2]}.{self.qualified}"
        kinds = [d if isinstance(d, int) else np.dtype(d).descr for d in dtypes]
        key = repr((machine_code.salt(self._folder), name, kinds, machine_code.target())).encode()
        return f"{name}-{hashlib.sha256(key).hexdigest()[:32]}.nbc"

    def _code(self, dtypes: tuple[np.dtype | int, ...]) -> tuple[int, Any]:
        """Return the address of the code for these element types, and the function that Python calls."""
        try:
            return self._compiled[dtypes]
        except KeyError:
            pass
        with self._lock.current:
            if dtypes not in self._compiled:
                file = self._file(dtypes)
                found = self._kept(file)
                if found is None and only_kept.get():
                    raise NotKept(file)
                self._compiled[dtypes] = self._compile(dtypes, file) if found is None else found
        return self._compiled[dtypes]

    def _kept(self, file: str) -> tuple[int, Any] | None:
        """Load the code of a file, or return None."""
        data = code_files.load(file)
        with contextlib.suppress(OSError, ValueError):
            if data is not None and not machine_code.missing(code := machine_code.Code(*pickle.loads(data))):
                return machine_code.load(code)
        return None

    def _compile(self, dtypes: tuple[np.dtype | int, ...], file: str) -> tuple[int, Any]:
        from imfilter._simd import compiler

        address, code = compiler.compiled(self._compiler, dtypes, self._scalars, isinstance(self, Driver))
        unchanged = not machine_code.changed(self._folder)
        if code is not None and unchanged and code_files.save(file, pickle.dumps(tuple(code))):
            with contextlib.suppress(Exception):  # the code is there, whether its name is kept or not
                keep(self._folder)
        if not isinstance(self, Driver):
            return address, None
        return address, machine_code.function(machine_code.caller(self._scalars), address, self.name)

    def address(self, *dtypes: np.dtype | int) -> int:
        """Return the address of the code for these element types. The address never changes."""
        return self._code(dtypes)[0]


class Driver(Kernel):
    """A kernel that Python calls with integers. It has no element types."""

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__(function, ())

    def entry(self) -> Callable[..., object]:
        """Return the function to call."""
        entry: Callable[..., object] = self._code(())[1]
        return entry


#: A kernel and the types and numbers for which it is compiled.
Combination = tuple[Kernel, tuple[np.dtype | int, ...]]


def kernel(
    *elements: str, contract: bool = True, straight: bool = False
) -> Callable[[Callable[..., Any]], Kernel]:
    """Make a function a `Kernel` whose first parameters are the named element types.

    Without `contract`, each of its own operations is rounded by itself. Those of parts that it calls are not.
    `straight`: the function is a call of one intrinsic, and of no part. It compiles faster.
    """
    options: dict[str, bool] = {} if contract else {"fastmath": False}
    if straight:
        options["straight"] = True
    return lambda function: Kernel(function, elements, **options)


def part(function: Callable[..., Any], **options: bool) -> Any:
    """Compile a part of a kernel. Only compiled code calls it, and the cache stores it within its callers."""
    from imfilter._simd import compiler

    return compiler.of_part(function, **options)


#: A part that is always inlined, whatever its size: otherwise its vectors are passed in memory.
inlined = functools.partial(part, forceinline=True)
#: An inlined part on which LLVM's passes on modules run within its callers only. Otherwise they run on the
#: code of parts that call parts at each level anew. Some loops are then slower: reconstruction of bytes by 1
#: to 2 % with three more nested parts, diffusion by 5 % with all. So measure, or use `inlined`.
nested = functools.partial(inlined, nested=True)
