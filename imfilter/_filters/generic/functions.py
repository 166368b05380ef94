"""The function of a user, ready to be called for windows: compiled if it can be, and kept."""

import contextlib
import functools
import inspect
import re
import sys
import threading
import types as python
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numba
from numba.core import errors
from numba.core import types as numba_types

from imfilter._base import arguments
from imfilter._filters.generic import dependencies
from imfilter._filters.generic.kernels import scalar_where, windows
from imfilter._simd import compiler

types: Any = numba_types  # many of its names are not in its stubs
#: How the function of a user is compiled. Only compiled loops call it, so it gets no wrapper for Python.
_INNER: Any = {"pipeline_class": scalar_where.Compiler, "no_cpython_wrapper": True}
_PYTHON = "compile=False runs it as Python"
_lock = threading.RLock()
#: What is compiled, by the function, and then by what else it depends on. The function used last is the last.
_compiled: OrderedDict[Any, dict[Any, "Compiled"]] = OrderedDict()
#: Number of functions whose compiled code stays in memory.
_MOST = 256


@dataclass(frozen=True, eq=False)
class Compiled:
    """The loops over windows with a function."""

    one_by_one: Any  # a dispatcher of Numba
    in_lanes: Callable[..., None] | None  # None, for example, if a branch depends on samples
    name: str
    signature: tuple[Any, ...]  # of `one_by_one`

    def prepare(self) -> None:
        """Compile `one_by_one` if it is not. Here an interrupt can end it, in a worker's thread none can."""
        if self.signature not in self.one_by_one.overloads:
            with patience(self.name):
                self.one_by_one.compile(self.signature)


#: Seconds of compilation before the notice.
PATIENCE = 10.0


@contextlib.contextmanager
def patience(name: str) -> Iterator[None]:
    """Print a notice to stderr if a function is compiled for long."""
    timer = threading.Timer(PATIENCE, _tell, (name,))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _tell(name: str) -> None:
    if sys.stderr is not None:
        sys.stderr.write(
            f"imfilter: compiling {name}() takes more than {PATIENCE:g} seconds; Ctrl-C ends it "
            f"after the step that runs, and {_PYTHON}\n"
        )


def name_of(function: Any) -> str:
    """Return the name of a function for messages."""
    return getattr(function, "__name__", None) or type(function).__name__


def compiled(function: Any, size: int, args: tuple[Any, ...], outputs: int) -> Compiled:
    """Return the loops over windows of `size` samples, compiled for the types of `args`."""
    plain = getattr(function, "py_func", function)
    if not isinstance(plain, python.FunctionType):
        raise TypeError(
            f"function must be a Python function, a lambda or a Numba function to be compiled, "
            f"got {arguments.brief(function)}; {_PYTHON}"
        )
    kinds = tuple(map(_type_of, args, range(len(args))))
    with _lock:
        same, key = _same(function, plain), (size, kinds, outputs)
        known = _compiled.setdefault(same, {})
        _compiled.move_to_end(same)
        while len(_compiled) > _MOST:
            _compiled.popitem(last=False)
        if key not in known:
            known[key] = _compile(function, plain, size, kinds, outputs)
        return known[key]


#: Functions without a closure, by their code and defaults: a lambda in a loop is compiled once.
_alike: dict[Any, Any] = {}


def _same(function: Any, plain: python.FunctionType) -> Any:
    """Return an earlier function that does the same for certain, or this one.

    A lambda in a loop is a new function each time. Its code is the same, and so are its global names.
    """
    if plain is not function or plain.__closure__ or plain.__kwdefaults__:
        return function
    names = _global_names(plain.__code__)
    values = tuple(id(plain.__globals__.get(name)) for name in names)
    try:
        key = plain.__code__, values, plain.__defaults__, id(plain.__globals__)
        earlier = _alike.get(key)
    except TypeError:  # a default that has no hash
        return function
    if earlier is None:
        if len(_alike) >= _MOST:
            _alike.clear()
        # The values are kept too, so that no other object gets their place in memory.
        earlier = _alike[key] = function, [plain.__globals__.get(name) for name in names]
    return earlier[0]


def _global_names(code: python.CodeType) -> tuple[str, ...]:
    inner = [c for c in code.co_consts if isinstance(c, python.CodeType)]
    return (*code.co_names, *(name for c in inner for name in _global_names(c)))


def _type_of(value: Any, number: int) -> Any:
    try:
        return numba.typeof(value)
    except (errors.NumbaError, ValueError, TypeError):
        raise TypeError(
            f"args[{number}] must have a type that Numba compiles, got {arguments.brief(value)}; {_PYTHON}"
        ) from None


def _compile(
    function: Any, plain: python.FunctionType, size: int, kinds: tuple[Any, ...], outputs: int
) -> Compiled:
    digest = functools.partial(dependencies.digest, function, kinds, size, outputs)
    found = digest()
    key = None if found is None else compiler.UserKey(found, digest)
    own = function
    if function is plain:
        own = compiler.of_user(plain, boundscheck=True, **_INNER)
    with patience(name_of(plain)):
        # What is known of a function from another process needs no compilation.
        known = compiler.known_of(windows.over_windows, key)
        if known is None:
            _check_type(plain, _compiled_alone(own, plain, kinds), outputs)
        rows = compiler.loop_of_user(windows.over_windows(own, size, outputs), key)
        lanes = None if known == _ROWS else _in_lanes(function, plain, size, kinds, key, known is not None)
        loops = Compiled(rows, lanes, name_of(plain), (types.int64, types.Tuple(kinds)))
        if lanes is None:
            rows.compile(loops.signature)
        if known is None:
            compiler.make_known(windows.over_windows, key, _ROWS if lanes is None else _LANES)
    return loops


#: What is kept of a function that compiles: whether it runs on vectors too.
_ROWS, _LANES = b"rows", b"lanes"


def _compiled_alone(own: Any, plain: python.FunctionType, kinds: tuple[Any, ...]) -> Any:
    """Compile a function for one window. Return the type of its result."""
    window = types.Array(types.float64, 1, "C"), *kinds
    try:
        own.compile(window)
    except RecursionError:
        raise TypeError(_unbounded(plain)) from None
    except Exception as error:  # Numba also raises errors of Python here
        raise TypeError(_refused(plain, error)) from None
    return own.overloads[window].signature.return_type


def _check_type(plain: Any, result: Any, outputs: int) -> None:
    """Check what a compiled function returns."""
    found = result.types if isinstance(result, types.BaseTuple) else (result,)
    numbers = all(isinstance(types.unliteral(t), types.Integer | types.Float | types.Boolean) for t in found)
    if outputs == 1 and isinstance(result, types.BaseTuple):
        numbers = False
    if not numbers or len(found) != outputs:
        raise TypeError(f"function {name_of(plain)}() must return {wanted(outputs)}, got {_plainly(result)}")


def _plainly(kind: Any) -> str:
    """Return the name of a type for people."""
    kind = types.unliteral(kind)
    if isinstance(kind, types.UnicodeType):
        return "a string"
    if isinstance(kind, types.NoneType):
        return "None"
    if isinstance(kind, types.Array):
        return f"an array of {kind.ndim} axes"
    if isinstance(kind, types.BaseTuple):
        return f"a tuple of {len(kind.types)}"
    if isinstance(kind, types.Complex):
        return "a complex number"
    return str(kind)


def _in_lanes(
    function: Any,
    plain: python.FunctionType,
    size: int,
    kinds: tuple[Any, ...],
    key: compiler.UserKey | None,
    certain: bool,
) -> Callable[..., None] | None:
    """Return the loop over vectors of windows, or None if the function is not one of vectors."""
    if getattr(function, "targetoptions", {}).get("fastmath"):
        return None  # its own options say how it is computed
    try:
        lanes = compiler.of_user(plain, **_INNER)
        if not certain:
            window = windows.LaneWindow(size), *kinds
            lanes.compile(window)
            if compiler.calls_python(lanes.overloads[window]):
                return None
        loop = compiler.loop_of_user(windows.over_lanes(lanes, size), key)
        loop.compile((types.int64, types.Tuple(kinds)))
    except Exception:
        return None
    return loop


def _refused(plain: python.FunctionType, error: Exception) -> str:
    """Return the message for a function that Numba cannot compile: where, and why."""
    text = re.sub(r"\x1b\[[0-9;]*m", "", str(error))
    path = inspect.getsourcefile(plain) or ""
    lines = [int(n) for file, n in re.findall(r'File "([^"]*)", line (\d+)', text) if path.endswith(file)]
    line = lines[-1] if lines else plain.__code__.co_firstlineno
    return f"function {plain.__name__}() cannot be compiled, at line {line}: {_reason(text)}; {_PYTHON}"


_FEW = r"it takes \2 arguments, and gets \1: the window and args"
_MANY = r"it takes \1 arguments, and gets \2: the window and args"
#: What Numba says, and the same in plain words.
_REASONS = (
    (r"Untyped global name '([^']+)'[^\n]*Cannot determine Numba type", r"Numba does not know \1"),
    (r"NameError: name '([^']+)' is not defined", r"the name \1 is not defined"),
    (r"Unknown attribute '([^']+)' of type ([^\n]+)", r"\2 has no attribute \1 in Numba"),
    (r"No implementation of function [^\n]* found for signature:\s*>>> ([^\n]+)", r"Numba has no \1"),
    (r"Cannot unify ([^\n]+?) and ([^\n]+?) for '(\w+)", r"the variable \3 is both \1 and \2"),
    (r"Use of unsupported NumPy function '([^']+)'", r"Numba does not support \1"),
    (r"(?:runaway|infinite) recursion|type inference failed for recursive", "it calls itself without end"),
    (r"not enough arguments: expected (\d+), got (\d+)", _MANY),
    (r"too many (?:positional )?arguments: expected (\d+), got (\d+)", _MANY),
    (r"Signature mismatch: (\d+) argument types given, but function takes (\d+) arguments", _FEW),
    (r"module '(\w+)' has no attribute '(\w+)'", r"\1 has no attribute \2"),
    (r"missing a required argument: '([^']+)'", r"its argument \1 is missing from args"),
    (r"too many positional arguments", "it takes fewer arguments than the window and args"),
)


def _unbounded(plain: Any) -> str:
    return f"function {plain.__name__}() cannot be compiled: it calls itself without end; {_PYTHON}"


def _reason(text: str) -> str:
    for pattern, plain in _REASONS:
        found = re.search(pattern, text)
        if found:
            return found.expand(plain)
    last = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("File")]
    return next((line for line in last if not line.startswith(("Failed in", "During:"))), "Numba refuses it")


def wanted(outputs: int) -> str:
    return "a number" if outputs == 1 else f"a tuple of {outputs} numbers, for outputs={outputs}"
