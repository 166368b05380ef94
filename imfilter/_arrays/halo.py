"""The samples around a part of an image that its results depend on, for any public function."""

from collections.abc import Callable
from typing import Any

import numpy as np

from imfilter._arrays.calls import Call, dry, filtered_axes
from imfilter._arrays.rules import BLOCKS, POINTS, RULES
from imfilter._base.plan import settled
from imfilter._base.reach import Reach


def of(
    function: Callable[..., Any], shape: tuple[int, ...], dtype: Any, *args: Any, **options: Any
) -> Reach | None:
    """Return the samples that a result depends on along each axis, or None if that may be all of them.

    Nothing is computed. `shape` and `dtype` are those of the image, as for `imfilter.plan`.
    """
    image = np.broadcast_to(np.zeros((), dtype), shape)
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
