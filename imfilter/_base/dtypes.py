"""The table of element types: types of inputs, of results and of the arithmetic."""

import functools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

#: Types that the kernels read and write directly. Arrays of other types are converted before or after.
NATIVE = frozenset(
    np.dtype(t)
    for t in ("uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64", "float32", "float64")
)
_NARROW = frozenset(np.dtype(t) for t in ("bool", "uint8", "int8", "uint16", "int16", "float16", "float32"))

FLOAT32 = np.dtype(np.float32)
FLOAT64 = np.dtype(np.float64)


def is_real(dtype: np.dtype) -> bool:
    """Tell whether `dtype` is a real number or bool."""
    return dtype.kind in "biuf"


@functools.lru_cache(64)
def derived(dtype: np.dtype) -> np.dtype:
    """Return the result type of filters that do not average: float32, or float64 for wide types."""
    return FLOAT32 if dtype.newbyteorder("=") in _NARROW else FLOAT64


@functools.lru_cache(256)
def working(source: np.dtype, target: np.dtype) -> np.dtype:
    """Return the type of the arithmetic between `source` and `target`.

    It is never narrower than the result. Results of 16-bit integers need float64: float32 has 24 bits, and
    the error of a sum would change the last of the 16 bits in one pixel of a hundred.
    """
    if source.newbyteorder("=") not in _NARROW or target.newbyteorder("=") not in _NARROW:
        return FLOAT64
    return FLOAT64 if target.kind in "iu" and target.itemsize == 2 else FLOAT32


def readable(image: npt.NDArray) -> npt.NDArray:
    """Return `image` in a type and byte order that the kernels read. Share the memory where possible."""
    dtype = image.dtype
    if dtype in NATIVE and dtype.isnative:
        return image
    if dtype.kind == "b":
        return image.view(np.uint8)
    native = dtype.newbyteorder("=")
    if native in NATIVE:
        return image.astype(native)
    # float16 widens without loss. Long double is rounded to the type of the arithmetic.
    return image.astype(FLOAT32 if native == np.float16 else FLOAT64)


def ordered(array: npt.NDArray) -> npt.NDArray:
    """Return an aligned array in C order: how NumPy rounds sums and products depends on the layout."""
    return np.require(array, requirements=("C", "A"))


@functools.lru_cache(256)
def direct_target(dtype: np.dtype, real: np.dtype) -> np.dtype:
    """Return the type that kernels write for a result of `dtype`: that type, or one that `place` converts."""
    native = dtype.newbyteorder("=")
    return native if native in NATIVE else real


def narrowed(value: float, dtype: np.dtype) -> float:
    """Return a number rounded to a float type. Too large numbers become infinity, as in an image."""
    if value == 0 or dtype == FLOAT64:
        return value
    with np.errstate(over="ignore"):
        return float(dtype.type(value))


def target(
    out: npt.NDArray | None, image: npt.NDArray, shape: tuple[int, ...], dtype: np.dtype
) -> npt.NDArray:
    """Return the array that kernels write: `out` if its type fits and it shares no memory with `image`."""
    if out is not None and dtype == out.dtype and not np.may_share_memory(out, image):
        return out
    return empty(shape, dtype)


def empty(shape: tuple[int, ...], dtype: np.dtype) -> npt.NDArray:
    """Return a new array. The error message names the shape and the dtype that do not fit into memory."""
    try:
        return np.empty(shape, dtype)
    except (MemoryError, ValueError, OverflowError):  # more than the memory or the address space
        raise MemoryError(f"a result of shape {shape} and dtype {dtype} does not fit into memory") from None


def enlarged(results: npt.NDArray, unit: float, error: int) -> npt.NDArray:
    """Return results of samples that were multiplied by a unit, divided by it. They are overwritten.

    A result that only its rounding error takes out of the range is the largest number: a mean of samples that
    are the largest number must not be infinite. The `error` is in units of the last place.
    """
    info = np.finfo(results.dtype)
    most = results.dtype.type(float(info.max) * unit)
    near = np.abs(np.abs(results) - most) <= most * info.eps * error
    np.clip(results, -most, most, out=results, where=near)
    with np.errstate(over="ignore"):
        results /= results.dtype.type(unit)
    return results


def blank(shape: Sequence[int], dtype: npt.DTypeLike) -> npt.NDArray:
    """Return an image of zeros with one sample of memory.

    Its shape and type are enough to check a call, and for the header of a stack.
    """
    return np.broadcast_to(np.zeros((), dtype), tuple(shape))


def place(values: npt.NDArray, out: npt.NDArray) -> None:
    """Write `values` to `out`, rounded half to even and saturated. In integers, NaN becomes 0."""
    if out.dtype.kind == "f" or values.dtype == out.dtype.newbyteorder("="):
        with np.errstate(over="ignore"):
            out[...] = values
    elif values.dtype.kind in "iu":
        low, high = (0, 1) if out.dtype.kind == "b" else (np.iinfo(out.dtype).min, np.iinfo(out.dtype).max)
        own = np.iinfo(values.dtype)
        out[...] = np.clip(values, max(low, own.min), min(high, own.max)).astype(out.dtype)
    elif out.dtype.kind == "b":
        with np.errstate(invalid="ignore"):
            out[...] = np.rint(values) >= 1
    else:
        bounds = np.iinfo(out.dtype)
        whole = np.asarray(np.rint(values))  # of an array without axes, it is a NumPy scalar
        if bounds.bits <= 16:  # floats hold these integers exactly
            np.clip(whole, bounds.min, bounds.max, out=whole)
            if (absent := np.isnan(whole)).any():
                whole[absent] = 0
            out[...] = whole
            return
        np.nan_to_num(whole, copy=False, nan=0.0, posinf=np.inf, neginf=-np.inf)
        # The largest integer may have no float of its own: the float above it is the first that does not fit.
        above, below = whole >= float(bounds.max), whole <= float(bounds.min)
        whole[above | below] = 0
        out[...] = whole.astype(out.dtype)
        out[above] = bounds.max
        out[below] = bounds.min


def neutral(dtype: np.dtype, *, largest: bool) -> Any:
    """Return the sample that changes no maximum (`largest`) or no minimum of others."""
    if dtype.kind == "b":
        return dtype.type(not largest)
    if dtype.kind == "f":
        return dtype.type(-np.inf if largest else np.inf)
    return dtype.type(np.iinfo(dtype).min if largest else np.iinfo(dtype).max)


def rounded(dtype: np.dtype, value: float | np.longdouble) -> Any:
    """Return a number rounded and saturated to a type, as `place` does. Integers of any size are exact."""
    if dtype.kind == "f":
        if dtype == FLOAT64:
            return float(value)
        with np.errstate(over="ignore"):
            # Convert through long double, which does not raise for an integer that is too large.
            return np.longdouble(value).astype(dtype).item()
    if value != value:
        return 0
    low, high = (0, 1) if dtype.kind == "b" else (int(np.iinfo(dtype).min), int(np.iinfo(dtype).max))
    if not low <= value <= high:
        return high if value > 0 else low
    return value if isinstance(value, int) else int(np.rint(value))


def holds(dtype: np.dtype, value: float | np.longdouble) -> bool:
    """Tell whether a type represents a number exactly."""
    if value != value or negative_zero(value):
        return dtype.kind == "f"
    # Python compares integers and floats exactly. NumPy converts integers to floats first.
    return bool(rounded(dtype, value) == value)


def negative_zero(value: float | np.longdouble) -> bool:
    """Tell whether a number is -0.0, which equals 0 and sorts before it."""
    return value == 0 and math.copysign(1.0, value) < 0
