"""Variances in boxes from sums of samples and of their squares; see `kernels/sums.py`."""

import math

import numpy as np
import numpy.typing as npt

from imfilter._base import dtypes
from imfilter._base.loops import places_of, tiles
from imfilter._base.program import address, set_addresses
from imfilter._base.store import Store, roomy
from imfilter._filters.local.kernels.sums import EXACT, PRODUCTS, SHORT, SUMS_JOB, sum_boxes, sum_piece
from imfilter._filters.local.parts import Finish, packed
from imfilter._simd.vector import BYTES

#: Columns of a tile. The sums of a tile of a small box stay in the second-level cache.
_COLUMNS = 256
#: Samples of the largest box that is computed again one by one.
_AGAIN = 512
#: Least share of the variance in the mean square of the distances from the reference. The relative error of a
#: variance is at most the number of additions times 1.1e-16 divided by this share.
SHARE_32, SHARE_64 = 2.0**-16, 2.0**-8


def applies(samples: npt.NDArray, sizes: tuple[int, int, int]) -> bool:
    """Tell whether a piece is long enough for vectors, and its type is held by float64."""
    columns = (samples.shape[3] - sizes[2] + 1) * samples.shape[4]
    return columns * 8 >= BYTES and samples.dtype in dtypes.NATIVE and math.prod(sizes) > 1


def box(samples: npt.NDArray, sizes: tuple[int, int, int], finish: Finish, store: Store) -> bool:
    """Write the results of a piece. Return False if some are not exact enough, and must be computed again."""
    shape = (samples.shape[0], *(n - t + 1 for n, t in zip(samples.shape[1:4], sizes, strict=True)),
             samples.shape[4])  # fmt: skip
    pitches = [math.prod(samples.shape[a + 1 :]) for a in range(5)]
    beside, columns, taps = shape[4], shape[3] * shape[4], math.prod(sizes)
    target = finish.target
    kind = dtypes.direct_target(target.dtype, dtypes.FLOAT64)
    direct = target if kind == target.dtype and packed(target, 3) else roomy(shape, kind)
    cut = tiles(columns, max(1, columns // max(_COLUMNS, sizes[2] * beside)))
    wide = int(np.diff(cut).max()) + (sizes[2] - 1) * beside
    pitch = (-(-8 * wide // BYTES) + 1) * BYTES
    levels = sizes[2].bit_length()
    set_bits = [level for level in reversed(range(levels)) if sizes[2] >> level & 1]
    starts = np.cumsum([0, *(1 << level for level in set_bits)])
    parts = [2 * pitch * level + 8 * int(start) * beside
             for level, start in zip(set_bits, starts, strict=False)]  # fmt: skip
    workspace = store.array("workspace", (2 * pitch * (2 + sizes[1] + levels) + 2 * BYTES,), np.uint8)
    refused = np.zeros(1, np.int64)
    job = np.zeros((), SUMS_JOB)
    job["piece"], job["result"] = address(samples), address(direct)
    job["batch"], job["planes"], job["rows"] = shape[:3]
    job["step_b"], job["step_z"], job["step_y"] = pitches[:3]
    job["taps_z"], job["taps_y"], job["taps_x"] = sizes
    job["taps"], job["beside"], job["root"] = taps, beside, finish.root
    job["centre"] = sum(t // 2 * pitch for t, pitch in zip(sizes, pitches[1:4], strict=True))
    job["n_tiles"], job["n_parts"], job["levels"], job["pitch"] = len(cut) - 1, len(parts), levels, pitch
    job["share"], job["again"] = _share(samples.dtype, direct.dtype, taps), taps <= _AGAIN
    rounding = EXACT if direct.dtype != dtypes.FLOAT32 else SHORT if _small(samples.dtype) else PRODUCTS
    job["sum"] = sum_boxes.address(samples.dtype, direct.dtype, rounding)
    steps = [s // direct.itemsize for s in direct.strides]
    owners = set_addresses(
        job,
        {
            "places": places_of(shape[:3], steps[:3]),
            "tiles": cut,
            "parts": np.array(parts, np.int64),
            "refused": refused,
            "workspace": workspace,
        },
    )
    sum_piece.entry()(address(job))
    del owners
    if refused[0]:
        return False
    if direct is not target:
        dtypes.place(direct, target)
    return True


def _share(source: np.dtype, target: np.dtype, taps: int) -> float:
    """Return the least share; see `SHARE_32`. Sums of small integers are exact, and need no least share."""
    if _small(source) and (taps << 8 * source.itemsize) ** 2 < 1 << 53:
        return -1.0
    return SHARE_32 if target == dtypes.FLOAT32 else SHARE_64


def _small(source: np.dtype) -> bool:
    """Tell whether samples are integers of 8 or 16 bits."""
    return source.kind in "iu" and source.itemsize <= 2
