"""The filter of a stack, for each of its blocks: which axes it filters, and the header of the result."""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from imfilter._base import dtypes
from imfilter._base.plan import by_window

from .._files import stack_files
from .._files.formats import Format
from .._files.image import Image
from .._files.stacks import Stack, check_total
from . import halo, messages, missing, quiet
from .command import Command
from .pages import Options, wanted
from .strips import Rows

if TYPE_CHECKING:
    from .steps import Step

Array = NDArray[Any]

#: More frames than most windows have.
_MANY = 1 << 13
#: Bytes of frames that are filtered together along time.
_FRAMES = 1 << 26
#: Bytes in memory from which a message says so.
LARGE = 1 << 30
#: A number of channels above that of any colour.
_UNCOLOURED = 5
#: Filters whose results have the range of values of the input.
_SAME_RANGE = ("smoothing", "morphology", "preserving", "fill", "resampling", "enhancement", "denoising")


@dataclass
class Work:
    """A filter for the blocks of a stack."""

    command: Command
    stack: Stack
    name: str
    options: Options
    kind: Format
    steps: Sequence[Step] | None = None
    blockwise: bool = False  # whether blocks of all axes are filtered, not each index of the leading axes

    def __post_init__(self) -> None:
        header = self.stack.header
        named = wanted(self.options)
        self.axes, self.filtered = _resolved(header.axes, named, self.stack.spatial, self.name)
        self.leading = 0 if self.blockwise else min(self.axes.index(axis) for axis in self.filtered)
        self.inside = self.axes[self.leading :]
        self.loops = [axis for axis in self.inside if axis not in self.filtered + "S"]
        options = {**self.options, "mask": None}
        if self.stack.physical and "spacing" in options and options["spacing"] is None:
            spacing = [self._distance(axis) for axis in self.filtered]
            options["spacing"] = tuple(spacing) if None not in spacing else None
        self.chosen = named is not None
        if len(self.filtered) == 1 and "per_channel" in options:
            options["per_channel"] = True
        self.changed = options
        self.mask: Array | str | None = None
        if self.options.get("mask") is not None:
            self.stack = self.stack.counted()  # a mask has as many frames
            self.mask = self._mask()
        self.reach = self._reach() if self._is_long() else None
        self.before = self.leading + (self.reach is not None)  # axes before those of a result
        if self.stack.streamed and not self.leading and self.reach is None:
            stack = self.stack.counted()
            shape = stack.header.pixels.shape
            check_total(
                self.name, shape[: len(shape) - stack.header.channels], self.options["max_pixels"] or None
            )
            self.stack = stack

    def _is_long(self) -> bool:
        """Return whether what is filtered at once is read frame by frame, or plane by plane."""
        header = self.stack.header
        if self.blockwise or self.leading >= header.pixels.ndim - 2 - header.channels:
            return False
        if self.stack.streamed:
            return not self.leading
        return self._together() > _FRAMES

    def _together(self) -> int:
        """Return the size in bytes of what is filtered at once."""
        pixels = self.stack.header.pixels
        return math.prod(pixels.shape[self.leading :]) * pixels.itemsize

    def rows(self, lengths: Sequence[int]) -> list[Rows | None]:
        """Return the samples along each filtered axis that a result depends on. None: all of the axis."""
        dtype = self.stack.header.pixels.dtype
        if self.steps is None:
            return halo.along_axes(self.command, self.changed, lengths, dtype)
        from . import pipe

        steps = pipe.spaced(self.steps, self.changed["spacing"])
        return pipe.along_axes(steps, Image(dtypes.blank(lengths, dtype)), self.changed)

    def _reach(self) -> int | None:
        """Return how many frames before and after it a frame of the result depends on, or None if all."""
        if self.filtered[0] != self.axes[self.leading]:
            return None
        last = self.command if self.steps is None else self.steps[-1].command
        if last.name == "orientation" and len(self.filtered) == 3:  # its vectors are a new axis
            return None
        shape = dict(zip(self.axes, self.stack.header.pixels.shape, strict=True))
        # The number of frames of a film is an estimate.
        first = _MANY if self.stack.streamed else shape[self.filtered[0]]
        found = self.rows([first, *(shape[axis] for axis in self.filtered[1:])])[0]
        if found is None or found.wraps or (found.length, found.step, found.cell) != (first, 1, 1):
            return None
        around = max(found.above, found.below)
        if self.stack.streamed and around >= first - 1:  # of more frames, it may be more
            return None
        return around

    def _distance(self, axis: str) -> float | None:
        header = self.stack.header
        return header.spacing[self.axes.index(axis)] if header.spacing else None

    def _mask(self) -> Array | str:
        """Return the mask in the shape of the stack without colours, or the name of its file if a stack."""
        shape = dict(zip(self.axes, self.stack.header.pixels.shape, strict=True))
        whole = tuple(length for axis, length in shape.items() if axis != "S")
        if isinstance(self.options["mask"], str) and not self.blockwise:
            stack = self._opened(self.options["mask"])
            if stack is not None:
                with contextlib.closing(stack):
                    header = stack.counted().header
                if header.pixels.shape == whole and not header.channels:
                    return self.options["mask"]
        present, _ = missing.read(self.options["mask"], self.options)
        page = tuple(shape[axis] for axis in self.filtered)
        if present.shape == whole:
            return present
        if present.shape != page:
            raise ValueError(
                f"--mask must have the shape of IN, {whole}, or of what is filtered at once, {page}, "
                f"got {present.shape} in {self.options['mask']}"
            )
        inner = [shape[axis] for axis in self.loops]
        spread = np.broadcast_to(present, (*inner, *page))
        plain = self.inside.removesuffix("S")
        order = [[*self.loops, *self.filtered].index(axis) for axis in plain]
        return np.broadcast_to(spread.transpose(order), whole)

    def _opened(self, mask: str) -> Stack | None:
        with quiet.decoders():
            return stack_files.opened(mask, self.options["max_pixels"] or None)

    def _masks(self, leading: int) -> Iterator[Array | None]:
        """Yield which samples are present, for each index of the leading axes."""
        present = None
        if self.mask is not None:
            for present in self._given(self.mask, leading):
                yield present
        if self.mask is None or self.stack.streamed:  # more frames may come than were counted
            yield from itertools.repeat(present)

    def _given(self, mask: Array | str, leading: int) -> Iterator[Array]:
        """Yield the parts of a mask, for each index of the leading axes."""
        if not isinstance(mask, str):
            yield from (mask[index] for index in np.ndindex(mask.shape[:leading]))
            return
        stack = self._opened(mask)
        if stack is None:
            raise ValueError(f"--mask {mask} has changed while it was read; give it again")
        with contextlib.closing(stack):
            for block in stack.blocks(leading):
                yield block != 0

    def results(self) -> Iterator[Image]:
        """Yield the results of all blocks, in the order of the file."""
        if self.reach is not None:
            yield from self._along_frames(self.reach)
            return
        if not self.stack.streamed and self._together() > LARGE:
            size, reason = self._together() / 1e9, "a result depends on all of them"
            messages.say("warning", f"{self.name}: {size:.1f} GB are held in memory, because {reason}")
        blocks, masks = self.stack.blocks(self.leading), self._masks(self.leading)
        while True:
            with quiet.decoders():
                block = next(blocks, None)
            if block is None:
                return
            yield self.result(block, next(masks))

    def _along_frames(self, around: int) -> Iterator[Image]:
        """Yield the results of the frames of a film, or of planes, with the frames around them in memory."""
        pixels, leading = self.stack.header.pixels, self.leading + 1
        frames, masks = self.stack.blocks(leading), self._masks(leading)
        if self.stack.streamed:  # the number of frames is an estimate
            yield from self._along(frames, masks, around)
            return
        for _ in range(math.prod(pixels.shape[: self.leading])):
            yield from self._along(itertools.islice(frames, pixels.shape[self.leading]), masks, around)

    def _along(self, frames: Iterator[Array], masks: Iterator[Array | None], around: int) -> Iterator[Image]:
        """Yield the results of some frames, which are filtered together."""
        pixels, shape = self.stack.header.pixels, self.stack.header.pixels.shape[self.leading + 1 :]
        size = max(2 * around, _FRAMES // (math.prod(shape) * pixels.itemsize), 1)
        held = np.empty((size + 2 * around, *shape), pixels.dtype)
        present = None
        if self.mask is not None:
            present = np.empty((len(held), *shape[: len(shape) - self.stack.header.channels]), np.bool_)
        count = done = 0  # frames that are held, and those of them whose results are out
        last = False
        while not last:
            before = count
            with quiet.decoders():
                for frame in itertools.islice(frames, size):
                    held[count] = frame
                    if present is not None:
                        present[count] = next(masks)
                    count += 1
            last = count - before < size
            stop = count if last else count - around
            if stop > done:
                token = by_window.set(True)
                try:
                    result = self.result(held[:count], None if present is None else present[:count])
                finally:
                    by_window.reset(token)
                for part in result.pixels[done:stop]:
                    yield dataclasses.replace(result, pixels=part, axes=result.axes[1:])
                del result, part  # before the next results
            first = max(stop - around, 0)
            for array in (held, present):
                if array is not None:
                    array[: count - first] = array[first:count]
            count, done = count - first, stop - first

    def result(self, block: Array, present: Array | None) -> Image:
        """Return the result of a block: of an index of the leading axes, or of a part of the array."""
        header = self.stack.header
        sources = [self.inside.index(axis) for axis in [*self.loops, *self.filtered]]
        order = [*sources, self.inside.index("S")] if header.channels else sources
        turned = block.transpose(order)
        if len(self.filtered) == 1:
            return self._along_one(turned, present, order)
        count = len(self.loops)
        shown = None if present is None else present.transpose(sources)
        results = []
        for index in np.ndindex(turned.shape[:count]):
            here = None if shown is None else np.ascontiguousarray(shown[index])
            results.append(self._filter(np.ascontiguousarray(turned[index]), here))
        pixels = results[0].pixels[(None,) * count] if len(results) == 1 else None
        if pixels is None:
            stacked = np.stack([result.pixels for result in results])
            pixels = stacked.reshape(*turned.shape[:count], *results[0].pixels.shape)
        first = results[0]
        # The vectors of ``orientation`` in volumes are along an axis before those of space.
        leads = first.pixels.ndim == len(self.filtered) + 1 and not first.channels
        vectors = "C" if leads and "C" not in self.axes else ""
        names = "".join([*self.loops, vectors, *self.filtered]) + "S" * first.channels
        if pixels.ndim != len(names):
            return dataclasses.replace(first, pixels=pixels, channels=False, alpha=False)
        final = [axis for axis in self.inside if axis in names and axis not in vectors + "S"]
        final = [*vectors, *final, *"S" * first.channels]
        pixels = pixels.transpose([names.index(axis) for axis in final])
        return dataclasses.replace(first, pixels=pixels, axes="".join(final))

    def _filter(self, pixels: Array, present: Array | None) -> Image:
        header = self.stack.header
        image = Image(pixels, header.channels, header.alpha, nodata=header.nodata, present=present)
        try:
            result = self._apply(image)
        except ValueError as error:
            if self.chosen or len(self.filtered) < 3:
                raise
            raise ValueError(f"{error} (--axes YX filters each plane of a volume)") from error
        if self.kind.picture:
            result = stack_files.pictured(result, self.kind, self.options["background"])
        return result

    def _apply(self, image: Image) -> Image:
        if self.steps is not None:
            from . import pipe, pipe_stages

            steps = pipe.spaced(self.steps, self.changed["spacing"])
            return pipe_stages.filtered(steps, image, self.changed, self.kind)
        from .apply import apply  # imports the filters, after files that cannot be read are reported

        return apply(self.command, image, self.changed, self.kind, self.name)

    def _along_one(self, turned: Array, present: Array | None, order: list[int]) -> Image:
        """Filter along one axis. All samples beside it are channels of one signal.

        `turned` has this axis behind the loops, and colours after it. `order` are its axes in the block.
        """
        place = len(self.loops)
        signal = np.moveaxis(turned, place, 0)
        columns = np.ascontiguousarray(signal.reshape(len(signal), -1))
        more = _UNCOLOURED - columns.shape[1]
        if more > 0:  # 3 channels would be a colour
            columns = np.pad(columns, ((0, 0), (0, more)))
        shown = None
        if present is not None:
            spread = present if present.ndim == turned.ndim else present[..., None]
            shown = np.broadcast_to(spread, turned.transpose(np.argsort(order)).shape)
            shown = np.moveaxis(shown.transpose(order), place, 0).reshape(len(signal), -1)
            shown = np.pad(shown, ((0, 0), (0, max(more, 0))))
        image = Image(columns, channels=True, nodata=self.stack.header.nodata, present=shown)
        result = self._apply(image)
        pixels = result.pixels[:, : signal[:1].size].reshape(-1, *signal.shape[1:])
        pixels = np.moveaxis(pixels, 0, place).transpose(np.argsort(order))
        header = self.stack.header
        done = Image(pixels, header.channels, header.alpha, nodata=result.nodata)
        if self.kind.picture:
            done = stack_files.pictured(done, self.kind, self.options["background"])
        return dataclasses.replace(done, axes=self.inside[: done.pixels.ndim])

    def header(self, first: Image) -> Image:
        """Return the header of the result."""
        source = self.stack.header
        lengths = source.pixels.shape[: self.before]
        kept: dict[str, Any] = {"icc": source.icc, "dpi": source.dpi}
        kept["exif"] = source.exif if self.options["exif"] else None
        pixels = dtypes.blank((*lengths, *first.pixels.shape), first.pixels.dtype)
        if not first.axes:
            return Image(pixels, nodata=first.nodata, **kept)
        axes = self.axes[: self.before] + first.axes
        before = dict(zip(self.axes, source.pixels.shape, strict=True))
        spacing = [self._scaled(axis, before, n) for axis, n in zip(axes, pixels.shape, strict=True)]
        units = dict(zip(self.axes, source.units or [""] * len(self.axes), strict=True))
        details = dict(source.details)
        if "ImageJ" in details and self.command.kind not in _SAME_RANGE:
            words = details["ImageJ"]
            details["ImageJ"] = {k: v for k, v in words.items() if k not in ("min", "max", "Ranges")}
        details["resampled"] = self.command.kind == "resampling" and self.options["align"] == "centres"
        return Image(
            pixels,
            first.channels,
            first.alpha,
            nodata=first.nodata,
            axes=axes,
            spacing=tuple(spacing),
            units=tuple(units.get(axis, "") for axis in axes),
            details=details,
            **kept,
        )

    def _scaled(self, axis: str, before: Mapping[str, int], length: int) -> float | None:
        """Return the spacing of an axis of the result. Resizing and strides change it."""
        spacing = self._distance(axis) if axis in self.axes else None
        if spacing is None or axis not in self.filtered:
            return spacing
        if self.command.kind == "resampling":
            ends = self.options["align"] == "corners" and length > 1
            return spacing * (before[axis] - ends) / (length - ends)
        if self.command.kind == "pipe":
            return spacing * before[axis] / length
        stride = self.options.get("stride", 1)
        number = self.filtered.index(axis)
        return spacing * (stride[number] if isinstance(stride, tuple) else stride)


def _resolved(axes: str, named: str | None, default: str, name: str) -> tuple[str, str]:
    """Return the names of the axes of a stack, and the letters of those to filter.

    An axis of pages without a meaning gets the letter that the user names.
    """
    if named is None:
        return axes, "".join(axis for axis in default if axis in axes)
    unknown = [axis for axis in named if axis not in axes]
    pages = [axis for axis in axes if axis not in "TCZYXS"]
    if len(unknown) == 1 and len(pages) == 1:
        return axes.replace(pages[0], unknown[0]), named
    if unknown:
        raise ValueError(f"--axes {named}: {name} has the axes {axes}, and no {unknown[0]}")
    return axes, named
