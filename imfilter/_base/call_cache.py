"""Calls by their arguments: a loop over many small images checks and plans once."""

import contextlib
import marshal
from collections import OrderedDict
from types import NoneType
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from imfilter._base.keywords import Common

_Call = TypeVar("_Call")

#: Types whose values `_bits` tells apart.
_SIMPLE = frozenset({bool, int, float, str, NoneType})
#: The first shared arguments; on `workers` a call does not depend, and on the shape and dtype of `out` alone.
_SHARED = Common._fields.index("out")
#: Calls that are remembered.
_MOST = 256
#: Kernels of more taps are not worth a look-up: they take longer to compare than to check.
_MOST_TAPS = 4096


class Calls(OrderedDict[Any, _Call]):
    """What calls have settled, by keys of `key_of`, the oldest first."""

    def keep(self, key: Any, call: _Call) -> None:
        """Remember a call, unless it has no key."""
        if key is not None:
            self[key] = call
            while len(self) > _MOST:
                with contextlib.suppress(KeyError):  # another thread was faster
                    self.popitem(last=False)


def key_of(array: npt.NDArray, out: Any, common: Common, fixed: Any, *given: tuple[Any, ...]) -> Any:
    """Return what stands for a call in a look-up: its image, its place, the filter, its arguments.

    None if there is an argument that may change unseen, or that may not be right.
    """
    place = None
    if out is not None:
        if type(out) is not np.ndarray:
            return None
        place = out.shape, out.dtype, out.flags.writeable
    try:
        return fixed, tuple(map(words, given)), words(common[:_SHARED]), array.shape, array.dtype, place
    except TypeError:
        return None


def words(values: tuple[Any, ...]) -> Any:
    """Return what stands for arguments in a look-up; raise TypeError if one may change unseen."""
    return _bits(tuple(values)) if _SIMPLE.issuperset(map(type, values)) else tuple(map(_word, values))


def _bits(value: Any) -> bytes:
    """Return the type and the bits of simple values, in half a microsecond less than their names.

    1, 1.0 and True are three arguments, 0.0 and -0.0 are two, and NaN is one, whatever they are equal to.
    Version 2 writes floats in binary, and nothing that depends on who else holds a value.
    """
    return marshal.dumps(value, 2)


def _word(value: Any) -> Any:
    """Return what stands for one argument."""
    kind = type(value)
    if kind in _SIMPLE:
        return _bits(value)
    if isinstance(value, np.ndarray):
        if value.size > _MOST_TAPS or value.dtype.kind == "O":
            raise TypeError
        return value.shape, value.dtype, value.tobytes()
    if isinstance(value, np.generic):
        return value.dtype, value.tobytes()
    if isinstance(value, np.dtype | type):
        return kind, value
    if isinstance(value, tuple | list):
        return kind, *map(_word, value)
    raise TypeError
