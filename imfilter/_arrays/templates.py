"""Template matching in a lazy image: all blocks subtract one mean, as the whole image does."""

from typing import Any

import numpy as np
import numpy.typing as npt

from imfilter import matching
from imfilter._arrays import lazy, reaches
from imfilter._arrays.calls import Call
from imfilter._arrays.reduced import reduced
from imfilter._arrays.rules import Rule

_RULE = Rule(tried=True, reach=reaches.template)


def match_template(call: Call) -> Any:
    """Return the lazy result of `imfilter.match_template`."""
    image = call.image
    step = matching.step_of(image.size, image.ndim)
    some = image[(slice(None, None, step),) * image.ndim].rechunk(-1)
    offset = reduced([some], _part, _offset)
    return lazy.filtered(call, _RULE, block, {"offset": offset})


def _part(blocks: list[npt.NDArray], settings: Any) -> npt.NDArray:
    return np.ma.getdata(blocks[0])


def _offset(found: list[npt.NDArray], settings: Any) -> float:
    return matching.mean_of(found[0])


def block(image: npt.NDArray, template: Any, *, offset: float, **options: Any) -> npt.NDArray:
    """Return the coefficients of a block."""
    token = matching.known_offset.set(offset)
    try:
        return matching.match_template(image, template, **options)
    finally:
        matching.known_offset.reset(token)
