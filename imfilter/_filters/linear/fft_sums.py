"""Correlation through the Fourier transform, tile by tile (overlap-save)."""

import itertools
import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from imfilter._base import borders, dtypes, threads
from imfilter._base.denormals import as_zeros
from imfilter._filters.linear import whole_numbers
from imfilter._filters.linear.algorithm import Call
from imfilter._filters.linear.fft_lengths import tile_of
from imfilter._filters.linear.fft_tiles import Transform
from imfilter._filters.linear.operators import Taps

#: Samples that are transformed together along a line, in rows of one tile each. The library transforms
#: several rows side by side in a vector: 4096 float32 took 28 ns a sample there and back alone, 8.5 with 15
#: others.
_TOGETHER = 65536


def correlate(image: npt.NDArray, kernel: Taps, target: npt.NDArray, call: Call, workers: int | None) -> None:
    """Write the correlation of `image` with `kernel` to `target`, for unit stride and dilation.

    Rounding errors spread over a tile. So a tile whose samples differ too much in size takes several passes.
    Sums of whole numbers are rounded to whole numbers.
    """
    real, count = call.real, len(call.axes)
    power = whole_numbers.power(call.operator, real.itemsize) if call.whole else None
    if power is not None:
        real = dtypes.FLOAT64
    last = tuple(range(-count, 0))
    source, sink = np.moveaxis(image, call.axes, last), np.moveaxis(target, call.axes, last)
    lengths, outputs = source.shape[-count:], sink.shape[-count:]
    tile = tile_of(kernel.shape, lengths)
    steps = tuple(t - k + 1 for t, k in zip(tile, kernel.shape, strict=True))
    axis_borders = [
        _Border(n, p.before, borders.outside(n, p.before, p.after, call.mode))
        for n, p in zip(lengths, call.paddings, strict=True)
    ]
    with np.errstate(over="ignore"):
        bias, cval = real.type(call.bias), real.type(call.cval)
        weights = np.ascontiguousarray(kernel, real)
    transform = Transform(weights.tobytes(), kernel.shape, real, tile)
    if power is not None and not _rounds(kernel, power, image, float(cval), tile):
        power = None
    corners = list(itertools.product(*(range(0, n, s) for n, s in zip(outputs, steps, strict=True))))
    images = list(np.ndindex(*source.shape[:-count]))
    tiles = len(images) * len(corners)
    together = max(4, _TOGETHER // tile[0]) if count == 1 else 1

    @as_zeros
    def work(start: int, stop: int) -> None:
        for group in range(start, stop):
            items = range(group * together, min((group + 1) * together, tiles))
            wheres = [(images[i // len(corners)], corners[i % len(corners)]) for i in items]
            blocks = np.empty((len(items), *tile), real)
            for block, (index, corner) in zip(blocks, wheres, strict=True):
                _cut(source[index], axis_borders, corner, block, cval)
            places = [
                tuple(slice(c, c + s) for c, s in zip(corner, steps, strict=True)) for _, corner in wheres
            ]
            targets = [sink[index][place] for (index, _), place in zip(wheres, places, strict=True)]
            found = transform.sums(blocks, [to.shape for to in targets])
            for sums, to in zip(found, targets, strict=True):
                exact = sums if power is None else np.ldexp(np.rint(np.ldexp(sums, -power)), power)
                exact += bias
                dtypes.place(exact, to)

    threads.run(work, -(-tiles // together), workers if math.prod(outputs) > 4096 else 1)


def _rounds(kernel: Taps, power: int, image: npt.NDArray, cval: float, tile: tuple[int, ...]) -> bool:
    """Tell whether the error of sums in float64 is less than half a multiple of that power of two.

    Relative to the root of the sum of squares of a tile, a transform's error is at most one unit of the last
    place for each halving of its length.
    """
    size = math.prod(tile)
    peak = max(-float(image.min()), float(image.max()), abs(cval))
    error = float(np.finfo(np.float64).eps) * math.log2(size) * math.sqrt(size) * peak
    return error * float(np.sqrt((kernel**2).sum())) < 0.25 * 2.0**power


class _Border(NamedTuple):
    """The border of an axis: the sample at each of its positions, or -1 for the constant."""

    samples: int
    before: int
    outside: npt.NDArray[np.int64]

    def pieces(self, start: int, stop: int) -> list[tuple[slice, slice | npt.NDArray[np.int64]]]:
        """Return the sources of padded positions `start` to `stop`: before, in and after the axis."""
        stop = min(stop, self.samples + len(self.outside))
        edges = [start, *(min(max(e, start), stop) for e in (self.before, self.before + self.samples)), stop]
        sources: list[slice | npt.NDArray[np.int64]] = [
            self.outside[edges[0] : edges[1]],
            slice(edges[1] - self.before, edges[2] - self.before),
            self.outside[edges[2] - self.samples : edges[3] - self.samples],
        ]
        places = [slice(a - start, b - start) for a, b in itertools.pairwise(edges)]
        return [(p, s) for p, s in zip(places, sources, strict=True) if p.stop > p.start]


def _cut(
    image: npt.NDArray,
    axis_borders: list[_Border],
    corner: tuple[int, ...],
    block: npt.NDArray,
    cval: np.floating,
) -> None:
    """Write the tile of the padded image at `corner` to `block`, and zeros after the image's end."""
    axes = [b.pieces(c, c + t) for b, c, t in zip(axis_borders, corner, block.shape, strict=True)]
    for axis, pieces in enumerate(axes):
        block[(slice(None),) * axis + (slice(pieces[-1][0].stop, None),)] = 0
    for piece in itertools.product(*axes):
        to, sources = block[tuple(p for p, _ in piece)], [s for _, s in piece]
        if all(isinstance(s, slice) for s in sources):
            to[...] = image[tuple(sources)]
            continue
        samples = image[tuple(s if isinstance(s, slice) else slice(None) for s in sources)]
        for axis, source in enumerate(sources):  # axis by axis, because most sources are whole rows
            if not isinstance(source, slice):
                samples = samples[(slice(None),) * axis + (source,)]
        to[...] = samples
        for axis, source in enumerate(sources):
            if not isinstance(source, slice):
                np.moveaxis(to, axis, 0)[source < 0] = cval
