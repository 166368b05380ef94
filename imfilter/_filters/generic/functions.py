"""The function of a user, ready to be called for windows: compiled if it can be, and kept."""

import inspect
import re
import threading
import types as python
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numba
import numpy as np
import numpy.typing as npt
from numba.core import errors
from numba.core import types as numba_types

from imfilter._base import arguments
from imfilter._base.program import address
from imfilter._filters.generic.kernels import windows
from imfilter._simd import jit

types: Any = numba_types  # many of its names are not in its stubs
_PYTHON = "compile=False runs it as Python"
_lock = threading.RLock()
#: What is compiled, by the function, and then by what else it depends on.
_compiled: weakref.WeakKeyDictionary[Any, dict[Any, "Compiled"]] = weakref.WeakKeyDictionary()


@dataclass(frozen=True, eq=False)
class Compiled:
    """The loops over windows with a function."""

    one_by_one: Callable[..., None]
    in_lanes: (
        Callable[..., None] | None
    )  # None: the function has branches that depend on samples, for example


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
        known = _compiled.setdefault(_same(function, plain), {})
        key = size, kinds, outputs
        if key not in known:
            known[key] = _compile(function, plain, size, kinds, outputs)
        return known[key]


def with_defaults(function: Any, args: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return the arguments after the window, with the default values of those that are not given."""
    plain = getattr(function, "py_func", function)
    if not isinstance(plain, python.FunctionType) or not plain.__defaults__:
        return args
    missing = plain.__code__.co_argcount - 1 - len(args)
    return (*args, *plain.__defaults__[-missing:]) if 0 < missing <= len(plain.__defaults__) else args


#: Functions without a closure, by their code and defaults: a lambda in a loop is compiled once.
_alike: dict[Any, Any] = {}
_MOST_ALIKE = 256


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
        if len(_alike) >= _MOST_ALIKE:
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
    own = function if function is not plain else jit.of_user(plain, boundscheck=True)
    window = types.Array(types.float64, 1, "C"), *kinds
    try:
        own.compile(window)
    except RecursionError:
        raise TypeError(_unbounded(plain)) from None
    except Exception as error:  # Numba also raises errors of Python here
        raise TypeError(_refused(plain, error)) from None
    result = own.overloads[window].signature.return_type
    check_type(plain, result, outputs)
    loop = jit.of_user(windows.over_windows(own, size, outputs))
    return Compiled(loop, _in_lanes(function, plain, size, kinds, outputs))


def check_type(plain: Any, result: Any, outputs: int) -> None:
    """Check what a compiled function returns."""
    found = result.types if isinstance(result, types.BaseTuple) else (result,)
    numbers = all(isinstance(types.unliteral(t), types.Integer | types.Float | types.Boolean) for t in found)
    if outputs == 1 and isinstance(result, types.BaseTuple):
        numbers = False
    if not numbers or len(found) != outputs:
        raise TypeError(f"function {name_of(plain)}() must return {_wanted(outputs)}, got {_plainly(result)}")


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
    function: Any, plain: python.FunctionType, size: int, kinds: tuple[Any, ...], outputs: int
) -> Callable[..., None] | None:
    """Return the loop over vectors of windows, or None if the function is not one of vectors."""
    if getattr(function, "targetoptions", {}).get("fastmath"):
        return None  # its own options say how it is computed
    try:
        lanes = jit.of_user(plain)
        lanes.compile((windows.LaneWindow(size), *kinds))
        loop = jit.of_user(windows.over_lanes(lanes, size))
        loop.compile((*(types.int64,) * 8, types.Tuple(kinds)))
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


def results_of(function: Any, value: Any, outputs: int) -> tuple[float, ...]:
    """Return what a Python function returned, as numbers."""
    values = tuple(value) if outputs > 1 and isinstance(value, tuple | list) else (value,)
    words = str | bytes | complex | np.complexfloating
    if len(values) == outputs and not any(isinstance(v, words) or np.ndim(v) for v in values):
        try:
            return tuple(map(float, values))
        except (TypeError, ValueError):  # None, for example
            pass
    raise TypeError(
        f"function {name_of(function)}() must return {_wanted(outputs)}, got {arguments.brief(value)}"
    )


def _wanted(outputs: int) -> str:
    return "a number" if outputs == 1 else f"a tuple of {outputs} numbers, for outputs={outputs}"


def run_line(
    function: Any,
    size: int,
    args: tuple[Any, ...],
    samples: npt.NDArray[np.float64],
    present: npt.NDArray[np.uint8] | None,
    offsets: npt.NDArray[np.int64],
    result: npt.NDArray[np.float64],
    at: npt.NDArray[np.int64],
) -> None:
    """Write the results of windows that begin at one sample after the other.

    Sample k of a window is `offsets[k]` bytes after its first sample. In `at`, the second number is the
    window that is computed.
    """
    ready, count = compiled(function, size, with_defaults(function, args), 1), len(result)
    start, further = np.zeros(1, np.int64), max(count, windows.LANES)
    found = result
    if ready.in_lanes is not None and present is None and count < windows.LANES:
        # The vector is longer than the line.
        samples, found = np.concatenate([samples, np.zeros(windows.LANES)]), np.empty(windows.LANES)
    line = address(offsets), address(start), 1, count, address(found), 8 * further, 8 * further
    args = with_defaults(function, args)
    if present is None and ready.in_lanes is not None:
        ready.in_lanes(address(samples), *line, args)
    else:
        there = 0 if present is None else address(present)
        ready.one_by_one(address(samples), there, *line, 1, address(at), args)
    if found is not result:
        result[:] = found[:count]


def run_line_in_python(
    function: Any,
    args: tuple[Any, ...],
    samples: npt.NDArray[np.float64],
    present: npt.NDArray[np.uint8] | None,
    offsets: npt.NDArray[np.int64],
    result: npt.NDArray[np.float64],
    at: npt.NDArray[np.int64],
) -> None:
    """Do what `run_line` does, and call the function as Python."""
    for x in range(len(result)):
        at[1] = x
        places = x + offsets // 8
        if present is not None:
            places = places[present[places] != 0]
        value = function(samples[places], *args) if len(places) else np.nan
        (result[x],) = results_of(function, value, 1)
