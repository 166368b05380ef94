"""The only module that compiles: compiler options, the cache on disk, and the notice of long compilation."""

import contextlib
import functools
import hashlib
import inspect
import os
import pickle
import stat
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import llvmlite.binding
import numba
import numpy as np
from numba.core import config, event, types
from numba.core.caching import _Cache
from numba.core.compiler import CompileResult
from numba.core.runtime import _nrt_python
from numba.core.serialize import dumps

_SIMD = Path(__file__).resolve().parent
_PATIENCE = 1.0  # seconds of compiling before the notice
_OLD = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
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


@functools.cache
def folders() -> tuple[Path, ...]:
    """Return the folders for compiled kernels, best first. They need not exist or be writable."""
    chosen = os.environ.get("IMFILTER_CACHE_DIR") or config.CACHE_DIR
    if chosen:
        return (Path(chosen) / "imfilter",)
    base = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA")
    folders = [_SIMD / "__pycache__"]
    with contextlib.suppress(RuntimeError):  # the user has no home folder
        folders.append((Path(base) if base else Path.home() / ".cache") / "imfilter")
    return tuple(folders)


def flaw(folder: Path) -> str | None:
    """Return how other users could put code into a folder, or None if they cannot.

    They could if they own the folder or a parent folder, or may write to one. Root and the owner of this file
    do not count, because they can change the running code anyway.
    """
    if not hasattr(os, "geteuid"):
        return None
    for place in (folder, *folder.parents):
        with contextlib.suppress(OSError):  # a missing folder will be created
            status = place.stat()
            # In a folder like /tmp everybody may create files, but nobody may change the files of others.
            shared = place != folder and bool(status.st_mode & stat.S_ISVTX)
            if how := _access_of_others(status, shared):
                return f"{str(place)!r} {how}"
    return None


def _access_of_others(status: os.stat_result, shared: bool = False) -> str | None:
    if status.st_uid not in {0, os.geteuid(), os.stat(__file__).st_uid}:
        return "belongs to another user"
    if shared or not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        return None
    if not status.st_mode & stat.S_IWOTH and _is_own_group(status.st_gid):
        return None
    return "can be written by others"


@functools.cache
def _is_own_group(number: int) -> bool:
    """Tell whether a group is the private group of the user, which many systems create with the same name."""
    import grp
    import pwd

    with contextlib.suppress(KeyError):
        user, group = pwd.getpwuid(os.geteuid()), grp.getgrgid(number)
        return number == user.pw_gid and user.pw_name == group.gr_name and set(group.gr_mem) <= {user.pw_name}
    return False


@functools.cache
def _warn(text: str) -> None:
    """Print a warning once."""
    if sys.stderr is not None:
        sys.stderr.write(f"imfilter: {text}\n")


_safe: dict[Path, Path] = {}


def _trusted(folder: Path) -> Path | None:
    """Return the real path of a code folder. Warn and return None if others could write there."""
    if folder in _safe:
        return _safe[folder]
    real = Path(os.path.realpath(folder))
    if why := flaw(real):
        _warn(
            f"compiled code in {str(folder)!r} is ignored, because {why}; "
            "set IMFILTER_CACHE_DIR to a folder that only you can write"
        )
        return None
    if real.is_dir():  # otherwise somebody else may still create it
        _safe[folder] = real
    return real


def _make(folder: Path) -> None:
    """Create a folder and its parents. Only this user can write to them, whatever the umask is."""
    if not folder.is_dir():
        _make(folder.parent)
        with contextlib.suppress(FileExistsError):  # another process was faster
            folder.mkdir(mode=0o755)


def _read(path: Path) -> bytes | None:
    """Return the bytes of a file, or None if other users could have written it."""
    with open(os.open(path, _OLD), "rb") as file:
        status = os.fstat(file.fileno())
        if hasattr(os, "geteuid") and (how := _access_of_others(status)):
            _warn(f"compiled code in {str(path.parent)!r} is made anew where its file {how}")
            return None
        return file.read()


def _can_keep() -> bool:
    """Tell whether some folder can keep compiled code. Only an attempt to write is certain."""
    for place in folders():
        with contextlib.suppress(OSError):
            if _trusted(place) is not None:
                _make(place)
                with tempfile.TemporaryFile(dir=place) as file:
                    file.write(b"0")
                    file.flush()
                return True
    return False


@functools.cache
def _name_runtime() -> None:
    """Register the functions of Numba's memory runtime, whose names the wrappers in loaded code contain."""
    for name, address in _nrt_python.c_helpers.items():
        llvmlite.binding.add_symbol(name if name.startswith("_") else f"NRT_{name}", address)


class _KernelCache(_Cache):
    """One file for each kernel, signature, processor and version of the sources.

    Numba's own cache has one index file per function. Two processes that compile different signatures
    at the same time can leave an index that points to the wrong code. Here the file name contains the
    whole key, so there is no index. Files are written under another name and then renamed. If two
    processes write the same file, both write the same content. Files that cannot be read or are damaged
    count as absent. Failures to write are ignored.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        self._name = f"{function.__module__.rpartition('.')[2]}.{function.__qualname__}"
        # The code object of a wrapper belongs to another file. The module is that of the wrapped function.
        module = sys.modules.get(function.__module__)
        place = getattr(module, "__file__", None) or function.__code__.co_filename
        self._family = Path(place).resolve().parent

    @property
    def cache_path(self) -> str:
        return str(folders()[0])

    def _file(self, sig: Any, codegen: Any) -> str:
        key = repr((_salt(self._family), self._name, str(sig), codegen.magic_tuple())).encode()
        return f"{self._name}-{hashlib.sha256(key).hexdigest()[:32]}.nbc"

    def load_overload(self, sig: Any, target_context: Any) -> CompileResult | None:
        # Loading compiled code needs neither the imports of `target_context.refresh` (0.5 s), which prepare
        # compilation, nor Numba's memory runtime (30 ms), because kernels hold no arrays.
        _name_runtime()
        name = self._file(sig, target_context.codegen())
        for place in folders():
            try:
                if (folder := _trusted(place)) is None or (kept := _read(folder / name)) is None:
                    continue
                digest, data = kept.split(b"\n", 1)
                if digest.decode() == hashlib.sha256(data).hexdigest():
                    return CompileResult._rebuild(target_context, *pickle.loads(data))
            except (OSError, ValueError):
                continue
        return None

    def save_overload(self, sig: Any, cres: CompileResult) -> None:
        name = self._file(sig, cres.codegen)
        data = dumps(cres._reduce())
        data = hashlib.sha256(data).hexdigest().encode() + b"\n" + data
        for place in folders():
            try:
                if _trusted(place) is None:
                    continue
                _make(place)
                if (folder := _trusted(place)) is None:  # another was faster
                    continue
                partial = folder / f"{name}.{uuid.uuid4().hex[:16]}"
                try:
                    with open(os.open(partial, _NEW, 0o644), "wb") as file:
                        file.write(data)
                    partial.replace(folder / name)
                except OSError:
                    partial.unlink(missing_ok=True)
                    raise
            except OSError:
                continue
            return

    def enable(self) -> None:
        """Do nothing: this cache is always on."""

    disable = enable

    def flush(self) -> None:
        """Do nothing: the salt retires old files."""


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
            sys.stderr.write(NOTICE if _can_keep() else NOTICE_UNKEPT)

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
        self._compiler = _compiler(function, **wrappers)
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


def kernel(*elements: str) -> Callable[[Callable[..., Any]], Kernel]:
    """Make a function a `Kernel` whose first parameters are the named element types."""
    return lambda function: Kernel(function, elements)


def part(function: Callable[..., Any], **options: bool) -> Any:
    """Compile a part of a kernel. Only compiled code calls it, and the cache stores it within its callers."""
    return _compiler(function, **options)


#: A part that is always inlined, whatever its size: otherwise its vectors are passed in memory.
inlined = functools.partial(part, forceinline=True)


def _compiler(function: Callable[..., Any], *, no_cpython_wrapper: bool = True, **options: bool) -> Any:
    """Return Numba's dispatcher, by default without wrappers: they compile slower than small functions."""
    options |= {"no_cpython_wrapper": no_cpython_wrapper, "no_cfunc_wrapper": True}
    return numba.njit(**_OPTIONS, **options)(function)


def of_user(function: Any, **options: bool) -> Any:
    """Return Numba's dispatcher of a function that a user wrote. Each operation is rounded by itself."""
    return numba.njit(function, error_model="numpy", nogil=True, **options)
