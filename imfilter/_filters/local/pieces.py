"""Pieces of an image with their borders.

Results do not depend on the cuts. The cuts of large pieces depend on the number of threads.
"""

import math
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from imfilter._base import bordered, threads
from imfilter._base.axis_order import Order, Shape
from imfilter._base.missing import Presence
from imfilter._base.padding import Padding
from imfilter._base.reach import Along, Reach
from imfilter._base.store import Store, roomy

#: Least and largest number of samples of a piece without its halo, and the number of pieces that images have
#: before they grow. A piece costs 0.2 ms beside its samples: `local_std` of 3840x2160 and 5 x 5 takes 29 ms
#: with 1 << 18, and 22 ms with 1 << 19.
_PIECE, _LARGE, _PIECES = 1 << 18, 1 << 19, 16
#: The same for large pieces, which filters ask for if pieces are not copied or their rows share work: largest
#: number of samples, which a filter may lower, and of rows, and pieces for each thread.
#: `local_std` of 3840x2160 takes 53 ms instead of 57 for 61 x 61, and 40 instead of 43 for 5 x 5 with one
#: thread; 28.5 instead of 33.8 for 15 x 15 with two (Zen 3).
LARGEST, _TALL, _EACH = 1 << 21, 3072, 2
#: Least length of a piece of planes along an axis, in windows. Its halo, which is computed too, is a window.
#: In place of pieces that are as wide as the image and less high than that, there are pieces of at least
#: `_SQUARE` rows and columns. Those for windows of 61 x 61 read 1.20 samples for each result, not 1.35. Their
#: number is even if there are rows of pieces: of 15 pieces, one thread computes 8.
_WINDOWS, _SQUARE = 6, 768


class Frame(NamedTuple):
    """The order of axes in which pieces are computed: batch, z, y, x, and the samples that follow each x."""

    order: Order
    shape: Shape
    axes: tuple[int, ...]  # which of the five each filtered axis is
    pads: tuple[Padding, Padding, Padding]  # of z, y and x
    mode: str

    @classmethod
    def of(cls, shape: tuple[int, ...], axes: tuple[int, ...], sizes: tuple[int, ...], mode: str) -> "Frame":
        """Return the frame of an image for a window of `sizes` over its `axes`."""
        order = Order.of(len(shape), axes)
        found = order.shape(shape)
        taps = [1] * (3 - len(axes)) + [sizes[axes.index(a)] for a in sorted(axes)]
        z, y, x = (Padding.same(n, t, 1, 1) for n, t in zip(found[1:4], taps, strict=True))
        return cls(order, found, order.places(axes), (z, y, x), mode)

    @property
    def reach(self) -> Reach:
        """The samples that a result depends on."""
        first = self.order.before
        axes = self.order.axes[first : first + self.order.filtered]
        pads = self.pads[3 - len(axes) :]
        return {a: Along(pad.before, pad.after) for a, pad in zip(axes, pads, strict=True)}

    @property
    def sizes(self) -> tuple[int, int, int]:
        """The lengths of the window along z, y and x."""
        z, y, x = (pad.before + pad.after + 1 for pad in self.pads)
        return z, y, x

    def ordered(self, array: npt.NDArray) -> npt.NDArray:
        """Return an array of the shape of the image in the order of the frame, shared if possible."""
        return self.order.ordered(array)

    def results(self, target: npt.NDArray, compute: Callable[[npt.NDArray], None]) -> None:
        """Let `compute` write the results, in the order of the frame, and bring them to `target`."""
        view = self.ordered(target)
        compute(view)
        self.order.back(view, target)

    def cuts(self, workers: int = 0, largest: int = LARGEST, most: int = _LARGE) -> list["Cut"]:
        """Return the pieces of the result. workers: how many threads share large pieces; 0: usual ones.

        largest, most: number of samples of a large and of a usual piece.
        """
        usual = piece = min(max(_PIECE, math.prod(self.shape) // _PIECES), most)
        if workers:
            piece = max(usual, min(math.prod(self.shape) // (_EACH * workers), largest))
        flat, left, steps, number = self.sizes[0] == 1, float(piece), [], 1
        least = (1, *(_WINDOWS * n if flat else n for n in self.sizes))
        for place in range(4):
            inner = math.prod(self.shape[place + 1 :])
            step = min(max(int(left) // inner, least[place]), self.shape[place])
            left /= step
            count = self._balanced(place, -(-self.shape[place] // step), number, workers)
            number *= count
            steps.append(min(step, -(-self.shape[place] // count)))
        if flat and min(least[2], self.shape[2]) * math.prod(self.shape[3:]) > usual:
            columns = -(-self.shape[3] // max(_SQUARE // self.shape[4], least[3]))
            rows = -(-self.shape[2] // max(_SQUARE, least[2]))
            if workers:
                rows = min(rows, max(-(-self.shape[2] // _TALL), -(-_EACH * workers // columns)))
                rows = self._balanced(2, rows, columns, workers)
                columns = columns if rows > 1 else self._balanced(3, columns, rows, workers)
            else:
                rows += rows > 1 and columns * rows % 2
            steps[2:] = -(-self.shape[2] // rows), -(-self.shape[3] // columns)
        ranges = [[(i, min(i + step, n)) for i in range(0, n, step)]
                  for n, step in zip(self.shape, steps, strict=False)]  # fmt: skip
        return [Cut(b, z, y, x) for b in ranges[0] for z in ranges[1] for y in ranges[2] for x in ranges[3]]

    def _balanced(self, place: int, least: int, others: int, workers: int) -> int:
        """Return a number of pieces along an axis, at least `least`: the busiest thread reads fewest samples.

        others: the number of pieces along other axes. If the threads have one piece or none, it is `least`.
        """
        if not 0 < workers < least * others:
            return least
        length, taps = self.shape[place], (1, *self.sizes)[place]
        numbers = range(least, max(least, length // (_WINDOWS * taps)) + 1)
        return min(numbers, key=lambda n: -(-n * others // workers) * (length / n + taps))


Range = tuple[int, int]


class Cut(NamedTuple):
    """The ranges of a piece of the result, in the order of a frame."""

    batch: Range
    z: Range
    y: Range
    x: Range

    @property
    def where(self) -> tuple[slice, ...]:
        """The index of the piece."""
        return tuple(slice(*part) for part in self)


def _share(shape: Shape, workers: int) -> int:
    """Return the samples of the largest of equal parts of an image, cut between rows or larger units.

    A share without its last part of a row would make three pieces of 513 rows for two threads.
    """
    samples = math.prod(shape)
    for length in shape:
        samples //= length
        if length >= workers:
            return -(-length // workers) * samples
        workers = -(-workers // length)
    return 1


def over(
    frame: Frame,
    workers: int | None,
    task: Callable[[Cut, Store], None],
    *,
    largest: int = 0,
    small: int = 0,
) -> None:
    """Call ``task(piece, store)`` for every piece.

    largest: samples of a large piece; 0: usual ones. small: samples that take about a millisecond, which is
    worth a thread of its own. All threads share an image that has more. 0: as `Frame.cuts` does.
    """
    number = threads.most(workers)
    most = min(max(_share(frame.shape, number), small), _LARGE) if small else _LARGE
    cuts = frame.cuts(number, largest, most) if largest else frame.cuts(most=most)

    def work(start: int, stop: int) -> None:
        store = Store()
        for cut in cuts[start:stop]:
            task(cut, store)

    threads.run(work, len(cuts), workers, max(1, len(cuts) // 64))


def _runs(frame: Frame, cut: Cut, columns: Range | None = None) -> Iterator[bordered.Runs]:
    """Yield the samples that a piece needs along z, y and x: all, or those from some `columns` to others."""
    for axis, (n, pad, (start, stop)) in enumerate(zip(frame.shape[1:4], frame.pads, cut[1:], strict=True)):
        first, last = columns if columns and axis == 2 else (0, stop - start + pad.before + pad.after)
        yield bordered.runs(n, pad.before, pad.after, frame.mode, start + first, start + last)


def padded(
    frame: Frame,
    cut: Cut,
    array: npt.NDArray,
    kind: np.dtype,
    constant: float | None,
    store: Store | None = None,
    name: str = "piece",
    columns: Range | None = None,
) -> npt.NDArray:
    """Return a contiguous piece of an array, which is in the order of the frame, with its border.

    If `constant` is None, samples beyond the border that are constants have any value. `name` is that of the
    memory in the store. columns: the part of the piece along x, if not all of it.
    """
    source, runs = array[cut.batch[0] : cut.batch[1]], tuple(_runs(frame, cut, columns))
    shape = (source.shape[0], *map(bordered.length, runs), source.shape[-1])
    piece = roomy(shape, kind) if store is None else store.array(name, shape, kind)
    bordered.copy(source, (bordered.ALL, *runs), constant, piece)
    return piece


def set_border(frame: Frame, cut: Cut, piece: npt.NDArray, constant: float) -> None:
    """Write the constant beyond the border of a piece."""
    if frame.mode not in ("constant", "zero", "shrink"):
        return
    for place, runs in enumerate(_runs(frame, cut)):
        for run in runs:
            if run.samples is None:
                where: tuple[Any, ...] = (*(slice(None),) * (place + 1), run.to)
                piece[where] = constant


def counts(
    frame: Frame, cut: Cut, samples: npt.NDArray, presence: Presence, mask: npt.NDArray | None, kind: np.dtype
) -> npt.NDArray:
    """Return how much the samples of a piece count. `mask` is in the order of the frame."""
    if mask is None:
        found = roomy(samples.shape, kind)
        found.fill(1)
    else:
        found = padded(frame, cut, mask, kind, None)
    if presence.ignore_nan and samples.dtype.kind == "f":
        found[np.isnan(samples)] = 0
    set_border(frame, cut, found, 0.0 if frame.mode == "shrink" else 1.0)
    return found
