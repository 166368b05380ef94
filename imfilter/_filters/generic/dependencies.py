"""What the compiled code of a user's function depends on, as a digest, or None if it is not known.

Code that is kept on disk must be that of the same function with the same values. So the digest contains the
bytecode, the constants, the defaults, the values of the closure, and the values of the global names that the
function reads. It contains the same of compiled functions that the function calls. A value that has no
certain and lasting key (a list, an object, a class, a module other than NumPy and math, a large array) has no
digest, and the code is then kept in memory alone.
"""

import builtins
import dis
import hashlib
import sys
import types as python
from typing import Any

import llvmlite
import numba
import numpy as np
from numba.core import config
from numba.core import types as numba_types
from numba.core.dispatcher import Dispatcher
from numba.core.typing.templates import builtin_registry

types: Any = numba_types  # many of its names are not in its stubs
#: Bytes of the largest array among the globals of a function. Numba too treats large ones in another way.
LARGEST = 1 << 16
_MODULES = {"numpy", "math", "cmath"}
_RANDOM = {"numpy.random"}
_OURS = {"numba", __name__.partition(".")[0]}
_PLAIN = (bool, int, float, complex, str, bytes, type(None), type(Ellipsis))
_KINDS = types.Number | types.Boolean | types.UnicodeType | types.NoneType
_FUNCTIONS = (python.FunctionType, python.BuiltinFunctionType, type(np.sum), np.ufunc, type)
#: Switches of Numba that change what its code does.
_SWITCHES = ("OPT", "BOUNDSCHECK", "DEBUGINFO_DEFAULT", "USING_SVML")


class _Unknown(Exception):
    """A value that has no key."""


def digest(function: Any, kinds: tuple[Any, ...], *more: Any) -> str | None:
    """Return the digest of a function, the Numba types of its arguments and other plain values, or None."""
    reader = _Reader()
    content = _content(reader, function, kinds, more)
    if content is None:
        return None
    switches = tuple(repr(getattr(config, name, None)) for name in _SWITCHES)
    versions = numba.__version__, llvmlite.__version__, np.__version__, sys.version
    return hashlib.sha256(repr((content, switches, versions)).encode()).hexdigest()


def _content(reader: "_Reader", function: Any, kinds: tuple[Any, ...], more: tuple[Any, ...]) -> Any:
    """Return what a digest contains, or None."""
    if not all(map(_lasting, kinds)):
        return None
    try:
        read = reader.plain if isinstance(function, python.FunctionType) else reader.value
        content = read(function), reader.value(more), tuple(map(str, kinds))
    except (_Unknown, RecursionError):
        return None
    return None if reader.names & _foreign_names() else content


def repeatable(function: Any) -> bool:
    """Tell whether a compiled function certainly returns the same for the same numbers in every call.

    It reads no random numbers, and nothing that may change. Its sums have one order.
    """
    reader = _Reader()
    if _content(reader, function, (), ()) is None or getattr(config, "USING_SVML", False):
        return False
    return not reader.modules & _RANDOM and not reader.options & {"fastmath", "parallel"}


def _lasting(kind: Any) -> bool:
    """Tell whether the name of a type says all about it, also in another process."""
    if isinstance(kind, types.BaseTuple):
        return type(kind) in (types.Tuple, types.UniTuple) and all(map(_lasting, kind.types))
    if isinstance(kind, types.Array):
        return type(kind) is types.Array and _lasting(kind.dtype)
    return isinstance(kind, _KINDS)


def _foreign_names() -> set[str]:
    """Return the names of functions and attributes that extensions of Numba define (`numba.extending`).

    Nothing says when such a definition changes.
    """
    found: set[str] = set()
    for template in (*builtin_registry.functions, *builtin_registry.attributes):
        if not all(module.partition(".")[0] in _OURS for module in _modules_of(template)):
            key = getattr(template, "key", None)
            found.add(str(getattr(template, "_attr", None) or getattr(key, "__name__", key)))
    return found


def _modules_of(template: Any) -> list[str]:
    """Return the modules of the functions that define a function for Numba.

    Functions that Numba makes from text have no module.
    """
    for name in ("_overload_func", "_definition_func"):
        if defined := getattr(template, name, None):
            defined = getattr(defined, "func", defined)  # a `functools.partial`
            return [defined.__module__] if defined.__module__ else []
    if template.__module__ != "abc":  # as of all classes that its metaclass makes without a statement
        return [template.__module__]
    cells = getattr(template.generic, "__closure__", None) or ()
    return [f.__module__ for f in (cell.cell_contents for cell in cells) if callable(f) and f.__module__]


class _Reader:
    """Reads a function and what it depends on."""

    def __init__(self) -> None:
        self.names: set[str] = set()  # all global names and attributes
        self.modules: set[str] = set()
        self.options: set[str] = set()  # that are set for compiled functions
        self._seen: dict[int, int] = {}

    def value(self, value: Any, names: tuple[str, ...] = ()) -> Any:
        """Return a key of plain values. `names` are the attributes that the code may read."""
        kind = type(value)
        if kind in _PLAIN:
            return kind.__name__, repr(value)
        if kind is tuple:
            return "tuple", *(self.value(v, names) for v in value)
        if kind is frozenset:
            return "frozenset", *sorted(map(repr, (self.value(v, names) for v in value)))
        if kind is np.ndarray or isinstance(value, np.generic):
            return self._array(kind, value)
        if isinstance(value, np.dtype) and value.kind in "biufc":
            return "dtype", value.str
        if isinstance(value, python.ModuleType):
            return self._module(value, names)
        if isinstance(value, Dispatcher):
            return self._dispatcher(value)
        if isinstance(value, _FUNCTIONS) and _is_of(value, {"builtins", *_MODULES}):
            return "known", getattr(value, "__module__", ""), value.__name__
        raise _Unknown

    def _array(self, kind: type, value: Any) -> Any:
        if value.dtype.kind not in "biufc" or value.nbytes > LARGEST:
            raise _Unknown
        layout = value.strides, value.flags.writeable, value.flags.aligned
        return kind.__name__, value.dtype.str, value.shape, layout, value.tobytes()

    def _module(self, module: Any, names: tuple[str, ...]) -> Any:
        name = module.__name__
        if name.partition(".")[0] not in _MODULES or sys.modules.get(name) is not module:
            raise _Unknown
        self.modules.add(name)
        if self._again(module):
            return "module", name
        known = vars(module)
        return "module", name, *((n, self.value(known[n], names)) for n in sorted(set(names)) if n in known)

    def _dispatcher(self, compiled: Any) -> Any:
        """Return the key of a function that is compiled by Numba."""
        if type(compiled).__name__ != "CPUDispatcher" or compiled.locals or not compiled._can_compile:
            raise _Unknown
        if compiled._compiler.pipeline_class is not numba.core.compiler.Compiler:
            raise _Unknown
        options = {k: sorted(v) if isinstance(v, set) else v for k, v in compiled.targetoptions.items()}
        self.options.update(k for k, v in options.items() if v)
        return "compiled", repr(sorted(options.items())), self.plain(compiled.py_func)

    def plain(self, function: python.FunctionType) -> Any:
        """Return the key of a Python function. As a value, only an extension of Numba says what it does."""
        if self._again(function):
            return "again", self._seen[id(function)]
        code, cells = function.__code__, function.__closure__ or ()
        names = _attributes(code)
        self.names.update(names)
        try:
            closure = tuple(cell.cell_contents for cell in cells)
        except ValueError:  # a name that has no value yet
            raise _Unknown from None
        held, built_in = function.__globals__, vars(builtins)
        if held.get("__builtins__", builtins) not in (builtins, built_in):
            raise _Unknown
        read = [(n, held[n] if n in held else built_in.get(n, _Unknown)) for n in sorted(_globals(code))]
        return (
            self._code(code),
            self.value(function.__defaults__),
            tuple((n, self.value(v)) for n, v in sorted((function.__kwdefaults__ or {}).items())),
            tuple(self.value(v, names) for v in closure),
            tuple((n, "absent" if v is _Unknown else self.value(v, names)) for n, v in read),
        )

    def _again(self, thing: Any) -> bool:
        """Tell whether something was read before. It is not read twice."""
        before = len(self._seen)
        return self._seen.setdefault(id(thing), before) < before

    def _code(self, code: python.CodeType) -> Any:
        numbers = code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount, code.co_flags
        names = code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars
        constants = tuple(
            self._code(c) if isinstance(c, python.CodeType) else self.value(c) for c in code.co_consts
        )
        # An exception shows the file and the line of the statement that raised it.
        raises = any(i.opname == "RAISE_VARARGS" for i in dis.get_instructions(code))
        place = (code.co_filename, code.co_firstlineno, code.co_linetable) if raises else ()
        return code.co_name, numbers, names, code.co_code, code.co_exceptiontable, constants, place


def _inner(code: python.CodeType) -> list[python.CodeType]:
    return [c for c in code.co_consts if isinstance(c, python.CodeType)]


def _attributes(code: python.CodeType) -> tuple[str, ...]:
    """Return all names of globals and attributes in code, also in functions within."""
    return (*code.co_names, *(name for c in _inner(code) for name in _attributes(c)))


def _globals(code: python.CodeType) -> set[str]:
    """Return the global names that code reads, also in functions within."""
    found = set()
    for instruction in dis.get_instructions(code):
        if instruction.opname in ("LOAD_GLOBAL", "LOAD_NAME"):
            found.add(instruction.argval)
        elif instruction.opname in ("STORE_GLOBAL", "DELETE_GLOBAL", "IMPORT_NAME"):
            raise _Unknown
    return found.union(*map(_globals, _inner(code)))


def _is_of(value: Any, modules: set[str]) -> bool:
    """Tell whether a function or class is the one of this name in one of the modules or in a part of one."""
    if isinstance(value, np.ufunc):
        return "numpy" in modules and getattr(np, value.__name__, None) is value
    module = getattr(value, "__module__", None) or ""
    name = getattr(value, "__name__", "")
    return module.partition(".")[0] in modules and getattr(sys.modules.get(module), name, None) is value
