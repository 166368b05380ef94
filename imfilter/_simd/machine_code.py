"""Machine code of kernels: what it depends on, and how it is loaded and called, without Numba.

The import of Numba takes longer than most images to filter. LLVM alone loads code that was compiled before.
"""

import ctypes
import functools
import hashlib
import importlib.util
import math
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import llvmlite.binding as llvm

from imfilter._simd.locks import Lock
from imfilter._simd.registers import SETTINGS

_SIMD = Path(__file__).resolve().parent
#: Settings of Numba that do not change compiled code.
_HARMLESS = (
    "NUMBA_CACHE_DIR",
    "NUMBA_NUM_THREADS",
    "NUMBA_THREADING_LAYER",
)


#: The kinds of the arguments of a function that Python calls, and its object file.
Caller = tuple[str, bytes]


class Code(NamedTuple):
    """Machine code as it is kept in a file."""

    name: str  # of the function in the object
    object: bytes  # the object file of the compiler
    needed: tuple[str, ...]  # names of functions outside of the object
    caller: Caller | None  # of the function that Python calls


@functools.cache
def _versions() -> bytes:
    """Return what names the versions of the compiler. Numba is found, not imported."""
    found = [sys.version.encode()]
    for package in ("numba", "llvmlite"):
        spec = importlib.util.find_spec(package)
        place = Path(spec.origin or "").with_name("_version.py") if spec is not None else None
        try:
            found.append(place.read_bytes() if place is not None else b"")
        except OSError:
            from importlib import metadata

            found.append(metadata.version(package).encode())
    return b"\0".join(found)


def _digest(folder: Path) -> bytes:
    """Return a digest of the sources of a folder."""
    digest = hashlib.sha256()
    for path in sorted(folder.glob("*.py")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.digest()


#: The digest when this process first asked for it.
_first_digest = functools.cache(_digest)


@functools.cache
def salt(family: Path) -> bytes:
    """Return a digest of everything that the compiled code of a kernel folder depends on.

    That is this folder and `_simd`: no kernel imports kernels of another family. Numba's own cache key
    contains only the file of the decorated function. It would miss an edit of a function that is inlined
    from another file.
    """
    return hashlib.sha256(_versions() + _first_digest(_SIMD) + _first_digest(family)).digest()


_looked: dict[Path, float] = {}


def changed(family: Path) -> bool:
    """Tell whether the sources of a kernel folder have changed since this process has read them.

    It looks once a second at most: a look takes some milliseconds, and a filter compiles many kernels.
    """
    now = time.monotonic()
    if now - _looked.get(family, -math.inf) < 1.0:
        return False
    if any(_digest(folder) != _first_digest(folder) for folder in (_SIMD, family)):
        return True
    _looked[family] = now
    return False


@functools.cache
def target() -> tuple[Any, ...]:
    """Return what names the processor that code is compiled for, and settings of Numba that change code."""
    settings = sorted((k, v) for k, v in os.environ.items() if k.startswith("NUMBA_") and k not in _HARMLESS)
    file = SETTINGS.read_bytes() if SETTINGS.is_file() else b""
    features = llvm.get_host_cpu_features().flatten()
    return llvm.get_process_triple(), llvm.get_host_cpu_name(), features, settings, file


def folder_of(function: Callable[..., Any]) -> Path:
    """Return the folder of the module that defines a function."""
    # The code object of a wrapper belongs to another file. The module is that of the wrapped function.
    module = sys.modules.get(function.__module__)
    return Path(getattr(module, "__file__", None) or function.__code__.co_filename).resolve().parent


_lock = Lock()


@functools.cache
def _machine() -> llvm.TargetMachine:
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    return llvm.Target.from_triple(llvm.get_process_triple()).create_target_machine(jit=True)


@functools.cache
def _engine() -> llvm.ExecutionEngine:
    """Return LLVM's loader. It is never freed: a thread may run its code while the interpreter ends."""
    machine = _machine()
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), machine)
    engine._dispose = machine._dispose = lambda: None
    return engine


def missing(code: Code) -> bool:
    """Tell whether this process lacks a function that code calls."""
    if not code.needed:
        return False
    with _lock.current:
        _engine()  # without an engine, LLVM finds no function of the process
    return not all(map(llvm.address_of_symbol, code.needed))


def load(code: Code) -> tuple[int, Callable[..., object] | None]:
    """Load code. Return its address, and the function for Python if it has one."""
    with _lock.current:
        address = _load(code.object, code.name)
    return address, None if code.caller is None else function(code.caller, address, code.name)


def _load(code: bytes, name: str) -> int:
    engine = _engine()
    engine.add_object_file(llvm.ObjectFileRef.from_data(code))
    engine.finalize_object()
    if not (address := engine.get_function_address(name)):
        raise ValueError(f"the code has no function {name}")
    return int(address)


# The function that Python calls. Numba's own needs Numba, and ctypes takes ten times as long. This one
# converts integers and floats, releases the lock of the interpreter, and calls the kernel, whose address is
# its `self`. The first arguments of a kernel are places for a result and an error.

_API = (
    *("PyLong_AsLongLong", "PyLong_AsVoidPtr", "PyFloat_AsDouble", "PyErr_Occurred", "PyErr_SetString"),
    *("PyEval_SaveThread", "PyEval_RestoreThread", "Py_IncRef"),
)
_OBJECTS = {"None": None, "TypeError": TypeError, "RuntimeError": RuntimeError}
_DECLARED = """
declare i64 @imfilter_PyLong_AsLongLong(ptr)
declare ptr @imfilter_PyLong_AsVoidPtr(ptr)
declare double @imfilter_PyFloat_AsDouble(ptr)
declare ptr @imfilter_PyErr_Occurred()
declare void @imfilter_PyErr_SetString(ptr, ptr)
declare ptr @imfilter_PyEval_SaveThread()
declare void @imfilter_PyEval_RestoreThread(ptr)
declare void @imfilter_Py_IncRef(ptr)
@imfilter_None = external global i8
@imfilter_TypeError = external global i8
@imfilter_RuntimeError = external global i8
"""


def _text(number: str, kinds: str) -> str:
    """Return the source of the caller, named by a number, of kernels whose arguments are "i" and "d"."""
    lines, given = [], []
    for n, kind in enumerate(kinds):
        real = kind == "d"
        result, convert = ("double", "PyFloat_AsDouble") if real else ("i64", "PyLong_AsLongLong")
        lines.append(f"%at{n} = getelementptr ptr, ptr %args, i64 {n}")
        lines.append(f"%o{n} = load ptr, ptr %at{n}")
        lines.append(f"%v{n} = call {result} @imfilter_{convert}(ptr %o{n})")
        compare = "fcmp oeq double" if real else "icmp eq i64"
        lines.append(f"%e{n} = {compare} %v{n}, {'-1.0' if real else '-1'}")
        lines.append(f"br i1 %e{n}, label %doubt{n}, label %next{n}")
        lines.append(f"doubt{n}:\n%x{n} = call ptr @imfilter_PyErr_Occurred()")
        lines.append(f"%y{n} = icmp eq ptr %x{n}, null\nbr i1 %y{n}, label %next{n}, label %failed\nnext{n}:")
        given.append(f"{result} %v{n}")
    body = "\n".join(lines)
    wrong, broken = f"a kernel takes {len(kinds)} numbers", "a kernel failed"
    return f"""{_DECLARED}
@wrong = private constant [{len(wrong) + 1} x i8] c"{wrong}\\00"
@broken = private constant [{len(broken) + 1} x i8] c"{broken}\\00"
define ptr @imfilter_call_{number}(ptr %self, ptr %args, i64 %count) {{
%result = alloca ptr
%error = alloca ptr
%fits = icmp eq i64 %count, {len(kinds)}
br i1 %fits, label %convert, label %refuse
refuse:
call void @imfilter_PyErr_SetString(ptr @imfilter_TypeError, ptr @wrong)
ret ptr null
convert:
{body}
%kernel = call ptr @imfilter_PyLong_AsVoidPtr(ptr %self)
%state = call ptr @imfilter_PyEval_SaveThread()
%status = call i32 %kernel({", ".join(["ptr %result", "ptr %error", *given])})
call void @imfilter_PyEval_RestoreThread(ptr %state)
switch i32 %status, label %raise [i32 0, label %done i32 -2, label %done]
done:
call void @imfilter_Py_IncRef(ptr @imfilter_None)
ret ptr @imfilter_None
raise:
call void @imfilter_PyErr_SetString(ptr @imfilter_RuntimeError, ptr @broken)
ret ptr null
failed:
ret ptr null
}}
"""


@functools.cache
def caller(kinds: str) -> Caller:
    """Compile the function that Python calls for kernels with arguments "i" (integer) and "d" (float)."""
    module = llvm.parse_assembly(_text(kinds or "none", kinds))
    module.verify()
    return kinds, bytes(_machine().emit_object(module))


class _Method(ctypes.Structure):
    """How Python describes a function in C."""

    _fields_ = (
        ("name", ctypes.c_char_p),
        ("function", ctypes.c_void_p),
        ("flags", ctypes.c_int),
        ("doc", ctypes.c_char_p),
    )


_FASTCALL = 0x80
#: Makes a Python function. `ctypes.pythonapi` itself is shared with other libraries, so its types stay.
_make = ctypes.PYFUNCTYPE(ctypes.py_object, ctypes.c_void_p, ctypes.py_object, ctypes.c_void_p)(
    ("PyCFunction_NewEx", ctypes.pythonapi)
)
_methods: list[_Method] = []  # never freed, as is the code
_callers: dict[str, int] = {}


@functools.cache
def _name_python() -> None:
    """Give LLVM the functions and objects of Python that callers use."""
    for name in _API:
        place = ctypes.cast(getattr(ctypes.pythonapi, name), ctypes.c_void_p).value
        llvm.add_symbol(f"imfilter_{name}", place)
    for name, value in _OBJECTS.items():
        llvm.add_symbol(f"imfilter_{name}", id(value))


def function(code: Caller, address: int, name: str) -> Callable[..., object]:
    """Return the Python function that calls the kernel at an address, from what `caller` has returned."""
    kinds, data = code
    with _lock.current:
        if kinds not in _callers:
            _name_python()
            _callers[kinds] = _load(data, f"imfilter_call_{kinds or 'none'}")
    method = _Method(name.encode(), _callers[kinds], _FASTCALL, None)
    _methods.append(method)
    made: Callable[..., object] = _make(ctypes.addressof(method), address, None)
    return made
