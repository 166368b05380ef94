"""All that is done with Numba: compiler options, caches on disk, and the notice of long compilation.

`jit` imports it when something must be compiled. To run compiled kernels, neither it nor Numba is imported.
"""

import contextlib
import functools
import hashlib
import os
import pickle
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import llvmlite.binding
import numba
import numpy as np
from numba.core import event, types
from numba.core.bytecode import FunctionIdentity
from numba.core.caching import _Cache
from numba.core.compiler import CompileResult
from numba.core.runtime import rtsys
from numba.core.serialize import dumps

from imfilter._simd import code_files, machine_code
from imfilter._simd.machine_code import Code, folder_of, salt, target
from imfilter._simd.pipeline import (
    KernelCompiler,
    NestedCompiler,
    PartCompiler,
    StraightCompiler,
    UserLoopCompiler,
)

#: The numbers that Numba puts into the names of functions and of their environments. Numba counts from 1 in
#: each process. So two functions of one name that two processes compiled had one name in machine code too,
#: and where both were loaded from files, LLVM took the code of the first for both. These numbers are never
#: the same: not in a new process, and not in a copy of this one.
FunctionIdentity._unique_ids = iter(lambda: int.from_bytes(os.urandom(8), "little"), -1)

_PATIENCE = 1.0  # seconds of compiling before the notice
_COMPILING = "imfilter: compiling for this filter and type of image; "
NOTICE = _COMPILING + "the next run of the same starts at once\n"
NOTICE_UNKEPT = (
    _COMPILING + "every run does, because no folder for compiled code can be written or has space: "
    "set IMFILTER_CACHE_DIR to a folder that can be written and has 1 MB left\n"
)


class _KernelCache(_Cache):
    """The place of Numba's cache for kernels: `jit` keeps their code, and compiles only what is not kept."""

    @property
    def cache_path(self) -> str:
        return str(code_files.folders()[0])

    def load_overload(self, sig: Any, target_context: Any) -> CompileResult | None:
        return None

    def save_overload(self, sig: Any, cres: CompileResult) -> None:
        """Do nothing."""

    def enable(self) -> None:
        """Do nothing."""

    disable = flush = enable


@dataclass(frozen=True)
class UserKey:
    """The key of a function of a user on disk: everything that its code depends on."""

    digest: str
    current: Callable[[], str | None]  # the digest of the function as it is now

    def file(self, loop: Callable[..., Any], *more: Any) -> str:
        """Return the name of a file for a loop that calls the function."""
        key = repr((salt(folder_of(loop)), self.digest, loop.__qualname__, *more)).encode()
        return f"{code_files.USER}{hashlib.sha256(key).hexdigest()}.nbc"


class _UserCache(_KernelCache):
    """Compiled loops that call a function of a user. They hold arrays and call functions of Numba.

    One file for each loop, signature, processor and version of the sources. Numba's own cache has one index
    file per function. Two processes that compile different signatures at the same time can leave an index
    that points to the wrong code. Here the file name contains the whole key, so there is no index. If two
    processes write the same file, both write the same content. Failures to write are ignored.
    """

    def __init__(self, loop: Callable[..., Any], key: UserKey) -> None:
        self._loop, self._key = loop, key

    def _file(self, sig: Any) -> str:
        return self._key.file(self._loop, str(sig), target())

    def load_overload(self, sig: Any, target_context: Any) -> CompileResult | None:
        rtsys.initialize(target_context)
        with contextlib.suppress(OSError, ValueError):
            data = code_files.load(self._file(sig))
            if data is None:
                return None
            needed, reduced = pickle.loads(data)
            if not all(map(llvmlite.binding.address_of_symbol, needed)):
                target_context.refresh()  # 0.3 s: registers the functions of all of Numba
            if all(map(llvmlite.binding.address_of_symbol, needed)):
                return CompileResult._rebuild(target_context, *reduced)
        return None

    def save_overload(self, sig: Any, cres: CompileResult) -> None:
        """Keep the code if it needs no address of this process, and the function is still the same.

        The function reads its globals while it is compiled, which is maybe long after the key was made.
        """
        if cres.lifted or cres.library.has_dynamic_globals or self._key.current() != self._key.digest:
            return
        code_files.save(self._file(sig), dumps((_needed(cres), cres._reduce())))


def is_ours(event: Any) -> bool:
    """Tell whether a compilation is of one of these kernels, not of a function of other code."""
    return type(event.data["dispatcher"]._cache) is _KernelCache


class _Patience(event.Listener):
    """Print one notice to stderr if the compilation of kernels takes more than a second."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._depth = 0
        self._began = 0.0
        self._spent = 0.0
        self._told = False
        self._timer: threading.Timer | None = None

    def on_start(self, event: Any) -> None:
        if not is_ours(event):
            return
        with self._lock:
            self._depth += 1
            if self._depth == 1 and not self._told:
                self._began = time.monotonic()
                self._timer = threading.Timer(max(0.0, _PATIENCE - self._spent), self._tell)
                self._timer.daemon = True
                self._timer.start()

    def on_end(self, event: Any) -> None:
        if not is_ours(event):
            return
        with self._lock:
            self._depth = max(0, self._depth - 1)
            if self._depth == 0 and self._timer is not None:
                self._timer.cancel()
                self._timer = None
                self._spent += time.monotonic() - self._began

    def _tell(self) -> None:
        with self._lock:
            if self._told:
                return
            self._told = True
        if sys.stderr is not None:
            sys.stderr.write(NOTICE if code_files.can_keep() else NOTICE_UNKEPT)

    def forget(self) -> None:
        """Reset in a forked child: it compiles nothing yet, and no thread there would release the lock."""
        self._lock, self._depth, self._timer = threading.Lock(), 0, None


@functools.cache
def _listen() -> None:
    patience = _Patience()
    event.register("numba:compile", patience)
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=patience.forget)


#: ``contract`` and ``nsz`` keep NaN and infinity exact. Full fastmath would assume that neither occurs.
_OPTIONS = {"nogil": True, "fastmath": {"contract", "nsz"}, "error_model": "numpy"}


_SCALARS = {"i": types.int64, "d": types.float64}


def _type(argument: np.dtype | int) -> types.Type:
    return (
        types.IntegerLiteral(argument)
        if isinstance(argument, int)
        else types.DType(numba.from_dtype(argument))
    )


def _needed(code: CompileResult) -> tuple[str, ...]:
    """Return the names of what compiled code uses and does not contain."""
    module = code.library._final_module
    return tuple(
        part.name
        for part in (*module.functions, *module.global_variables)
        if part.is_declaration and not part.name.startswith("llvm.")
    )


def calls_python(code: CompileResult) -> bool:
    """Tell whether compiled code calls Python, as `numba.objmode` and `print` do, also in what it calls.

    Python knows no vectors of windows, and must be called for each window.
    """
    return "numba_gil_ensure" in _needed(code)


def of_kernel(function: Callable[..., Any], straight: bool = False, **options: Any) -> Any:
    """Return Numba's dispatcher of a kernel."""
    _listen()
    made = _dispatcher(function, StraightCompiler if straight else KernelCompiler, **options)
    made._cache = _KernelCache()
    return made


def of_part(function: Callable[..., Any], nested: bool = False, **options: Any) -> Any:
    """Return Numba's dispatcher of a function that only compiled code calls."""
    return _dispatcher(function, NestedCompiler if nested else PartCompiler, **options)


def _dispatcher(function: Callable[..., Any], passes: type, **options: Any) -> Any:
    """Return Numba's dispatcher, without wrappers: they compile slower than small functions."""
    options |= {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}
    return numba.njit(**(_OPTIONS | options), pipeline_class=passes)(function)


def compiled(
    compiler: Any, dtypes: tuple[np.dtype | int, ...], scalars: str, called: bool
) -> tuple[int, Code | None]:
    """Compile a kernel for element types. Return its address, and the code to keep if it can be kept.

    `scalars` says which of the other arguments are integers "i" and floats "d". Python calls the code if
    `called`.
    """
    if not hasattr(compiler, "compile"):
        raise RuntimeError(
            "imfilter cannot run with NUMBA_DISABLE_JIT=1, for its filters are compiled: unset it"
        ) from None
    signature = types.void(*map(_type, dtypes), *(_SCALARS[kind] for kind in scalars))
    compiler.compile(signature)
    code = compiler.overloads[signature.args]
    name, library = code.fndesc.llvm_func_name, code.library
    address = library.get_pointer_to_function(name)
    if library.has_dynamic_globals:
        return address, None
    caller = machine_code.caller(scalars) if called else None
    return address, Code(name, bytes(library._get_compiled_object()), _needed(code), caller)


def of_user(function: Any, **options: Any) -> Any:
    """Return Numba's dispatcher of a function that a user wrote. Each operation is rounded by itself.

    No code in C calls such functions, so they get no wrapper for it. Without this one, and without that for
    Python around a function that only a loop calls, four functions took 0.84 instead of 1.07 s to compile.
    """
    return numba.njit(function, error_model="numpy", nogil=True, no_cfunc_wrapper=True, **options)


def loop_of_user(loop: Callable[..., Any], key: UserKey | None) -> Any:
    """Return Numba's dispatcher of a loop with the function of a user. It is kept on disk if it has a key."""
    made = of_user(loop, pipeline_class=UserLoopCompiler)
    if key is not None:
        made._cache = _UserCache(loop, key)
    return made


def known_of(loop: Callable[..., Any], key: UserKey | None) -> bytes | None:
    """Return what `make_known` has kept of a function of a user, or None."""
    return None if key is None else code_files.load(key.file(loop))


def make_known(loop: Callable[..., Any], key: UserKey | None, what: bytes) -> None:
    """Keep a fact of a function of a user on disk, if it is still the same function."""
    if key is not None and key.current() == key.digest:
        code_files.save(key.file(loop), what)
