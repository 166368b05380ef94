"""Cache of calls by their arguments: a loop over many small images checks and plans once."""

import copy
import marshal
from collections import OrderedDict
from collections.abc import Callable
from types import NoneType
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from imfilter._base.keywords import Common

_Call = TypeVar("_Call")

#: Types whose values `_bits` distinguishes.
_SIMPLE = frozenset({bool, int, float, str, NoneType})
#: Types of sequences of simple values that `_bits` distinguishes.
_PLAIN = frozenset({tuple, list})
#: Other types of arguments. To make a union of two takes as long as to look for one.
_TYPES, _SEQUENCES = (np.dtype, type), (tuple, list)
#: Borders that do not use `cval`. Common calls have one of them.
_WITHOUT_VALUE = ("mirror", "edge")
#: Number of calls that the cache keeps.
_MOST = 256
#: Kernels with more taps are not looked up: comparing them takes longer than checking them.
_MOST_TAPS = 4096


class Calls(OrderedDict[Any, _Call]):
    """A cache of settled calls by the keys of `key_of`, the oldest first."""

    def keep(self, key: Any, call: _Call) -> None:
        """Keep a call, unless its key is None."""
        if key is not None:
            self[key] = call
            while len(self) > _MOST:
                try:
                    self.popitem(last=False)
                except KeyError:  # another thread was faster
                    break


def remembered(
    calls: Calls[_Call], make: Callable[..., _Call], array: npt.NDArray, own: tuple[Any, ...]
) -> _Call:
    """Return ``make(array, *own)``, made once for images of one shape and type and the same arguments."""
    key: Any
    try:
        key = make, words(own), array.shape, array.dtype
        known = calls.get(key)
    except TypeError:  # an argument may change without notice
        key = known = None
    if known is None:
        known = make(array, *(own if key is None else unshared(own)))
        calls.keep(key, known)
    return known


def unshared(own: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return copies of arguments that have a key: the caller may change an array while the call is kept."""
    return own if _SIMPLE.issuperset(map(type, own)) else copy.deepcopy(own)


def key_of(array: npt.ArrayLike, common: Common, fixed: Any, given: tuple[tuple[Any, ...], ...]) -> Any:
    """Return the cache key of a call: its image, the shared arguments, the filter and its own arguments.

    Return None if the image or `out` is not an array, or if an argument may change without notice, may be
    invalid, or asks for missing data. The key of shared arguments is the border if the others have their
    defaults. The borders 'mirror' and 'edge' do not use `cval`, so any float is accepted as the default.
    """
    if type(array) is not np.ndarray:
        return None
    mode, cval, axes, channel_axis, dtype, out, _, mask, nan, min_coverage = common
    if mask is not None or type(nan) is not str or nan != "propagate":
        return None
    if type(min_coverage) is not float or min_coverage:
        return None
    place = None
    if out is not None:
        if type(out) is not np.ndarray:
            return None
        place = out.shape, out.dtype, out.flags.writeable
    plain = axes is channel_axis is dtype is None and type(mode) is str and type(cval) is float
    try:
        shared = mode if plain and mode in _WITHOUT_VALUE else words((mode, cval, axes, channel_axis, dtype))
        own = words(given[0]) if len(given) == 1 else tuple(map(words, given))
        return fixed, own, shared, array.shape, array.dtype, place
    except TypeError:
        return None


def words(values: tuple[Any, ...]) -> Any:
    """Return the cache key of arguments. Raise TypeError if one may change without notice."""
    if _SIMPLE.issuperset(map(type, values)):
        return _bits(tuple(values))
    for value in values:
        kind = type(value)
        if kind not in _SIMPLE and not (kind in _PLAIN and _SIMPLE.issuperset(map(type, value))):
            break
    else:
        return _bits(tuple(values))
    # The simple values of a call of eight arguments together take 2 us less than one after the other.
    simple, others = [], []
    for value in values:
        if _plain(value):
            simple.append(value)
        else:
            simple.append(...)
            others.append(_word(value))
    return (_bits(tuple(simple)), *others) if others else _bits(tuple(simple))


def _plain(value: Any) -> bool:
    """Tell whether a value is simple, or a sequence of simple values."""
    kind = type(value)
    return kind in _SIMPLE or (kind in _PLAIN and _SIMPLE.issuperset(map(type, value)))


def _bits(value: Any) -> bytes:
    """Return the type and the bits of simple values. This takes 0.5 us less than a tuple of their names.

    1, 1.0 and True give three keys. 0.0 and -0.0 give two keys. NaN gives one key. Equality does not matter.
    Version 2 of the format writes floats in binary. Its bytes do not depend on reference counts.
    """
    return marshal.dumps(value, 2)


def _word(value: Any) -> Any:
    """Return the cache key of one argument."""
    if _plain(value):
        return _bits(value)
    kind = type(value)
    # Other subclasses, such as masked arrays, are checked each time.
    if kind is np.ndarray or getattr(kind, "known_by_samples", False):
        if value.size > _MOST_TAPS or value.dtype.kind == "O":
            raise TypeError
        return value.shape, value.dtype, value.tobytes()
    if isinstance(value, np.generic):
        return value.dtype, value.tobytes()
    if isinstance(value, _TYPES):
        return kind, value
    if isinstance(value, _SEQUENCES):
        return kind, *map(_word, value)
    raise TypeError
