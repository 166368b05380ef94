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
    found, outputs = source.shape[-count:], sink.shape[-count:]
    lengths = found if call.part is None else tuple([call.part.shape[a] for a in call.axes])
    tile = tile_of(kernel.shape, lengths)
    steps = tuple(t - k + 1 for t, k in zip(tile, kernel.shape, strict=True))
    axis_borders = [
        _Border(n, p.before, borders.outside(n, p.before, p.after, call.mode))
        for n, p in zip(lengths, call.paddings, strict=True)
    ]
    wholes = tuple([n + b - a for n, a, b in zip(lengths, found, outputs, strict=True)])
    along = [[_Tile(c, c, min(c + s, n)) for c in range(0, n, s)] for n, s in zip(wholes, steps, strict=True)]
    if call.part is not None:
        origins = [call.part.origin[a] for a in call.axes]
        wraps = call.mode == "wrap"
        parts = zip(axis_borders, origins, found, strict=True)
        axis_borders = [border.of_part(origin, n, wraps=wraps) for border, origin, n in parts]
        tilings = zip(axis_borders, wholes, outputs, steps, tile, strict=True)
        along = [_tiles_of_part(*each) for each in tilings]
        if not all(along) or wholes != outputs:
            target[...] = 0
    with np.errstate(over="ignore"):
        bias, cval = real.type(call.bias), real.type(call.cval)
        weights = np.ascontiguousarray(kernel, real)
    transform = Transform(weights.tobytes(), kernel.shape, real, tile)
    if power is not None and not _rounds(kernel, power, image, float(cval), tile):
        power = None
    corners = list(itertools.product(*along))
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
                _cut(source[index], axis_borders, tuple([t.corner for t in corner]), block, cval)
            shapes = [
                tuple([min(s, n - t.corner) for t, s, n in zip(corner, steps, wholes, strict=True)])
                for _, corner in wheres
            ]
            for whole, (index, corner) in zip(transform.sums(blocks, shapes), wheres, strict=True):
                to = sink[index][tuple([slice(t.start, t.stop) for t in corner])]
                sums = whole if call.part is None else whole[tuple([t.kept for t in corner])]
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


class _Tile(NamedTuple):
    """A tile along an axis: its first output in the whole image, and which outputs of the array it gives."""

    corner: int
    start: int
    stop: int
    first: int = 0  # of these, among the outputs of the tile

    @property
    def kept(self) -> slice:
        """Which outputs of the tile are those of the array."""
        return slice(self.first, self.first + self.stop - self.start)


class _Border(NamedTuple):
    """The border of an axis: the sample at each of its positions, or -1 for the constant.

    The array may be a part of the image along this axis: `held` samples from `origin` on. With `wraps`, it
    may continue at the other end.
    """

    samples: int
    before: int
    outside: npt.NDArray[np.int64]
    origin: int = 0
    held: int | None = None
    wraps: bool = False

    def of_part(self, origin: int, held: int, *, wraps: bool) -> "_Border":
        """Return the border for an array that is a part of the image."""
        return self._replace(origin=origin, held=held, wraps=wraps)

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
        return [(p, self._in_array(s)) for p, s in zip(places, sources, strict=True) if p.stop > p.start]

    def _in_array(self, source: slice | npt.NDArray[np.int64]) -> slice | npt.NDArray[np.int64]:
        """Return where samples of the image are in the array."""
        if self.held is None:
            return source
        if isinstance(source, slice):
            first = int(self._moved(np.array([source.start]))[0])
            if not self.wraps or first + source.stop - source.start <= self.held:
                return slice(first, first + source.stop - source.start)
            source = np.arange(source.start, source.stop)
        return np.where(source < 0, source, self._moved(source))

    def _moved(self, samples: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        moved = samples - self.origin
        return moved % self.samples if self.wraps else np.where(moved < 0, self.samples, moved)

    def holds(self, start: int, stop: int) -> bool:
        """Tell whether the array has all samples of padded positions `start` to `stop`."""
        ends = [s.stop - 1 if isinstance(s, slice) else int(s.max()) for _, s in self.pieces(start, stop)]
        return self.held is None or max(ends) < self.held


def _tiles_of_part(border: _Border, whole: int, outputs: int, step: int, length: int) -> list[_Tile]:
    """Return the tiles of the whole image, of `whole` outputs, whose samples a part has.

    The other outputs of the part are not used.
    """
    found = []
    for corner in range(0, whole, step):
        if not border.holds(corner, corner + length):
            continue
        size, places = min(step, whole - corner), [corner - border.origin]
        if border.wraps:
            places.append(places[0] + border.samples)
        for at in places:
            start, stop = max(at, 0), min(at + size, outputs)
            if start < stop:
                found.append(_Tile(corner, start, stop, start - at))
    return found


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
