"""The hit-or-miss transform: where a binary image fits a pattern of present and absent samples."""

from typing import Any

import numpy as np
import numpy.typing as npt

from imfilter._base import arguments, dtypes
from imfilter._base.inside import of, remasked
from imfilter._base.keywords import Common
from imfilter._base.missing import split
from imfilter._base.threads import requested
from imfilter._filters.rank import apply as rank
from imfilter._filters.rank.picks import first, last


def hit_or_miss(image: Any, present: Any, absent: Any, common: Common) -> npt.NDArray:
    """Return where all samples of `present` are foreground, and all of `absent` are background."""
    bare, own = split(image)
    array = arguments.image(bare)
    axes = arguments.axes(array, common.axes, common.channel_axis)
    hit = _element(present, "present", len(axes))
    miss = ~hit if absent is None else _element(absent, "absent", len(axes))
    place = arguments.fitting(arguments.out(common.out), array.shape)
    workers = requested(common.workers)
    inside = of(array, own, common.mask, common.nan, channel_axis=common.channel_axis)
    found = array != 0
    fit = found if inside is None else found | ~inside
    result = np.ones(array.shape, bool)
    shared = Common(mode="constant", axes=axes, workers=workers)
    if hit.any():
        result &= rank.apply(fit, first, 3, hit, shared)
    if miss.any():
        clear = found if inside is None else found & inside
        result &= ~rank.apply(clear, last, 3, miss, shared)
    if inside is not None:
        result &= inside
    if place is not None:
        dtypes.place(result.view(np.uint8), place)
    return remasked(result if place is None else place, own, inside)


def _element(value: Any, name: str, n: int) -> npt.NDArray[np.bool_]:
    """Return an element over `n` axes."""
    inside: npt.NDArray[np.bool_] = arguments.numbers_of(value, name) != 0
    if inside.ndim != n:
        raise ValueError(
            f"{name} must have {n} axes, one for each filtered axis, got {inside.ndim} (shape {inside.shape})"
        )
    if not inside.size:
        raise ValueError(f"{name} must not be empty, got shape {inside.shape}")
    return inside
