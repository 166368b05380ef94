"""The loops over an image: which axes are the line, the rows and the planes, and the addresses of samples."""

import functools
import itertools
import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Self, TypeVar

import numpy as np
import numpy.typing as npt

from imfilter._base.memo import once
from imfilter._base.padding import Padding

#: Elements of the longest line computed at once. A 1-D signal is one line: threads share it only in tiles.
LONGEST = 16384
#: From which length on a trailing batch axis is a better line than the last filtered axis, by the number of
#: filtered axes. Results have the same bits either way. Box 3 and max 7 of 128x128x64 float32 take 3.7 and
#: 8.4 ns a sample with such a line, and 1.0 and 2.3 with channels (Sapphire Rapids, one thread).
_WIDE_BATCH = {1: 32, 2: 1024}

_Done = TypeVar("_Done", bound=int)


class ArrayLayout(NamedTuple):
    """The properties of an image or output that a program depends on: all except the address."""

    shape: tuple[int, ...]
    strides: tuple[int, ...]
    dtype: np.dtype

    @classmethod
    def of(cls, array: npt.NDArray) -> Self:
        """Return the layout of `array`."""
        return cls(array.shape, array.strides, array.dtype)


class LoopAxis(NamedTuple):
    """One of the loops z, y, x: strides in bytes, lengths, and the extent of the kernel along it."""

    source_step: int = 0
    target_step: int = 0
    samples: int = 1
    length: int = 1
    before: int = 0
    after: int = 0
    stride: int = 1
    dilation: int = 1
    taps: int = 1
    axis: int | None = None  # index among the filtered axes; None if not filtered

    @property
    def span(self) -> int:
        """The number of padded samples that one output needs."""
        return (self.taps - 1) * self.dilation + 1

    @property
    def kernel(self) -> tuple[int, int, int | None]:
        """The dilation, taps and axis of the kernel."""
        return self.dilation, self.taps, self.axis

    def anywhere(self, length: int = 1) -> "LoopAxis":
        """Return a loop over `length` outputs with the same kernel, wherever its samples are."""
        return LoopAxis(0, 0, 1, length, 0, 0, self.stride, self.dilation, self.taps, self.axis)

    @classmethod
    def batch(cls, source: ArrayLayout, target: ArrayLayout, axis: int) -> Self:
        """Return the loop over an axis that is not filtered."""
        n = source.shape[axis]
        return cls(source.strides[axis], target.strides[axis], n, n)


#: The loop over one plane or one row.
_SINGLE = LoopAxis()


class LineLoops(NamedTuple):
    """The loops of a block of rows of one image: what lines of one kind have in common, as a key."""

    z: LoopAxis
    y: LoopAxis
    x: LoopAxis
    channels: int
    source_c: int
    target_c: int

    def loops(self) -> "Loops":
        """Return the loops of one block."""
        return Loops(*self, ONE_IMAGE)


class Loops(NamedTuple):
    """The loops z, y and x of a call, and those over a batch. Loop x has interleaved channels."""

    z: LoopAxis
    y: LoopAxis
    x: LoopAxis
    channels: int
    source_c: int  # bytes from one channel to the next
    target_c: int
    batch: npt.NDArray[np.int64]  # offsets of each image and its output from the first, in bytes

    def lines(self, planes: int = 1) -> LineLoops:
        """Return the loops of a block of some planes and one row, wherever its samples are."""
        z, y, x, channels, source_c, target_c, _ = self
        return LineLoops(z.anywhere(planes), y.anywhere(), x, channels, source_c, target_c)

    @classmethod
    def of(
        cls,
        source: ArrayLayout,
        target: ArrayLayout,
        shape: tuple[int, ...],
        axes: tuple[int, ...],
        paddings: tuple[Padding, ...],
        stride: tuple[int, ...],
        dilation: tuple[int, ...],
        *,
        last_first: bool = False,
        line_from: int | None = None,
    ) -> Self:
        """Assign the filtered axes to the loops, for a kernel of `shape`.

        The last filtered axis is the line, x. The axes after it are interleaved in it as channels. The
        filtered axes before it are rows, y, and planes, z. At most one axis follows the last filtered axis.
        If it has `line_from` samples or more, by default very many, it is the line itself. With `last_first`,
        the last filtered axis is z then, so that it is summed first, as if it were the line.
        """
        parts: list[LoopAxis] = []
        for axis in sorted(axes):
            i = axes.index(axis)
            before, after, length = paddings[i]
            steps = source.strides[axis], target.strides[axis]
            parts.append(
                LoopAxis(
                    *steps, source.shape[axis], length, before, after, stride[i], dilation[i], shape[i], i
                )
            )
        last = axis
        leading = [a for a in range(last) if a not in axes]
        channels, steps = 1, (0, 0)
        if len(source.shape) > last + 1:
            if _is_line(source.shape[-1], len(parts), line_from):
                if last_first:
                    parts.reverse()
                parts.append(LoopAxis.batch(source, target, last + 1))
            else:
                channels, steps = source.shape[-1], (source.strides[-1], target.strides[-1])
        while len(parts) < 3:
            parts.insert(0, LoopAxis.batch(source, target, leading.pop()) if leading else _SINGLE)
        z, y, x = parts
        return cls(z, y, x, channels, *steps, offsets(source, target, leading))

    def packed(self, side: str, itemsize: int) -> bool:
        """Tell whether the elements of a line of the "source" or the "target" are contiguous."""
        step_x, step_c = getattr(self.x, f"{side}_step"), getattr(self, f"{side}_c")
        # An axis of one sample may have any stride, even in an array that NumPy calls contiguous.
        single = (self.x.samples if side == "source" else self.x.length) == 1
        along = single or step_x == self.channels * itemsize
        return bool(along and (self.channels == 1 or step_c == itemsize))


class Placement:
    """The position of a kernel over an image: all that its loops depend on."""

    def __init__(
        self,
        source: ArrayLayout,
        target: ArrayLayout,
        shape: tuple[int, ...],
        axes: tuple[int, ...],
        paddings: tuple[Padding, ...],
        stride: tuple[int, ...],
        dilation: tuple[int, ...],
    ) -> None:
        self.source, self.target, self.axes = source, target, axes
        self._arguments = source, target, shape, axes, paddings, stride, dilation
        self._hash = hash(self._arguments)  # once, because it takes 2 us
        self.known: dict[Any, Any] = {}  # what an algorithm has found out about it

    @once
    def loops(self) -> Loops:
        """The loops z, y and x."""
        return Loops.of(*self._arguments, last_first=True)

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Placement) and self._arguments == other._arguments


#: The offsets of a batch of one image.
ONE_IMAGE = np.zeros((1, 2), np.int64)
ONE_IMAGE.flags.writeable = False


@functools.lru_cache(maxsize=256)
def tiles(length: int, count: int) -> npt.NDArray[np.int64]:
    """Cut a line of output columns into equal tiles. Return their starts and the end of the last."""
    edges = np.arange(count + 1, dtype=np.int64) * length // count
    edges.flags.writeable = False
    return edges


def extent(cut: npt.NDArray[np.int64]) -> tuple[int, int]:
    """Return the numbers of columns of the narrowest and the widest tile."""
    edges = cut.tolist()
    widths = [b - a for a, b in itertools.pairwise(edges)]
    return min(widths), max(widths)


def over_merged(
    task: Callable[[npt.NDArray, npt.NDArray], _Done],
    image: npt.NDArray,
    target: npt.NDArray,
    axes: tuple[int, ...],
) -> _Done:
    """Call ``task(image, target)`` with the axes after the filtered axes merged into one."""
    first = max(axes) + 1
    if image.ndim <= first + 1:
        return task(image, target)
    image, merged = image.reshape(*image.shape[:first], -1), target.reshape(*target.shape[:first], -1)
    done = task(image, merged)
    if not np.may_share_memory(merged, target):
        target[...] = merged.reshape(target.shape)
    return done


def along(shape: tuple[int, ...], axes: tuple[int, ...]) -> bool:
    """Tell whether the last of the filtered axes is the line."""
    last = max(axes)
    return interleaved(shape, last, len(axes)) == math.prod(shape[last + 1 :])


def interleaved(shape: tuple[int, ...], last: int, count: int) -> int:
    """Return the number of channels of a line for `count` filtered axes, of which `last` is the last."""
    trailing = math.prod(shape[last + 1 :])
    return 1 if _is_line(trailing, count) else trailing


def _is_line(trailing: int, count: int, line_from: int | None = None) -> bool:
    """Tell whether `trailing` samples after `count` filtered axes are a line of their own, not channels."""
    return count in _WIDE_BATCH and trailing >= (line_from or _WIDE_BATCH[count])


def places_of(shape: Sequence[int], steps: Sequence[int]) -> npt.NDArray[np.int64]:
    """Return the distance of each element from the first, in C order, from the distances along each axis."""
    total = np.zeros(1, np.int64)
    for n, step in zip(shape, steps, strict=False):
        total = (total[:, None] + np.arange(n) * step).reshape(-1)
    return total


def offsets(source: ArrayLayout, target: ArrayLayout, axes: list[int]) -> npt.NDArray[np.int64]:
    """Return the offsets of each image of the batch and its output from the first, in bytes."""
    if not axes:
        return ONE_IMAGE
    lengths = [source.shape[axis] for axis in axes]
    pairs = [places_of(lengths, [side.strides[axis] for axis in axes]) for side in (source, target)]
    return np.stack(pairs, axis=-1)
