"""The only module that compiles: compiler options, caches on disk, and the notice of long compilation."""

import contextlib
import functools
import hashlib
import inspect
import os
import pickle
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import llvmlite.binding
import numba
import numpy as np
from numba.core import event, types
from numba.core.caching import _Cache
from numba.core.compiler import CompileResult
from numba.core.runtime import _nrt_python, rtsys
from numba.core.serialize import dumps

from imfilter._simd import code_files
from imfilter._simd.code_files import folders
from imfilter._simd.pipeline import KernelCompiler, PartCompiler

_SIMD = Path(__file__).resolve().parent
_PATIENCE = 1.0  # seconds of compiling before the notice
_COMPILING = "imfilter: compiling for this filter and type of image; "
NOTICE = _COMPILING + "the next run of the same starts at once\n"
NOTICE_UNKEPT = (
    _COMPILING + "every run does, for no folder for compiled code can be written: "
    "set IMFILTER_CACHE_DIR to one that can\n"
)


@functools.cache
def _salt(family: Path) -> bytes:
    """Return a digest of everything that the compiled code of a kernel folder depends on.

    That is this folder and `_simd`: no kernel imports kernels of another family. Numba's own cache key
    contains only the file of the decorated function. It would miss an edit of a function that is inlined
    from another file.
    """
    digest = hashlib.sha256(f"{numba.__version__} {sys.version}".encode())
    for path in sorted({*_SIMD.glob("*.py"), *family.glob("*.py")}):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.digest()


def _folder(function: Callable[..., Any]) -> Path:
    """Return the folder of the module that defines a function."""
    # The code object of a wrapper belongs to another file. The module is that of the wrapped function.
    module = sys.modules.get(function.__module__)
    return Path(getattr(module, "__file__", None) or function.__code__.co_filename).resolve().parent


@functools.cache
def _name_runtime() -> None:
    """Register the functions of Numba's memory runtime, whose names the wrappers in loaded code contain."""
    for name, address in _nrt_python.c_helpers.items():
        llvmlite.binding.add_symbol(name if name.startswith("_") else f"NRT_{name}", address)


class _DiskCache(_Cache):
    """One file for each function, signature, processor and version of the sources.

    Numba's own cache has one index file per function. Two processes that compile different signatures
    at the same time can leave an index that points to the wrong code. Here the file name contains the
    whole key, so there is no index. If two processes write the same file, both write the same content.
    Failures to write are ignored.
    """

    @property
    def cache_path(self) -> str:
        return str(folders()[0])

    def enable(self) -> None:
        """Do nothing: this cache is always on."""

    disable = enable

    def flush(self) -> None:
        """Do nothing: the salt retires old files."""


class _KernelCache(_DiskCache):
    """Compiled kernels."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self._name = f"{function.__module__.rpartition('.')[2]}.{function.__qualname__}"
        self._family = _folder(function)

    def _file(self, sig: Any, codegen: Any) -> str:
        key = repr((_salt(self._family), self._name, str(sig), codegen.magic_tuple())).encode()
        return f"{self._name}-{hashlib.sha256(key).hexdigest()[:32]}.nbc"

    def load_overload(self, sig: Any, target_context: Any) -> CompileResult | None:
        # Loading compiled code needs neither the imports of `target_context.refresh` (0.5 s), which prepare
        # compilation, nor Numba's memory runtime (30 ms), because kernels hold no arrays.
        _name_runtime()
        data = code_files.load(self._file(sig, target_context.codegen()))
        with contextlib.suppress(OSError, ValueError):
            return data and CompileResult._rebuild(target_context, *pickle.loads(data))
        return None

    def save_overload(self, sig: Any, cres: CompileResult) -> None:
        code_files.save(self._file(sig, cres.codegen), dumps(cres._reduce()))


@dataclass(frozen=True)
class UserKey:
    """The key of a function of a user on disk: everything that its code depends on."""

    digest: str
    current: Callable[[], str | None]  # the digest of the function as it is now

    def file(self, loop: Callable[..., Any], *more: Any) -> str:
        """Return the name of a file for a loop that calls the function."""
        key = repr((_salt(_folder(loop)), self.digest, loop.__qualname__, *more)).encode()
        return f"{code_files.USER}{hashlib.sha256(key).hexdigest()}.nbc"


class _UserCache(_DiskCache):
    """Compiled loops that call a function of a user. They hold arrays and call functions of Numba."""

    def __init__(self, loop: Callable[..., Any], key: UserKey) -> None:
        self._loop, self._key = loop, key

    def _file(self, sig: Any, codegen: Any) -> str:
        return self._key.file(self._loop, str(sig), codegen.magic_tuple())

    def load_overload(self, sig: Any, target_context: Any) -> CompileResult | None:
        rtsys.initialize(target_context)
        with contextlib.suppress(OSError, ValueError):
            data = code_files.load(self._file(sig, target_context.codegen()))
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
        module = cres.library._final_module
        needed = [
            part.name
            for part in (*module.functions, *module.global_variables)
            if part.is_declaration and not part.name.startswith("llvm.")
        ]
        code_files.save(self._file(sig, cres.codegen), dumps((needed, cres._reduce())))


def is_ours(event: Any) -> bool:
    """Tell whether a compilation is of one of these kernels, not of a function of other code."""
    return isinstance(event.data["dispatcher"]._cache, _KernelCache)


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


_ADDRESS, _NUMBER = types.int64, types.float64


def _type(argument: np.dtype | int) -> types.Type:
    return (
        types.IntegerLiteral(argument)
        if isinstance(argument, int)
        else types.DType(numba.from_dtype(argument))
    )


class Kernel:
    """A function that is compiled for each requested combination of element types, without the GIL.

    Its first parameters are element types, or numbers that are constants for the compiler: one for each
    name in `elements`. The other parameters are integers, or floats if annotated so. It returns nothing.
    Kernels call each other by address, so each is compiled separately: a new element type needs only a
    new `fetch`, not a new engine.
    """

    def __init__(self, function: Callable[..., Any], elements: tuple[str, ...], **wrappers: bool) -> None:
        _listen()
        self.name = function.__name__
        self._compiler = _compiler(function, KernelCompiler, **wrappers)
        self._compiler._cache = _KernelCache(function)
        parameters = list(inspect.signature(function).parameters.values())[len(elements) :]
        self._scalars = tuple(_NUMBER if p.annotation is float else _ADDRESS for p in parameters)
        self._compiled: dict[tuple[np.dtype | int, ...], tuple[int, Any]] = {}
        self._lock = threading.Lock()

    def _code(self, dtypes: tuple[np.dtype | int, ...]) -> tuple[int, Any]:
        """Return the address of the code for these element types, and the function that Python calls."""
        try:
            return self._compiled[dtypes]
        except KeyError:
            pass
        if not hasattr(self._compiler, "compile"):
            raise RuntimeError(
                "imfilter cannot run with NUMBA_DISABLE_JIT=1, for its filters are compiled: unset it"
            ) from None
        signature = types.void(*map(_type, dtypes), *self._scalars)
        with self._lock:
            self._compiler.compile(signature)
            code = self._compiler.overloads[signature.args]
            found = code.library.get_pointer_to_function(code.fndesc.llvm_func_name)
        self._compiled[dtypes] = found, code.entry_point
        return self._compiled[dtypes]

    def address(self, *dtypes: np.dtype | int) -> int:
        """Return the address of the code for these element types. The address never changes."""
        return self._code(dtypes)[0]


class Driver(Kernel):
    """A kernel that Python calls with integers. It has no element types.

    A call takes 0.7 us through the wrapper of the compiler, 3.3 us through ctypes.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__(function, (), no_cpython_wrapper=False)

    def entry(self) -> Callable[..., object]:
        """Return the function to call."""
        entry: Callable[..., object] = self._code(())[1]
        return entry


#: A kernel and the types and numbers for which it is compiled.
Combination = tuple[Kernel, tuple[np.dtype | int, ...]]


def kernel(*elements: str, contract: bool = True) -> Callable[[Callable[..., Any]], Kernel]:
    """Make a function a `Kernel` whose first parameters are the named element types.

    Without `contract`, each of its own operations is rounded by itself. Those of parts that it calls are not.
    """
    options = {} if contract else {"fastmath": False}
    return lambda function: Kernel(function, elements, **options)


def part(function: Callable[..., Any], **options: bool) -> Any:
    """Compile a part of a kernel. Only compiled code calls it, and the cache stores it within its callers."""
    return _compiler(function, PartCompiler, **options)


#: A part that is always inlined, whatever its size: otherwise its vectors are passed in memory.
inlined = functools.partial(part, forceinline=True)


def _compiler(
    function: Callable[..., Any], passes: type, *, no_cpython_wrapper: bool = True, **options: bool
) -> Any:
    """Return Numba's dispatcher, by default without wrappers: they compile slower than small functions."""
    options |= {"no_cpython_wrapper": no_cpython_wrapper, "no_cfunc_wrapper": True}
    return numba.njit(**(_OPTIONS | options), pipeline_class=passes)(function)


def of_user(function: Any, key: UserKey | None = None, **options: bool) -> Any:
    """Return Numba's dispatcher of a function that a user wrote. Each operation is rounded by itself.

    With a key, the function is a loop that calls the user's function, and its code is kept on disk.
    """
    compiler = numba.njit(function, error_model="numpy", nogil=True, **options)
    if key is not None:
        compiler._cache = _UserCache(function, key)
    return compiler


def known_of(loop: Callable[..., Any], key: UserKey | None) -> bytes | None:
    """Return what `make_known` has kept of a function of a user, or None."""
    return None if key is None else code_files.load(key.file(loop))


def make_known(loop: Callable[..., Any], key: UserKey | None, what: bytes) -> None:
    """Keep a fact of a function of a user on disk, if it is still the same function."""
    if key is not None and key.current() == key.digest:
        code_files.save(key.file(loop), what)
