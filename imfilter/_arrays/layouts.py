"""What tasks read and keep: the parts of chunks that a piece is made of, and strips along their ends."""

import functools
import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from imfilter._arrays.pieces import Range

_Slices = tuple[slice, ...]
#: A chunk is filtered in place if its piece has at most so many times its samples.
_MOST = 2.0


class Fragment(NamedTuple):
    """Samples of a source of a task, and where they are in a piece.

    `cut` is the number of the part, if the source is the list of the parts of a chunk. Then `samples` are
    still those of the chunk.
    """

    source: int
    cut: int | None
    samples: _Slices
    to: _Slices


class Copy(NamedTuple):
    """Samples of a source, or of a part of it, and where they are in an array."""

    source: int
    cut: int | None
    samples: _Slices
    to: _Slices


class Copies(NamedTuple):
    """How an array is made from sources."""

    shape: tuple[int, ...]
    parts: tuple[Copy, ...]

    def of(self, sources: list[Any]) -> npt.NDArray:
        """Return the array. If all samples are in one source, it is a view."""
        taken = [sources[c.source] if c.cut is None else sources[c.source][c.cut] for c in self.parts]
        if len(taken) == 1:
            view: npt.NDArray = taken[0][self.parts[0].samples]
            return view
        masked = any(isinstance(array, np.ma.MaskedArray) for array in taken)
        made: npt.NDArray = (np.ma.zeros if masked else np.empty)(self.shape, taken[0].dtype)
        for array, part in zip(taken, self.parts, strict=True):
            made[part.to] = array[part.samples]
        return made

    def beside(self, other: "Copies", axis: int) -> "Copies":
        """Return how both arrays are made as one, one after the other along an axis."""
        length, shape = self.shape[axis], list(self.shape)
        shape[axis] += other.shape[axis]
        moved = [part._replace(to=_moved(part.to, axis, length)) for part in other.parts]
        return Copies(tuple(shape), (*self.parts, *moved))


def _moved(place: _Slices, axis: int, distance: int) -> _Slices:
    """Return a place that is further along an axis."""
    at = place[axis]
    return (*place[:axis], slice(at.start + distance, at.stop + distance), *place[axis + 1 :])


class Input(NamedTuple):
    """A piece of an array that a task filters: its shape, the image's axes, and its parts."""

    shape: tuple[int, ...]
    axes: tuple[int | None, ...]
    parts: tuple[Fragment, ...]

    @property
    def core(self) -> Fragment:
        """The part with the most samples."""
        return max(self.parts, key=lambda part: math.prod([s.stop - s.start for s in part.to]))

    def made(self, ranges: Sequence[Range] | None) -> Copies:
        """Return how the piece is made, or ranges of it along the axes of the image."""
        wanted = [
            (0, n) if ranges is None or axis is None else ranges[axis]
            for axis, n in zip(self.axes, self.shape, strict=True)
        ]
        found = []
        for part in self.parts:
            samples, to = [], []
            for own, place, (start, stop) in zip(part.samples, part.to, wanted, strict=True):
                low, high = max(place.start, start), min(place.stop, stop)
                if low >= high:
                    break
                first = (own.start if part.cut is None else 0) - place.start
                samples.append(slice(low + first, high + first))
                to.append(slice(low - start, high - start))
            else:
                found.append(Copy(part.source, part.cut, tuple(samples), tuple(to)))
        return Copies(tuple([b - a for a, b in wanted]), tuple(found))


class Strips(NamedTuple):
    """One strip or two along the ends of a chunk, which are filtered together, and which results are kept.

    Each pair of indices tells where results are among those of the strips and among those of the chunk.
    """

    made: dict[str, Copies]
    kept: tuple[tuple[_Slices, _Slices], ...]


class Layout:
    """What tasks read and keep. Blocks of the same form share one.

    It is an object of its own, so that dask does not search it for tasks. `margins` are how far the samples
    are that results depend on, or None if they are not known.
    """

    def __init__(
        self, inputs: dict[str, Input], keep: _Slices, margins: tuple[Range, ...] | None = None
    ) -> None:
        self.inputs, self.keep, self.margins = inputs, keep, margins

    def __getstate__(self) -> dict[str, Any]:
        """Return what other processes get. The rest follows from it."""
        return {name: self.__dict__[name] for name in ("inputs", "keep", "margins")}

    @functools.cached_property
    def whole(self) -> bool:
        """Whether the results of the piece are those of the block."""
        image, *_ = self.inputs.values()
        return self.margins is not None and self._kept == [(0, n) for n in image.shape]

    @property
    def _kept(self) -> list[Range]:
        return [(s.start, s.stop) for s in self.keep if s.start is not None]

    @functools.cached_property
    def pieces(self) -> dict[str, Copies]:
        """How the pieces are made."""
        return {name: given.made(None) for name, given in self.inputs.items()}

    @functools.cached_property
    def inside(self) -> list[Range] | None:
        """Where a chunk is in its piece, if it is filtered alone. None: its piece is filtered.

        Then results near its ends are computed again, from strips. This needs no copy of the chunk.
        """
        image, *_ = self.inputs.values()
        core = image.core
        inside = [(s.start, s.stop) for s in core.to]
        if self.margins is None or len(image.parts) == 1 or core.cut is not None or self._kept != inside:
            return None
        for (first, last), (before, after), n in zip(inside, self.margins, image.shape, strict=True):
            if last - first < min(n, 2 * (before + after + 1)):
                return None  # a border could need more samples than a chunk has
        if math.prod(image.shape) > _MOST * math.prod([b - a for a, b in inside]):
            return None
        return inside

    @functools.cached_property
    def chunks(self) -> dict[str, Copies]:
        """How chunks that are filtered alone are made."""
        return {name: given.made(self.inside) for name, given in self.inputs.items()}

    @functools.cached_property
    def strips(self) -> list[Strips]:
        """The strips along the ends of a chunk that is filtered alone.

        Two strips along opposite ends are filtered as one image. A call takes longer than the samples of a
        strip of rows. No window of a result that is kept has samples of both strips.
        """
        image, *_ = self.inputs.values()
        inside, found = self.inside or [], list[Strips]()
        todo = list(inside)
        for axis, ((first, last), (before, after)) in enumerate(zip(inside, self.margins or (), strict=True)):
            n = image.shape[axis]
            low = min(first + (before if first > 0 else 0), last)
            high = max(last - (after if last < n else 0), low)
            ends = [(start, stop) for start, stop in ((first, low), (high, last)) if start < stop]
            each = [self._strip([*todo[:axis], end, *todo[axis + 1 :]]) for end in ends]
            if len(ends) == 2 and all(before <= a and b <= n - after for a, b in ends):
                each = [self._beside(each[0], each[1], axis)]
            found += each
            todo[axis] = (low, high)
            if low == high:
                break
        return found

    def _strip(self, strip: list[Range]) -> Strips:
        """Return how a strip is filtered, with all samples around it."""
        image, *_ = self.inputs.values()
        # A strip is at least one sample wide, so no window is longer than the samples around it.
        around = [
            (max(start - before, 0), min(stop + after, n))
            for (start, stop), (before, after), n in zip(strip, self.margins or (), image.shape, strict=True)
        ]
        at = tuple(slice(a - c, b - c) for (a, b), (c, _) in zip(strip, around, strict=True))
        to = tuple(slice(a - c, b - c) for (a, b), (c, _) in zip(strip, self.inside or (), strict=True))
        return Strips({name: given.made(around) for name, given in self.inputs.items()}, ((at, to),))

    def _beside(self, one: Strips, other: Strips, axis: int) -> Strips:
        """Return how two strips are filtered as one image. Their results do not depend on where they meet."""
        image, *_ = one.made.values()
        made = {
            name: copies.beside(other.made[name], self.inputs[name].axes.index(axis))
            for name, copies in one.made.items()
        }
        moved = [(_moved(at, axis, image.shape[axis]), to) for at, to in other.kept]
        return Strips(made, (*one.kept, *moved))
