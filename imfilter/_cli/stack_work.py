"""The filter of a stack, for each of its blocks: which axes it filters, and the header of the result."""

from __future__ import annotations

import copy
import dataclasses
import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from imfilter._base import dtypes

from .._files import stack_files
from .._files.formats import Format
from .._files.image import Image, Signals
from .._files.stacks import Stack, check_total
from . import messages, missing, pages, quiet, reach, sampling, stack_masks, stack_windows
from .command import Command
from .pages import Options
from .stack_windows import Array, Window, part
from .strips import Rows
from .threshold_table import FOUND, is_global

if TYPE_CHECKING:
    from .steps import Step

_UNKNOWN = "distance of its samples, so sizes are in samples, not in millimetres; give --spacing"
#: More frames than most windows have.
_MANY = 1 << 13
#: Bytes of frames that are filtered together along time.
_FRAMES = 1 << 26


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
    #: Of each step in `waiting`: its thresholds for each index of the leading axes, and of the loops.
    levels: Sequence[Array] = ()

    def __post_init__(self) -> None:
        header = self.stack.header
        named = pages.wanted(self.options)
        self.axes, self.filtered = pages.resolved(header.axes, named, self.stack.spatial, self.name)
        self.leading = 0 if self.blockwise else min(self.axes.index(axis) for axis in self.filtered)
        if self.kind.picture:  # a block is at least a plane
            self.leading = min(self.leading, len(self.axes) - header.channels - 2)
        self.inside = self.axes[self.leading :]
        self.loops = [axis for axis in self.inside if axis not in self.filtered + "S"]
        options = {**self.options, "mask": None}
        if self.stack.physical and "spacing" in options and options["spacing"] is None:
            spacing = [self.distance(axis) for axis in self.filtered]
            options["spacing"] = tuple(spacing) if None not in spacing else None
            if None in spacing:
                messages.say("warning", f"{self.name}: does not say the {_UNKNOWN}")
        self.chosen = named is not None
        if len(self.filtered) == 1 and "per_channel" in options:
            options["per_channel"] = True
        self.changed = options
        self.mask: Array | str | None = None
        if self.options.get("mask") is not None:
            self.stack = self.stack.counted()  # a mask has as many frames
            self.mask = stack_masks.whole(
                self.options, self.lengths, self.filtered, self.inside, read=self.blockwise
            )
        self.until: int | None = None  # the step whose input is the result. None: all steps are done
        self.waiting = self._thresholds()
        self.reach = self._reach() if self._is_long() else None
        if self.waiting and not self._is_cut():
            self.waiting = []
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

    def _thresholds(self) -> list[int]:
        """Return the numbers of the steps whose thresholds are to be found first, from all parts."""
        if not (self.blockwise or self._is_long()):
            return []
        kinds = [step.command.kind for step in self.every]
        if "threshold" not in kinds or (
            len(self.filtered) == 3 and any(s.command.name == "orientation" for s in self.every)
        ):
            return []

        return [number for number, step in enumerate(self.every) if is_global(step.command, step.options)]

    def _is_cut(self) -> bool:
        """Return whether what is filtered at once is filtered in parts."""
        if not self.blockwise:
            return self.reach is not None
        lengths = self.lengths
        return None not in self.rows([lengths[axis] for axis in self.filtered])

    @property
    def separate(self) -> list[str]:
        """The loops whose every index is filtered alone.

        All samples beside a single axis are filtered in one call.
        """
        if len(self.filtered) > 1:
            return self.loops
        return [axis for axis in self.loops if self.axes.index(axis) < self.axes.index(self.filtered)]

    @property
    def lengths(self) -> dict[str, int]:
        """The lengths of the axes of the input by their letters."""
        return dict(zip(self.axes, self.stack.header.pixels.shape, strict=True))

    @property
    def every(self) -> Sequence[Step]:
        """The steps, also of a single filter."""
        if self.steps is not None:
            return self.steps
        from .steps import Step

        return [Step(1, self.command, dict(self.changed))]

    def known(self, levels: Sequence[Any] = ()) -> Sequence[Step]:
        """Return the steps with their thresholds, or with values in place of them, up to the wanted one."""
        steps = list(self.every)
        for place, number in enumerate(self.waiting):
            from . import thresholds

            options = steps[number].options
            found = levels[place] if place < len(levels) else thresholds.unknown(options)
            steps[number] = steps[number]._replace(options={**options, FOUND: found})
        return steps[: self.until]

    def input_of(self, number: int, levels: Sequence[Array]) -> Work:
        """Return the work whose results are the input of a step. The thresholds before it are known."""
        work = copy.copy(self)
        work.until, work.levels = number, levels
        work.reach = work._reach() if work._is_long() else None
        return work

    def _together(self) -> int:
        """Return the size in bytes of what is filtered at once."""
        pixels = self.stack.header.pixels
        return math.prod(pixels.shape[self.leading :]) * pixels.itemsize

    def sampled(self) -> dict[str, sampling.Sampling]:
        """Return the samples of the result along the filtered axes, by their letters."""
        dtype, lengths = self.stack.header.pixels.dtype, [self.lengths[axis] for axis in self.filtered]
        steps = self.every
        if self.steps is not None:
            from . import pipe

            steps = pipe.tasks(steps, Image(dtypes.blank(lengths, dtype)), self.changed)
        return dict(zip(self.filtered, sampling.of_steps(steps, lengths, dtype), strict=True))

    def rows(self, lengths: Sequence[int]) -> list[Rows | None]:
        """Return the samples along each filtered axis that a result depends on. None: all of the axis."""
        dtype, steps = self.stack.header.pixels.dtype, self.known()
        if not steps:
            return [Rows(length) for length in lengths]
        if self.steps is None:
            return reach.along_axes(self.command, steps[0].options, lengths, dtype)
        from . import pipe

        steps = pipe.spaced(steps, self.changed["spacing"])
        return pipe.along_axes(steps, Image(dtypes.blank(lengths, dtype)), self.changed)

    def _reach(self) -> int | None:
        """Return how many frames before and after it a frame of the result depends on, or None if all."""
        if self.filtered[0] != self.axes[self.leading]:
            return None
        last = self.every[-1].command
        if last.name == "orientation" and len(self.filtered) == 3:  # its vectors are a new axis
            return None
        shape = self.lengths
        # The number of frames of a film is an estimate.
        first = _MANY if self.stack.streamed else shape[self.filtered[0]]
        found = self.rows([first, *(shape[axis] for axis in self.filtered[1:])])[0]
        if found is None or found.wraps or (found.length, found.step, found.cell) != (first, 1, 1):
            return None
        around = max(found.above, found.below)
        if self.stack.streamed and around >= first - 1:  # of more frames, it may be more
            return None
        return around

    def distance(self, axis: str) -> float | None:
        """Return the spacing of an axis of the input."""
        header = self.stack.header
        return header.spacing[self.axes.index(axis)] if header.spacing else None

    def _masks(self, leading: int) -> Iterator[Array | None]:
        """Yield which samples are present, for each index of the leading axes."""
        return stack_masks.parts(self.mask, leading, self.options, more=self.stack.streamed)

    def results(self) -> Iterator[Image]:
        """Yield the results of all blocks, in the order of the file."""
        for window in self.windows():
            result = stack_windows.compiled(self._of_window, window, self.reach)
            if window.keep is None:
                yield result
                continue
            for frame in result.pixels[window.keep]:
                yield dataclasses.replace(result, pixels=frame, axes=result.axes[1:])
            del result, frame  # before the next results

    def _of_window(self, window: Window) -> Image:
        """Return the result of what is read at a time."""
        if window.keep is None:
            return self.result(window.block, window.present)
        with part():
            return self.result(window.block, window.present, window.levels)

    def windows(self) -> Iterator[Window]:
        """Yield what is read at a time, in the order of the file."""
        if self.reach is not None:
            yield from self._along_frames(self.reach)
            return
        if not self.stack.streamed:
            messages.say_held(self.name, self._together(), "a result depends on all of them")
        blocks, masks = self.stack.blocks(self.leading), self._masks(self.leading)
        for number in itertools.count():
            with quiet.decoders():
                block = next(blocks, None)
            if block is None:
                return
            yield Window(number, block, next(masks))

    def _along_frames(self, around: int) -> Iterator[Window]:
        """Yield the frames of a film, or planes, some at a time, with the frames around them."""
        pixels, leading = self.stack.header.pixels, self.leading + 1
        frames, masks = self.stack.blocks(leading), self._masks(leading)
        count = 1 if self.stack.streamed else math.prod(pixels.shape[: self.leading])
        for number in range(count):
            here = frames  # the number of frames of a film is an estimate
            if not self.stack.streamed:
                here = itertools.islice(frames, pixels.shape[self.leading])
            levels = [one[number : number + 1].reshape(one.shape[1:]) for one in self.levels]
            for window in self._along(here, masks, around):
                yield window._replace(number=number, levels=levels)

    def _along(self, frames: Iterator[Array], masks: Iterator[Array | None], around: int) -> Iterator[Window]:
        """Yield the windows of some frames, which are filtered together."""
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
                yield Window(0, held[:count], None if present is None else present[:count], slice(done, stop))
            first = max(stop - around, 0)
            for array in (held, present):
                if array is not None:
                    array[: count - first] = array[first:count]
            count, done = count - first, stop - first

    def _turned(self, block: Array) -> tuple[Array, list[int]]:
        """Return a block with the axes that are not filtered first, and the order of its axes."""
        order = [self.inside.index(axis) for axis in [*self.loops, *self.filtered]]
        order += [self.inside.index("S")] if self.stack.header.channels else []
        return block.transpose(order), order

    def each(
        self, block: Array, present: Array | None, levels: Sequence[Array] = ()
    ) -> Iterator[tuple[tuple[int, ...], Image]]:
        """Yield the results of a block, for each index of the axes that are filtered separately."""
        turned, order = self._turned(block)
        shown = None if present is None else present.transpose(order[: present.ndim])
        filtered = self._along_one if len(self.filtered) == 1 else self._filter
        for index in np.ndindex(turned.shape[: len(self.separate)]):
            here = None if shown is None else np.ascontiguousarray(shown[index])
            found = [one[index] for one in levels]
            yield index, filtered(np.ascontiguousarray(turned[index]), here, found)

    def result(self, block: Array, present: Array | None, levels: Sequence[Array] = ()) -> Image:
        """Return the result of a block: of an index of the leading axes, or of a part of the array.

        `levels` are the thresholds of the steps that wait for them, for each index of the loops.
        """
        turned, order = self._turned(block)
        count = len(self.separate)
        results = [result for _, result in self.each(block, present, levels)]
        pixels = results[0].pixels[(None,) * count] if len(results) == 1 else None
        if pixels is None:
            stacked = np.stack([result.pixels for result in results])
            pixels = stacked.reshape(*turned.shape[:count], *results[0].pixels.shape)
        first = results[0]
        if len(self.filtered) == 1:
            return self._beside_one(first, pixels.transpose(np.argsort(order)))
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

    def _filter(self, pixels: Array, present: Array | None, levels: Sequence[Any]) -> Image:
        header = self.stack.header
        image = Image(pixels, header.channels, header.alpha, nodata=header.nodata, present=present)
        try:
            result = self._apply(image, levels)
        except ValueError as error:
            if self.chosen or len(self.filtered) < 3:
                raise
            what = str(error).partition("; ")[0]  # without advice about the axes of an array
            raise ValueError(f"{what} (--axes YX filters each plane of a volume)") from error
        if self.kind.picture and self.until is None:
            result = stack_files.pictured(result, self.kind, self.options["background"])
        return result

    def _apply(self, image: Image, levels: Sequence[Any] = ()) -> Image:
        steps = self.known(levels)
        if self.steps is not None:
            from . import pipe, pipe_stages

            if self.until is not None:
                steps = [*steps, self.every[self.until]]
            steps = pipe.spaced(steps, self.changed["spacing"])
            if self.until is not None:
                return pipe_stages.before(self.until, steps, image, self.changed)
            return pipe_stages.filtered(steps, image, self.changed, self.kind)
        if self.until is not None:
            return missing.found(image, self.changed)
        from .apply import apply  # imports the filters, after files that cannot be read are reported

        return apply(self.command, image, steps[0].options, self.kind, self.name)

    def _along_one(self, pixels: Array, present: Array | None, levels: Sequence[Any]) -> Image:
        """Filter along one axis. Each sample beside it is in a signal of its own.

        This axis is behind the loops that are not filtered separately, and colours are after it.
        """
        place = len(self.loops) - len(self.separate)
        signal = np.moveaxis(pixels, place, 0)
        columns = np.ascontiguousarray(signal.reshape(len(signal), -1))
        shown = None
        if present is not None:
            spread = present if present.ndim == pixels.ndim else present[..., None]
            shown = np.moveaxis(np.broadcast_to(spread, pixels.shape), place, 0).reshape(len(signal), -1)
        image = Signals(columns, channels=True, nodata=self.stack.header.nodata, present=shown)
        result = self._apply(image, levels)
        if self.until is not None:
            return dataclasses.replace(result, channels=False)
        samples = result.pixels.reshape(-1, *signal.shape[1:])
        return dataclasses.replace(result, pixels=np.moveaxis(samples, 0, place), channels=False)

    def _beside_one(self, first: Image, pixels: Array) -> Image:
        """Return the result of a filter along one axis. Its axes are those of the block."""
        header = self.stack.header
        done = Image(pixels, header.channels, header.alpha, nodata=first.nodata)
        if self.kind.picture:
            done = stack_files.pictured(done, self.kind, self.options["background"])
        return dataclasses.replace(done, axes=self.inside[: done.pixels.ndim])
