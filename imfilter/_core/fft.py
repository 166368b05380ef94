"""Correlation through the Fourier transform, tile by tile (overlap-save)."""

import itertools
import math
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import scipy.fft

from imfilter._core import bands, border, dtypes
from imfilter._core.operators import Taps
from imfilter._core.plan import fft_tile

if TYPE_CHECKING:
    from imfilter._core.linear import Call


def holds(image: npt.NDArray, call: "Call") -> bool:
    """Tell whether neither the samples nor their transform can overflow; NaN and infinity do.

    A transform would smear what overflows over its whole tile.
    """
    largest = float(np.finfo(call.real).max) / 4
    gain = call.operator.gain()
    if image.dtype.kind == "f":
        peak = max(-float(image.min()), float(image.max()), key=_nan_first)
    else:
        peak = float(max(abs(int(np.iinfo(image.dtype).min)), int(np.iinfo(image.dtype).max)))
    peak = max(peak, abs(call.cval), key=_nan_first)
    samples = math.prod(fft_tile(call.operator.shape, tuple(image.shape[a] for a in call.axes)))
    return gain <= largest and peak * samples <= largest and peak * samples * gain <= largest


def _nan_first(value: float) -> float:
    return math.inf if math.isnan(value) else value


def correlate(
    image: npt.NDArray, kernel: Taps, target: npt.NDArray, call: "Call", workers: int | None
) -> None:
    """Write the correlation of `image` with `kernel` to `target`, of unit stride and dilation.

    The error relative to sum|w| * max|x| is a few units of the last place of `real`, wherever the
    largest sample lies within its tile.
    """
    real, count = call.real, len(call.axes)
    last = tuple(range(-count, 0))
    source, sink = np.moveaxis(image, call.axes, last), np.moveaxis(target, call.axes, last)
    lengths, outputs = source.shape[-count:], sink.shape[-count:]
    tile = fft_tile(kernel.shape, lengths)
    steps = tuple(t - k + 1 for t, k in zip(tile, kernel.shape, strict=True))
    maps = [
        border.index_map(n, p.before, p.after, call.mode) for n, p in zip(lengths, call.paddings, strict=True)
    ]
    with np.errstate(over="ignore"):
        bias, cval = real.type(call.bias), real.type(call.cval)
        spectrum = scipy.fft.rfftn(kernel.astype(real), tile).conj()
    corners = list(itertools.product(*(range(0, n, s) for n, s in zip(outputs, steps, strict=True))))
    images = list(np.ndindex(*source.shape[:-count]))

    def work(start: int, stop: int) -> None:
        for item in range(start, stop):
            index, corner = images[item // len(corners)], corners[item % len(corners)]
            block = _cut(source[index], maps, corner, tile, cval)
            sums = scipy.fft.irfftn(scipy.fft.rfftn(block, tile, workers=1) * spectrum, tile, workers=1)
            place = tuple(slice(c, min(c + s, n)) for c, s, n in zip(corner, steps, outputs, strict=True))
            inside = sums[tuple(slice(0, p.stop - p.start) for p in place)]
            dtypes.place(inside + bias, sink[index][place])

    bands.run(work, len(images) * len(corners), workers if math.prod(outputs) > 4096 else 1)


def _cut(
    image: npt.NDArray,
    maps: list[npt.NDArray[np.int64]],
    corner: tuple[int, ...],
    tile: tuple[int, ...],
    cval: np.floating,
) -> npt.NDArray:
    """Return the tile of the padded image at `corner`, shorter where the padded image ends."""
    indices = [m[c : c + t] for m, c, t in zip(maps, corner, tile, strict=True)]
    block = np.ascontiguousarray(image[np.ix_(*indices)], dtype=cval.dtype)
    for axis, index in enumerate(indices):
        outside = index < 0
        if outside.any():
            np.moveaxis(block, axis, 0)[outside] = cval
    return block
