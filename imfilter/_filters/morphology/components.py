"""Components of binary blocks: those that touch the border or are small are changed."""

import numpy as np
import numpy.typing as npt

from imfilter._base.program import set_addresses
from imfilter._filters.morphology import neighbours as places
from imfilter._filters.morphology.kernels.runs import RUNS_JOB, change_runs, find_runs

#: Larger than every amount.
_NO_LIMIT = (1 << 63) - 1


def at_border(block: npt.NDArray, neighbours: npt.NDArray[np.bool_], *, value: bool, change: bool) -> None:
    """Change the components of `value` that touch the border, or if not `change`, the others."""
    _changed(block, neighbours, value, True, (1, _NO_LIMIT) if change else (0, 1))


def small(block: npt.NDArray, neighbours: npt.NDArray[np.bool_], area: int, *, value: bool) -> None:
    """Change the samples of components of `value` that have less than `area` samples."""
    _changed(block, neighbours, value, False, (0, area))


def _changed(
    block: npt.NDArray, neighbours: npt.NDArray[np.bool_], value: bool, touch: bool, limits: tuple[int, int]
) -> None:
    """Change components in place. The block is contiguous, of bool."""
    shape = (1,) * (3 - block.ndim) + block.shape
    count = shape[0] * shape[1]
    job = np.zeros((), RUNS_JOB)
    firsts = np.zeros(count + 1, np.int64)
    owners = set_addresses(job, {"samples": block, "firsts": firsts, "rows": _rows(neighbours)})
    job["n_rows"] = len(_rows(neighbours))
    job["z"], job["y"], job["x"] = shape
    job["value"], job["touch"] = value, touch
    job["deep"], job["high"] = block.ndim > 2, block.ndim > 1
    job["low"], job["high_amount"] = limits
    least = (shape[2] + 1) // 2
    runs = np.empty((least + max(256, block.size // 64), 4), np.int64)
    while True:
        job["runs"], job["space"] = runs.ctypes.data, len(runs)
        find_runs.entry()(job.ctypes.data)
        if job["row"] == count:
            break
        found = int(job["count"])
        more = np.empty((least + 2 * len(runs), 4), np.int64)
        more[:found] = runs[:found]
        runs = more
    change_runs.entry()(job.ctypes.data)
    del owners


def _rows(neighbours: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    """Return the rows above a row that have neighbours: distances along z and y, and 1 for diagonal ones."""
    found = places.rows(places.in_three(neighbours))
    above = found[(found[:, 0] < 0) | ((found[:, 0] == 0) & (found[:, 1] < 0))]
    return np.column_stack([above[:, :2], above[:, 2] != 2]).astype(np.int64, order="C")
