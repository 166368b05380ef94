"""A bilateral filter from Gaussians at sampled levels of the guide.

A weight of values is ``exp(-(s-t)**2 / (2*r**2))``. Up to a factor it is the sum of ``exp(-(s-v)**2 / r**2) *
exp(-(t-v)**2 / r**2)`` over levels v with equal distances. For levels 0.8*r apart, the relative error of each
weight is at most ``2*exp(-2 * (pi*0.5/0.8)**2)``, 9e-4: the sum is the integral of a Gaussian in v by the
trapezoidal rule. So for each level, two Gaussians over positions are enough (F. Durand and J. Dorsey, Fast
bilateral filtering for the display of high-dynamic-range images, SIGGRAPH 2002; S. Paris and F. Durand, A
fast approximation of the bilateral filter using a signal processing approach, ECCV 2006). The first paper
samples the weight itself, and interpolates linearly between two levels. Its error is some per cent.

In a window whose samples differ by a thousandth of the distance of levels or less, all weights of values are
1 up to 3e-7. There the Gaussian mean is computed directly: the sum over levels would lose its digits.

Levels are multiples of their distance, so they do not depend on the image. Levels more than 3.5*r from a
value are left out. So samples 5*r from each other count less than they should, and those 7*r apart not at
all, which is 4e-6 and 2e-11 of the weight of the sample itself.
"""

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from imfilter._base import dtypes
from imfilter._base.keywords import Common
from imfilter._base.program import address, set_addresses
from imfilter._base.store import Store
from imfilter._filters.edge_preserving.kernels import sampled as kernels
from imfilter._filters.edge_preserving.planes import Piece
from imfilter._filters.linear import apply as linear
from imfilter._filters.linear.operators import Operator
from imfilter._simd.registers import BYTES

#: Distance of levels, in deviations, and the largest distance of a level from a value, in levels.
STEP, _REACH = 0.8, 4.375
#: Least weight of the centre by that of all positions for sums of float32. Their error is 1e-6 of the largest
#: weight, which may be 1e-2 of the sum where no sample is similar to the centre.
_LEAST = 1e-4
#: Distances of levels between this number and its inverse are normal numbers of float32.
_SMALLEST = 1e-37
#: Largest difference of samples, in levels, whose weights of values are equal.
_EQUAL = 2.0**-10
#: Span of levels that are counted in a table.
_TABLE = 1 << 16

Taps = tuple[npt.NDArray, ...]


def windows(taps: Taps, sigma_range: float, piece: Piece, results: list[npt.NDArray], store: Store) -> None:
    """Write the results of a piece, a plane for each channel. taps: along z, y and x."""
    own, source = piece.guide is piece.image, piece.image[0].dtype
    share = math.prod(float(line[len(line) // 2] / line.sum()) for line in taps)
    real = dtypes.FLOAT32 if own and share >= _LEAST else dtypes.FLOAT64
    padded = piece.guide[0].shape
    inner = (
        slice(None),
        *(slice(len(line) // 2, n - len(line) // 2) for line, n in zip(taps, padded[1:], strict=False)),
    )
    step = STEP * sigma_range
    levels = store.array("levels", padded, np.float64)
    with np.errstate(over="ignore", invalid="ignore"):
        np.divide(piece.guide[0], step, out=levels, dtype=np.float64)
    far = real == dtypes.FLOAT32 and bool((np.abs(levels) > 1 / _SMALLEST).any())
    centres = levels[inner]
    n_planes = 1 + len(piece.image)
    distances = store.array("distances", padded, real)
    near = store.array("near", centres.shape, real)
    planes = _planes("weighted", n_planes, padded, real, store)
    blurred = _planes("blurred", n_planes, centres.shape, real, store)
    sums = _planes("sums", n_planes, centres.shape, real, store)
    sums.fill(0)
    # Sums of absent samples only are exactly 0 in a direct sum.
    method = "auto" if piece.counts is None else "separable"
    blur = functools.partial(_blurred, taps=taps, method=method, out=blurred)
    job = np.zeros((), kernels.SAMPLED_JOB)
    job["n_images"], job["own"] = len(piece.image), own
    job["reach"], job["slope"] = _REACH, STEP * STEP * math.log2(math.e)
    images = np.array([address(plane) for plane in piece.image], np.int64)
    counts = {} if piece.counts is None else {"counts": piece.counts}
    before = {"distances": distances, "planes": planes[0], "images": images, **counts}
    after = {"distances": near, "sums": sums[0]}
    for level in _levels_of(centres):
        _subtract(levels, level, distances, far=far)
        _subtract(centres, level, near, far=far)
        job["kernel"], job["plane"] = kernels.weigh.address(real, source), planes.strides[0]
        _run(job, distances.size, before)
        found = blur(planes)
        job["kernel"] = kernels.collect.address(real, source)
        job["plane"], job["sum"] = found.strides[0], sums.strides[0]
        _run(job, near.size, after | {"planes": found[0]})
    with np.errstate(all="ignore"):
        for plane, total, to in zip(piece.image, sums[1:], results, strict=True):
            if own:
                wide = real if _SMALLEST < step < 1 / _SMALLEST else dtypes.FLOAT64
                change = np.multiply(total / sums[0], wide.type(step), dtype=wide)
                np.add(change, plane[inner], out=to, casting="same_kind")
            else:
                np.divide(total, sums[0], out=to, casting="same_kind")
        if own and (source.kind == "f" or step * _EQUAL >= 1):
            equal = _nearly_equal(levels, taps, piece.counts)
            _fill(taps, piece, 1.0 if piece.counts is None else piece.counts, equal, results)
        if piece.known is not None and piece.counts is not None:
            _fill(taps, piece, piece.counts, piece.known[inner] == 0, results)


def _nearly_equal(
    levels: npt.NDArray[np.float64], taps: Taps, counts: npt.NDArray | None
) -> npt.NDArray[np.bool_]:
    """Tell in which windows the samples that count are different, but nearly equal."""
    # Every window has one of these lines, and a whole block of it.
    last, block = len(taps), (len(taps[-1]) + 1) // 2
    stop = levels.shape[last] // block * block
    some = (slice(None), *(slice(None, None, len(line)) for line in taps[:-1]), slice(stop))
    starts = np.arange(0, stop, block)

    def extremes(place: Any, along: Callable[[np.ufunc, npt.NDArray], npt.NDArray]) -> npt.NDArray:
        """Return the distance of the extremes of some samples that count."""
        low = high = levels[place]
        if counts is not None:
            there = counts[place] > 0
            low, high = (np.where(there, low, end) for end in (np.inf, -np.inf))
        with np.errstate(invalid="ignore"):  # of infinities
            return np.asarray(along(np.maximum, high) - along(np.minimum, low))

    def of_blocks(find: np.ufunc, values: npt.NDArray) -> npt.NDArray:
        return np.asarray(find.reduceat(values, starts, axis=last))

    def of_windows(find: np.ufunc, values: npt.NDArray) -> npt.NDArray:
        for axis, line in enumerate(taps, 1):
            values = _extreme(find, values, axis, len(line))
        return values

    if not (extremes(some, of_blocks) <= _EQUAL).any():
        return np.zeros(1, bool)
    span = extremes((), of_windows)
    return (span > 0) & (span <= _EQUAL)


def _extreme(find: np.ufunc, values: npt.NDArray, axis: int, length: int) -> npt.NDArray:
    """Return the maximum or the minimum of so many neighbours along an axis."""
    reach = 1
    while reach < length:
        step = min(reach, length - reach)
        moved = np.moveaxis(values, axis, 0)
        values = np.moveaxis(find(moved[:-step], moved[step:]), 0, axis)
        reach += step
    return values


def _subtract(levels: npt.NDArray[np.float64], level: float, to: npt.NDArray, *, far: bool) -> None:
    """Write the distances from a level. If some are `far`, those of finite levels stay finite."""
    with np.errstate(over="ignore", invalid="ignore"):
        np.subtract(levels, level, out=to, casting="same_kind")
    if far:
        to[np.isinf(to) & np.isfinite(levels)] = 1 / _SMALLEST


def _planes(name: str, n: int, shape: tuple[int, ...], real: np.dtype, store: Store) -> npt.NDArray:
    """Return contiguous planes. Vectors may be written beyond the end of each."""
    size = math.prod(shape)
    return store.array(name, (n, size + BYTES // real.itemsize), real)[:, :size].reshape(n, *shape)


def _run(job: npt.NDArray, count: int, tables: dict[str, npt.NDArray]) -> None:
    """Run the kernel of a job over contiguous samples."""
    job["count"] = count
    owners = set_addresses(job, tables)
    kernels.run_level.entry()(address(job))
    del owners


def _levels_of(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the levels near values, which are in units of their distance."""
    below = np.floor(values[np.isfinite(values)])
    if not below.size:
        return below
    least, span = below.min(), below.max() - below.min()
    if span < _TABLE:
        found = np.flatnonzero(np.bincount((below - least).astype(np.int64))) + least
    else:
        found = np.unique(below)
    more = np.arange(-math.floor(_REACH), math.ceil(_REACH) + 1)
    return np.unique(found[:, None] + more)


def _blurred(planes: npt.NDArray, taps: Taps, method: str, out: npt.NDArray) -> npt.NDArray:
    """Return Gaussians of planes of batch elements, z, y, x and what follows, without the border."""
    axes = tuple(2 + axis for axis, line in enumerate(taps) if len(line) > 1)
    if not axes:
        return planes
    term = tuple(line for line in taps if len(line) > 1)
    common = Common(axes=axes, dtype=planes.dtype, out=out, workers=1)
    geometry = linear.Geometry(padding=((0, 0),) * len(axes))
    linear.apply(planes, _operator, (term,), common, preserves_dtype=False, method=method, geometry=geometry)
    return out


def _operator(ndim: int, axes: tuple[int, ...], term: Taps) -> Operator:
    """Return the operator of separable taps."""
    return Operator((term,))


def _fill(
    taps: Taps,
    piece: Piece,
    counts: npt.NDArray | float,
    alone: npt.NDArray[np.bool_],
    results: list[npt.NDArray],
) -> None:
    """Write Gaussian means of all samples that count, in some windows: where the guide is not known."""
    if not alone.any():
        return
    given = [np.multiply(counts, plane, dtype=np.float64) for plane in piece.image]
    planes = np.stack([np.broadcast_to(np.float64(counts), given[0].shape), *given])
    found = _blurred(planes, taps, "separable", np.empty((len(planes), *alone.shape)))
    for total, to in zip(found[1:], results, strict=True):
        np.copyto(to, total / found[0], where=alone, casting="same_kind")
