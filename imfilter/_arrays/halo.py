"""The samples around a part of an image that its results depend on, for any public function."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from imfilter._arrays.calls import Call, dry, filtered_axes
from imfilter._arrays.rules import BLOCKS, POINTS, RULES
from imfilter._base import dtypes
from imfilter._base.plan import settled
from imfilter._base.reach import Reach


def of(
    function: Callable[..., Any], shape: tuple[int, ...], dtype: Any, *args: Any, **options: Any
) -> Reach | None:
    """Return the samples that a result depends on along each axis, or None if that may be all of them.

    Nothing is computed. `shape` and `dtype` are those of the image, as for `imfilter.plan`.
    """
    image = dtypes.blank(shape, dtype)
    call = Call.of(function, (image, *args), options)
    rule = RULES.get(call.name)
    if rule is not None and rule.kind == POINTS:
        return {}
    if rule is None or rule.kind != BLOCKS:
        return None
    if rule.reach is not None:
        found: Reach = rule.reach(call, filtered_axes(call))
        return found
    return getattr(settled(dry(call, shape).run), "reach", None)


#: Shapes of images larger than most windows. No such image is made.
_SHAPES = ((1 << 13, 1 << 13), (1 << 10, 1 << 10, 1 << 10), (1 << 20,))


def largest(function: Callable[..., Any], options: Mapping[str, Any]) -> int | None:
    """Return the most samples, along any axis and on either side, on which a result depends.

    The image is float32 with as many axes as the options allow, two if any number. None if a result depends
    on the whole image, if it has other axes or another number of samples, if a window is longer than the
    image that is tried, or if the options are refused.
    """
    for shape in _SHAPES:
        try:
            found = of(function, shape, np.float32, **options)
        except (TypeError, ValueError, MemoryError):
            continue
        if found is None or any(along.step != 1 or along.cell != 1 for along in found.values()):
            return None
        most = max((n for along in found.values() for n in (along.before, along.after)), default=0)
        return most if most < min(shape) - 1 else None
    return None
