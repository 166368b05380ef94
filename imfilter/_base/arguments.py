"""Checks of arguments. A message names the argument, the value received and the accepted values."""

import math
import numbers
import operator
import os
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from imfilter._base import colour_warning, dtypes
from imfilter._base.suggestions import INTERPOLATIONS, suggestion

#: Types of numbers, the most frequent first. Types of truth values, which are not accepted as numbers.
_REAL = float, int, np.floating, np.integer, numbers.Real
_TRUTH = bool, np.bool_


def _name(value: Any) -> str:
    """Return `value` as short text for a message."""
    if isinstance(value, int) and abs(value) >= 10**40:  # Python does not convert very long integers to text
        return "an integer of more than 40 digits"
    text = f"{type(value).__name__} of shape {value.shape}" if isinstance(value, np.ndarray) else repr(value)
    text = " ".join(text.split())
    return text if len(text) <= 80 else text[:77] + "..."


brief = _name  # for the messages of other modules


def image(value: npt.ArrayLike, name: str = "image") -> npt.NDArray:
    """Return `value` as an array of real numbers with at least one element and one axis."""
    array = _real_array(value, name, "")
    if array.ndim == 0:
        raise ValueError(f"{name} must have at least one axis, got the number {_name(value)}")
    if array.size == 0:
        raise ValueError(f"{name} must not be empty, got shape {array.shape}")
    return array


def numbers_of(
    value: npt.ArrayLike, name: str, advice: str = "fill the masked samples with NaN first"
) -> npt.NDArray:
    """Return `value` as an array of real numbers of any shape. `advice` is for masked arrays."""
    return _real_array(value, name, "", advice)


def series(value: npt.ArrayLike, name: str = "x") -> npt.NDArray:
    """Return `value` as an array of real numbers with at least one axis; it may be empty."""
    array = numbers_of(value, name)
    if array.ndim == 0:
        raise ValueError(f"{name} must have at least one axis, got the number {_name(value)}")
    return array


def plane(value: npt.ArrayLike) -> npt.NDArray:
    """Return an image of two axes."""
    array = image(value)
    if array.ndim != 2:
        raise ValueError(
            f"image must have 2 axes, got shape {array.shape}; "
            "convert a colour image to grey first, with imfilter.color.rgb_to_gray"
        )
    return array


def unmasked(value: Any, name: str, advice: str = "fill the masked samples first") -> None:
    """Refuse masked arrays, because the filters would ignore the mask."""
    if type(value) is np.ndarray:  # the usual case
        return
    several = isinstance(value, list | tuple) and value and isinstance(value[0], np.ndarray)
    for array in value if several else (value,):
        if isinstance(array, np.ndarray) and hasattr(array, "mask"):
            raise TypeError(f"{name} must be an array without mask, got a masked array: {advice}")


def _real_array(
    value: Any, name: str, hint: str, advice: str = "fill the masked samples first"
) -> npt.NDArray:
    """Return `value` as an array of real numbers."""
    unmasked(value, name, advice)
    if not isinstance(value, np.ndarray | list | tuple) and hasattr(value, "__dask_graph__"):
        _in_memory(value, name)
    try:
        array = value if isinstance(value, np.ndarray) else np.asarray(value)
    except ValueError:
        raise ValueError(
            f"{name} must be an array, got a sequence of rows of different lengths{hint}"
        ) from None
    if not dtypes.is_real(array.dtype):
        what = f"dtype {array.dtype}" if isinstance(value, np.ndarray) else _name(value)
        if hasattr(getattr(value, "pixels", None), "ndim"):  # this module does not know the class
            what = f"the {type(value).__name__} of a file; its array is .pixels"
        elif name == "image" and isinstance(value, str | os.PathLike):
            what += "; imfilter.io.read(path).pixels is the array of a file"
        raise TypeError(f"{name} must contain real numbers, got {what}")
    return array


def _in_memory(value: Any, name: str) -> None:
    """Refuse lazy arrays, which NumPy would compute. Labelled arrays in memory have no graph."""
    if value.__dask_graph__() is not None:
        raise TypeError(f"{name} must be in memory, got a lazy array of dask: use {name}.compute()")


def axis_index(value: Any, ndim: int, name: str) -> int:
    """Return one axis as a number from 0 to `ndim` - 1."""
    axis = integer(value, name)
    if not -ndim <= axis < ndim:
        raise ValueError(f"{name} must be from {-ndim} to {ndim - 1} for {ndim} axes, got {axis}")
    return axis % ndim


def colours(array: npt.NDArray, channel_axis: Any, name: str = "image") -> int:
    """Return the axis of exactly three channels, as a number from 0."""
    axis = axis_index(channel_axis, array.ndim, "channel_axis")
    channels = array.shape[axis]
    if channels != 3:
        hint = "give the channel axis with channel_axis="
        if channels == 4:
            hint = f"remove or blend the alpha channel first: np.delete({name}, 3, axis={channel_axis})"
        raise ValueError(
            f"{name} must have 3 channels along channel_axis={channel_axis}, got {channels} "
            f"in shape {array.shape}; {hint}"
        )
    return axis


def axes(array: npt.NDArray, axes: Any, channel_axis: Any, name: str = "image") -> tuple[int, ...]:
    """Return the axes to filter. Warn if the image looks like a colour image without `channel_axis`."""
    colour_warning.of_colours(array, axes, channel_axis, name)
    return chosen_axes(array, axes, channel_axis)


def chosen_axes(array: npt.NDArray, axes: Any, channel_axis: Any) -> tuple[int, ...]:
    """Return the axes to filter, in the given order. Default: all axes except the channel axis."""
    ndim = array.ndim
    channel = None if channel_axis is None else axis_index(channel_axis, ndim, "channel_axis")
    if axes is None:
        chosen = tuple([a for a in range(ndim) if a != channel])
        if not chosen:
            raise ValueError(f"channel_axis={channel_axis} leaves no axis to filter in shape {array.shape}")
        if len(chosen) > 3:
            raise ValueError(
                f"axes must name at most 3 axes to filter, got None for an image of {ndim} axes; "
                "the other axes are batch axes"
            )
        return chosen
    if isinstance(axes, np.ndarray) and axes.ndim == 1:
        axes = tuple(axes)
    given = axes if isinstance(axes, Sequence) and not isinstance(axes, str | bytes) else (axes,)
    chosen = tuple(axis_index(a, ndim, "axes") for a in given)
    if not 1 <= len(chosen) <= 3:
        raise ValueError(f"axes must name 1 to 3 axes, got {_name(axes)}")
    if len(set(chosen)) < len(chosen):
        raise ValueError(f"axes must be different, got {_name(axes)}")
    if channel in chosen:
        raise ValueError(f"axes must not contain channel_axis={channel_axis}, got {_name(axes)}")
    return chosen


def number(value: Any, name: str, *, finite: bool = True) -> float:
    """Return a real number."""
    if isinstance(value, float) and math.isfinite(value):  # also float64
        return float(value)
    if isinstance(value, np.ndarray) and value.ndim == 0:
        value = value[()]
    if not isinstance(value, _REAL) or isinstance(value, _TRUTH):
        raise TypeError(f"{name} must be a number, got {_name(value)}")
    try:
        result = float(value)
    except OverflowError:
        raise ValueError(f"{name} must fit into float64, got {_name(value)}") from None
    if finite and not math.isfinite(result):
        raise ValueError(f"{name} must be finite, got {result}")
    return result


def share(value: Any, name: str) -> float:
    """Return a number from 0 to 1."""
    found = number(value, name)
    if not 0 <= found <= 1:
        raise ValueError(f"{name} must be from 0 to 1, got {found}")
    return found


def beyond(cval: Any, mode: str, *, finite: bool = False) -> float:
    """Return the value beyond the border: `cval` with the mode 'constant', otherwise 0.

    `cval` must be a number with every mode. It must be `finite` only where it counts.
    """
    counts = mode == "constant"
    found = number(cval, "cval", finite=finite and counts)
    return found if counts else 0.0


def constant(value: Any, name: str) -> int | float | np.longdouble:
    """Return a real number without rounding, including long integers and long doubles."""
    result = number(value, name, finite=False)
    if isinstance(value, np.ndarray):
        value = value[()]
    if isinstance(value, numbers.Integral):
        return int(value)
    return value if isinstance(value, np.longdouble) else result


def integer(value: Any, name: str, *, least: int | None = None, most: int | None = None) -> int:
    """Return an integer from `least` to `most`."""
    result = value if type(value) is int else _integer(value, name)
    if least is not None and result < least:
        raise ValueError(f"{name} must be at least {least}, got {_name(result)}")
    if most is not None and result > most:
        raise ValueError(f"{name} must be at most {most}, got {_name(result)}")
    return result


def _integer(value: Any, name: str) -> int:
    """Return an integer of another type as an int."""
    if isinstance(value, _TRUTH) or not hasattr(value, "__index__"):
        raise TypeError(f"{name} must be an integer, got {_name(value)}")
    try:
        return operator.index(value)
    except TypeError:  # an array of floats has the method, which raises
        raise TypeError(f"{name} must be an integer, got {_name(value)}") from None


def each(value: Any, n: int | None, name: str) -> tuple[Any, ...]:
    """Return one entry for each of `n` filtered axes, from a scalar or a sequence. None: any length."""
    if isinstance(value, np.ndarray) and value.ndim > 0:
        if value.ndim > 1:
            more = "; footprint= takes a window of any shape, and correlate takes weights"
            raise TypeError(
                f"{name} must be one number or one for each filtered axis, "
                f"got an array of shape {value.shape}{more if name == 'size' else ''}"
            )
        value = tuple(value)
    if not isinstance(value, _REAL) and isinstance(value, Sequence) and not isinstance(value, str | bytes):
        if n is not None and len(value) != n:
            raise ValueError(
                f"{name} must be one number or one for each of {n} filtered axes, got {_name(value)}"
            )
        return tuple(value)
    return (value,) * (1 if n is None else n)


def integers(value: Any, n: int, name: str, *, least: int) -> tuple[int, ...]:
    """Return an integer for each of `n` filtered axes."""
    if type(value) is int and value >= least:
        return (value,) * n
    return tuple(integer(v, name, least=least) for v in each(value, n, name))


def sigmas(value: Any, n: int, name: str = "sigma") -> tuple[float, ...]:
    """Return a finite standard deviation of at least 0 for each of `n` filtered axes."""
    if isinstance(value, float) and 0 <= value < math.inf:  # the usual case, also float64
        return (float(value),) * n
    result = tuple(number(v, name) for v in each(value, n, name))
    for sigma in result:
        if sigma < 0:
            raise ValueError(f"{name} must be at least 0, got {sigma}")
    return result


def interval(value: Any, name: str) -> tuple[float, float]:
    """Return two numbers, the lower one first, with a finite difference."""
    several = value.ndim == 1 if isinstance(value, np.ndarray) else isinstance(value, list | tuple)
    if several and len(value) == 2:
        low, high = (number(v, name) for v in value)
        if low < high and high - low < math.inf:
            return low, high
    error = ValueError if isinstance(value, (*_REAL, Sequence, np.ndarray)) else TypeError
    raise error(f"{name} must be two numbers, the lower one first, got {_name(value)}")


def spacings(value: Any, n: int) -> tuple[float, ...]:
    """Return the distance between samples along each of `n` filtered axes; None is 1."""
    if value is None:
        return (1.0,) * n
    result = tuple(number(v, "spacing") for v in each(value, n, "spacing"))
    for spacing in result:
        if spacing <= 0:
            raise ValueError(f"spacing must be positive, got {spacing}")
    return result


def word(value: Any, name: str, words: tuple[str, ...]) -> str:
    """Return one of several words."""
    if not isinstance(value, str) or value not in words:
        message = f"{name} must be one of {', '.join(map(repr, words))}, got {_name(value)}"
        if not isinstance(value, str):
            raise TypeError(message)
        ours = INTERPOLATIONS.get(value.lower())
        raise ValueError(message + suggestion(value, words, ours if ours in words else None))
    return value


def flag(value: Any, name: str) -> bool:
    """Return a truth value."""
    if not isinstance(value, _TRUTH):
        raise TypeError(f"{name} must be True or False, got {_name(value)}")
    return bool(value)


def taps(value: npt.ArrayLike, name: str) -> npt.NDArray[np.float64]:
    """Return the weights of a kernel as float64. They must be real and finite, and not empty."""
    array = _real_array(value, name, "; a separable kernel is a sequence of 1-D NumPy arrays")
    if array.size == 0:
        raise ValueError(f"{name} must not be empty, got shape {array.shape}")
    weights = array.astype(np.float64)
    flat = weights.ravel()
    # If a value is NaN, both are NaN. `isfinite` of all values takes 2 us more.
    if not (math.isfinite(flat.item(flat.argmin())) and math.isfinite(flat.item(flat.argmax()))):
        raise ValueError(
            f"{name} must be finite, got {_name(weights[~np.isfinite(weights)][0].item())} among its values"
        )
    return weights


def kernel(value: Any, n: int) -> npt.NDArray[np.float64] | tuple[npt.NDArray[np.float64], ...]:
    """Return a kernel over `n` axes: a dense array, or a tuple of the 1-D taps of each axis."""
    if (
        isinstance(value, (list, tuple))
        and value
        and all(isinstance(v, np.ndarray) and v.ndim == 1 for v in value)
    ):
        if len(value) != n:
            raise ValueError(
                f"kernel must have one 1-D array for each of {n} filtered axes, got {len(value)} arrays"
            )
        return tuple(taps(v, "kernel") for v in value)
    weights = taps(value, "kernel")
    if weights.ndim != n:
        raise ValueError(
            f"kernel must have {n} axes, one for each filtered axis, "
            f"got {weights.ndim} (shape {weights.shape}); choose them with axes= or channel_axis="
        )
    return weights


def window(size: Any, footprint: Any, n: int) -> tuple[int, ...] | npt.NDArray[np.bool_]:
    """Return the lengths of a box over `n` axes, or a footprint that is not a box."""
    if footprint is None:
        return integers(size, n, "size", least=1)
    if not (isinstance(size, int) and size == 3):  # 3 is the default
        raise ValueError(f"size must be left out if footprint is given, got {_name(size)}")
    inside = _real_array(footprint, "footprint", "") != 0
    if inside.ndim != n:
        raise ValueError(
            f"footprint must have {n} axes, one for each filtered axis, "
            f"got {inside.ndim} (shape {inside.shape})"
        )
    count = np.count_nonzero(inside)  # `any` and `all` take 4 us more
    if not count:
        raise ValueError(f"footprint must not be zero everywhere, got only zeros in shape {inside.shape}")
    return inside.shape if count == inside.size else inside


def out(value: Any) -> npt.NDArray | None:
    """Return the array for the result. It must be writable and contain real numbers."""
    if value is None:
        return None
    if not isinstance(value, np.ndarray):
        raise TypeError(f"out must be a NumPy array, got {_name(value)}")
    unmasked(value, "out", "use its data attribute")
    if not dtypes.is_real(value.dtype):
        raise TypeError(f"out must contain real numbers, got dtype {value.dtype}")
    if not value.flags.writeable:
        raise ValueError("out must be writable, got a read-only array")
    return value


def fitting(value: npt.NDArray | None, shape: tuple[int, ...]) -> npt.NDArray | None:
    """Return the array for the result. It must have the shape of the result."""
    if value is not None and value.shape != shape:
        raise ValueError(f"out must have shape {shape}, got {value.shape}")
    return value


def numpy_dtype(value: Any) -> np.dtype:
    """Return a dtype of NumPy."""
    try:
        return np.dtype(value)
    except TypeError:
        raise TypeError(f"dtype must be a real NumPy dtype, got {_name(value)}") from None


def dtype(value: Any, place: npt.NDArray | None, default: np.dtype) -> np.dtype:
    """Return the dtype of the result: `value`, that of `place`, or the default. The first two must agree."""
    if value is None:
        return default if place is None else place.dtype
    wanted = numpy_dtype(value)
    if not dtypes.is_real(wanted):
        raise TypeError(f"dtype must be a real NumPy dtype, got {wanted}")
    if place is not None and wanted != place.dtype:
        raise ValueError(f"dtype must agree with out, got {wanted} and out of dtype {place.dtype}")
    return wanted
