"""Run the steps of a pipeline: those that need some rows together in bands, the others on the whole image."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from imfilter._base import dtypes, threads

from .._files.formats import Format
from .._files.image import Image
from .._files.lazy import LazyRows
from . import heap, messages, missing, pipe, pipeline, quiet, strips, thresholds
from .pipe import ARRAY, Group, Prepared
from .steps import Step
from .strips import Piecewise, Rows
from .threshold_table import FOUND, is_global

#: Options for pixels of which a step found no result.
_UNDEFINED = {"nodata": "none", "mask": None, "nan": "ignore"}
#: Bytes of an image between two steps that are held, so that the steps before are computed once. A larger
#: image is computed again in each pass of a threshold: there are one or two before the result.
_HELD = 1 << 28


@np.errstate(over="ignore", invalid="ignore")
def filtered(steps: Sequence[Step], image: Image, options: Mapping[str, Any], kind: Format) -> Image:
    """Run steps on an image in memory, for the format of the result.

    Parameters
    ----------
    steps : sequence of Step
        The filters.
    image : Image
        The input.
    options : mapping
        Every option of ``pipe`` by name.
    kind : Format
        The format of the output file.

    Returns
    -------
    Image
        The result in a type of the format, with the metadata of the input.
    """
    return strips.whole(piecewise(steps, image, options, kind))


def piecewise(
    steps: Sequence[Step], image: Image, options: Mapping[str, Any], kind: Format, name: str = "IN"
) -> Piecewise:
    """Return the steps after the last one that needs the whole image, as one filter. The others run here.

    The pixels may be `LazyRows`. `name` is the input in messages. The other parameters are those of
    `filtered`.
    """
    image = missing.found(image, options)
    lazy = isinstance(image.pixels, LazyRows)
    prepared = pipe.prepared(steps, image, {**options, "workers": 1} if lazy else options, kind)
    run = _Run(prepared, image, options["workers"], name)
    rows, last = run.through()
    return Piecewise(
        run.image, rows, lambda piece: prepared.written(run.part(last, piece)), result=prepared.target
    )


def before(number: int, steps: Sequence[Step], image: Image, options: Mapping[str, Any]) -> Image:
    """Return what step `number` gets, with the pixels that are present. The image is in memory.

    The other parameters are those of `filtered`.
    """
    image = missing.found(image, options)
    prepared = pipe.prepared(steps, image, options, ARRAY)
    step = prepared.steps[number]
    run = _Run(prepared._replace(steps=prepared.steps[:number]), image, options["workers"])
    rows, last = run.through()
    made = Piecewise(run.image, rows, lambda piece: run.part(last, piece))
    return missing.found(strips.whole(made), step.options)


class _Run:
    """Steps that run on an image, which becomes the image between two steps.

    Parameters
    ----------
    prepared : Prepared
        The steps.
    image : Image
        The input.
    workers : int or None
        Number of threads.
    name : str
        Name of the input in messages.
    """

    def __init__(self, prepared: Prepared, image: Image, workers: int | None, name: str = "IN") -> None:
        self.image, self._source = image, prepared.source
        self._steps, self._workers, self._name = list(prepared.steps), workers, name
        self._absent = image.present is not None
        self._first = True  # whether the image is the input

    def through(self) -> tuple[Rows, Sequence[Step]]:
        """Run steps as long as one of them needs the whole image. Return the others, and their rows."""
        while True:
            groups = pipe.groups(self._steps, self.image)
            if not groups:
                return Rows(len(self.image.pixels)), ()
            rows, steps = self._with_opacity(groups[0])
            following = groups[1].steps[0] if len(groups) > 1 else None
            if rows is None and is_global(steps[0].command, steps[0].options):
                self._steps[0] = self._found(steps[0], None)
            elif rows is None:
                self._whole(steps[0])
            elif following is None:
                return rows, steps
            elif is_global(following.command, following.options) and self._is_read_again():
                self._steps[len(steps)] = self._found(following, groups[0])
            else:
                self._compute(groups[0], following)

    def _with_opacity(self, group: Group) -> Group:
        """Return steps that know whether their input is opaque, which a part of the image does not show.

        What is opaque stays opaque, except where a step leaves NaN out. Otherwise bands are computed until
        one has a transparent pixel.
        """
        rows, steps = group
        if rows is None or not (self.image.alpha and (self._lazy or strips.is_cut(self.image, rows))):
            return group
        opaque = False
        for number, step in enumerate(steps):
            kept = opaque and step.options["nan"] != "ignore"
            known = step.options.get(strips.OPAQUE, kept or None)
            opaque = self._is_opaque(Group(rows, steps[:number])) if known is None else known
            steps[number] = step._replace(options={**step.options, strips.OPAQUE: opaque})
        self._steps[: len(steps)] = steps
        return group

    def _is_opaque(self, group: Group) -> bool:
        """Return whether the result of some steps has no transparent pixel. Without alpha it has none."""
        if not group.steps:
            return strips.is_opaque(self.image)
        made = Piecewise(self.image, group.rows, lambda piece: self.part(group.steps, piece))
        return all(strips.is_opaque(part) for part in self._bands(made))

    def part(self, steps: Sequence[Step], piece: Image) -> Image:
        """Return the result of steps that run together, for a part of the image."""
        if self._first:
            piece = pipe.floating(piece, self._source)
        for step in steps:
            piece = pipe.run_step(step, piece)
        return piece

    @property
    def _lazy(self) -> bool:
        return isinstance(self.image.pixels, LazyRows)

    @property
    def _size(self) -> int:
        """The bytes of the image in floating point."""
        return int(self.image.pixels.size) * dtypes.derived(self._source).itemsize

    def _is_read_again(self) -> bool:
        """Return whether the result of steps is too large to hold, so that each pass computes it."""
        return self._lazy and not self._absent and self._size > _HELD

    def _becomes(self, image: Image, count: int) -> None:
        """Go on with the result of the first steps."""
        self._first, self._steps = False, self._steps[count:]
        self.image = missing.found(image, _UNDEFINED) if self._absent and self._steps else image

    def _whole(self, step: Step) -> None:
        """Run a step on the whole image."""
        if self._lazy:
            self._compute(Group(Rows(len(self.image.pixels)), []), step)
        elif self._first:
            self._becomes(pipe.floating(self.image, self._source), 0)
        image = self.image
        del self.image  # the step may free it
        step = step._replace(options={**step.options, "workers": self._workers})
        self._becomes(pipe.run_step(step, image), 1)

    def _compute(self, group: Group, following: Step) -> None:
        """Compute the result of some steps, in memory."""
        rows, steps = group
        assert rows is not None
        made = Piecewise(self.image, rows, lambda piece: self.part(steps, piece))
        if not self._lazy:
            self._becomes(strips.whole(made), len(steps))
            return
        out: Image | None = None
        end = 0
        for part in self._bands(made):
            if out is None:
                pixels = dtypes.empty((rows.length, *part.pixels.shape[1:]), part.pixels.dtype)
                messages.say_held(self._name, pixels.nbytes, f"{following.title} needs the whole picture")
                out = dataclasses.replace(part, pixels=pixels)
            start, end = end, end + len(part.pixels)
            out.pixels[start:end] = part.pixels
        assert out is not None
        self._becomes(out, len(steps))

    def _bands(self, made: Piecewise) -> Iterator[Image]:
        """Yield the bands of a result of the file, in order, computed by all threads."""
        assert made.rows is not None
        heap.keep_freed()
        workers = threads.most(threads.requested(self._workers))
        count = strips.count_bands(made.image, made.rows, workers + pipeline.OTHERS)
        items = quiet.items(strips.bands(made.image, made.rows, count))
        yield made.first(next(items))
        yield from pipeline.results(items, made.streamed, workers)

    def _found(self, step: Step, group: Group | None) -> Step:
        """Return a step with its threshold of the whole image, or of the result of some steps."""
        try:
            return step._replace(options={**step.options, FOUND: self._threshold(step, group)})
        except (ValueError, TypeError, OverflowError) as error:
            raise pipe.named(step, error) from error

    def _threshold(self, step: Step, group: Group | None) -> Any:
        """Return the threshold of a step."""
        options = {**step.options, "workers": self._workers}
        steps = [] if group is None else group.steps
        if self._lazy:
            rows = Rows(len(self.image.pixels)) if group is None else group.rows
            made = Piecewise(self.image, rows, lambda piece: self.part(steps, piece))

            def parts() -> Iterator[tuple[None, Image]]:
                return ((None, missing.found(part, step.options)) for part in self._bands(made))

            head = self.part([], strips.cut(self.image, slice(0, 1)))
            return thresholds.of_groups(parts, head, options)[None]
        if self._first:
            self._becomes(pipe.floating(self.image, self._source), 0)
        return thresholds.of_image(missing.found(self.image, step.options), options)
