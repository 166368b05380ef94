"""Linear filters of OpenCV on this engine, and which of its integer results can be the same in every bit.

OpenCV computes most integer results in float32 and rounds half to even. The order of its sums depends on the
processor. So a result is certain where all sums are exact, or where none is near a half.
"""

import functools
from typing import Any

import numpy as np
import numpy.typing as npt

from imfilter._base.keywords import Common
from imfilter._compat.cv2_prepared import Prepared
from imfilter._compat.samples import all_finite
from imfilter._compat.serving import Elsewhere
from imfilter._filters.linear import apply as linear
from imfilter._filters.linear import running
from imfilter._filters.linear.operators import Operator, separable

#: Integers up to this one are exact in float32.
EXACT = 1 << 24
#: Most sums whose distance from a half is examined.
_MOST_SUMS = 1 << 21
#: Multiples of the smallest weight whose quotients may be the unit of all weights, and how exact that is.
_PARTS, _WHOLE = 12, 1e-5
#: Largest error of the product and the sum of one tap, in float32 here and there.
_ERROR = 2.0**-23


def prepared(
    array: npt.NDArray,
    taps: tuple[npt.NDArray, ...],
    before: tuple[int, int] | None,
    mode: str,
    target: np.dtype,
    *,
    bias: float = 0.0,
    real: np.dtype | None = None,
    stride: tuple[int, int] = (1, 1),
    mean: bool = False,
) -> Prepared:
    """Return the correlation with one kernel, or with one along columns and one along rows.

    `before` has the samples before the centre; without it the kernel stays inside the image. Sums are
    computed in the type `real`, if it is given. The weights of a `mean` are equal.
    """
    spans = taps[0].shape if len(taps) == 1 else tuple(map(len, taps))
    pads: Any = "valid"
    if before is not None:
        pads = tuple((b, n - 1 - b) for b, n in zip(before, spans, strict=True))
    geometry = linear.Geometry(stride=stride, padding=pads, bias=bias, real=real)
    # Other algorithms are not exact to the last bit. Those of means are.
    exact = target.kind in "iu" and not mean
    method = "auto" if not exact else "direct" if len(taps) == 1 else "separable"
    build = _dense if len(taps) == 1 else _separable
    common = Common(mode, axes=(0, 1), dtype=target)
    call = linear.FAMILY.settle(array, common, (build, mean, method), taps, geometry)

    def run(image: npt.NDArray, out: npt.NDArray) -> None:
        running.run(call, image, out, None)

    def run_finite(image: npt.NDArray, out: npt.NDArray) -> None:
        if running.run_finite(call, image, out, None) is None:
            if not all_finite(image):
                raise Elsewhere("samples are not finite")
            running.run(call, image, out, None)

    return Prepared(run_finite if array.dtype.kind == "f" else run, call.shape, target)


def _separable(ndim: int, axes: tuple[int, ...], *taps: npt.NDArray) -> Operator:
    return separable(taps)


def _dense(ndim: int, axes: tuple[int, ...], kernel: npt.NDArray) -> Operator:
    return Operator(dense=kernel)


def peak(kind: np.dtype) -> int:
    """Return the largest magnitude of an integer type."""
    bounds = np.iinfo(kind)
    return max(bounds.max, -bounds.min)


def certain(
    taps: tuple[npt.NDArray, ...], delta: float, source: np.dtype, target: np.dtype, *, halves: bool = True
) -> np.dtype | None:
    """Raise `Elsewhere` if integer results of a kernel depend on how OpenCV rounds its sums.

    `halves` are known to be rounded to even. Return the type in which the samples can be summed. None: the
    usual one.
    """
    if target.kind == "f":
        return None
    if source.kind == "f":
        raise Elsewhere("integers of floats are rounded in the order of OpenCV's sums")
    if not _known(tuple(t.tobytes() for t in taps), delta, source, target, halves):
        raise Elsewhere("sums near a half are rounded in the order of OpenCV's sums")
    return np.dtype(np.float32)


@functools.lru_cache(1024)
def _known(
    weights: tuple[bytes, ...], delta: float, source: np.dtype, target: np.dtype, halves: bool
) -> bool:
    """Tell whether all sums are exact in float32, or far enough from a half."""
    kernel = functools.reduce(np.multiply.outer, map(np.frombuffer, weights)).ravel()
    kernel = kernel[kernel != 0]
    total = float(np.abs(kernel).sum()) * peak(source) + abs(delta)
    values = np.append(kernel, delta)
    for bits in range(24):
        scaled = values * 2.0**bits
        if (scaled == np.rint(scaled)).all():
            if (halves or not bits) and total * 2.0**bits <= EXACT:
                return True
            break
    if not kernel.size or not np.isfinite(total):
        return False
    smallest = float(np.abs(kernel).min())
    for parts in range(1, _PARTS + 1):
        multiples = kernel * (parts / smallest)
        whole = np.rint(multiples)
        if (np.abs(multiples - whole) < _WHOLE).all():
            return _far_from_half(whole, smallest / parts, delta, source, target, total)
    return False


def _far_from_half(
    whole: npt.NDArray, unit: float, delta: float, source: np.dtype, target: np.dtype, total: float
) -> bool:
    """Tell whether no sum of samples times whole multiples of a unit is so near a half that it may differ."""
    bounds, limits = np.iinfo(source), np.iinfo(target)
    up, down = whole[whole > 0].sum(), whole[whole < 0].sum()
    low = max(up * bounds.min + down * bounds.max, (limits.min - 1 - delta) / unit)
    high = min(up * bounds.max + down * bounds.min, (limits.max + 1 - delta) / unit)
    if high - low > _MOST_SUMS:
        return False
    sums = np.arange(np.floor(low), np.ceil(high) + 1) * unit + delta
    near = float(np.abs(sums - np.floor(sums) - 0.5).min()) if sums.size else 0.5
    return near > (whole.size + 4) * _ERROR * total
