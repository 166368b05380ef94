"""Selection of points at a minimum distance from each other. Its time is proportional to their number."""

import math
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from imfilter._base.program import address, set_addresses
from imfilter._filters.corners.kernels.spacing import APART_JOB, keep_apart

#: Larger than any squared distance in an image.
_FAR = 1 << 62


def select(
    points: npt.NDArray[np.int64],
    shape: tuple[int, ...],
    distance: float,
    metric: str,
    most: int | None,
) -> npt.NDArray[np.int64]:
    """Return the points that are not too near to an earlier returned point, at most `most` points."""
    if distance <= 1 or len(points) < 2:
        return points[:most]
    count, axes = points.shape
    # Distances along axes are integers, and so are their squares.
    squared = metric == "euclidean"
    near = Fraction(distance) ** 2 if squared else Fraction(distance)
    side = min(math.ceil(distance), max(shape))
    cells = [-(-n // side) for n in shape]
    steps = [math.prod(cells[a + 1 :]) for a in range(axes)]
    job = np.zeros(1, APART_JOB)
    job["count"], job["axes"], job["side"], job["squared"] = count, axes, side, squared
    job["near"], job["most"] = min(math.ceil(near), _FAR), count if most is None else min(most, count)
    result, n_kept = np.empty(count, np.int64), np.zeros(1, np.int64)
    tables = {"points": points, "cells": np.array(cells), "steps": np.array(steps)}
    tables |= {"last": np.zeros(math.prod(cells), np.int64), "before": np.empty(count, np.int64)}
    tables |= {"kept": result, "n_kept": n_kept}
    tables |= {name: np.empty(axes, np.int64) for name in ("low", "high", "at")}
    owners = set_addresses(job, tables)
    keep_apart.entry()(address(owners[0]))
    return points[result[: int(n_kept[0])]]
