"""The top of a parabola through three neighbours."""

from typing import Any

import numpy as np
import numpy.typing as npt


def top_of_parabola(before: npt.NDArray, here: npt.NDArray, after: npt.NDArray) -> Any:
    """Return the distance of the top from the middle sample, at most one half; 0 if there is no top."""
    bend = before - 2 * here + after
    with np.errstate(all="ignore"):
        shift = (before - after) / (2 * bend)
    shift[~np.isfinite(shift) | (bend >= 0)] = 0.0
    return np.clip(shift, -0.5, 0.5)
