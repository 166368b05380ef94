"""Several filters one after the other, with floating point between them: the work of ``imfilter pipe``."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from imfilter._base import dtypes

from .. import io
from .._files.formats import Format
from .._files.image import Image, full_scale
from . import edges, limits, messages, missing, preserving, reach, render
from .apply import apply
from .limits import Limits
from .render import Tone
from .steps import Step
from .strips import Rows
from .table import options_of
from .task import Array, Filter

#: The format of what is between two steps: arrays, whose values are never scaled.
ARRAY = io.format_of("between.npy")
#: Kinds of filters whose values have the unit of differences of the input.
_DIFFERENCES = ("derivative", "statistic", "oriented")
_TRUTHS = ("edges", "threshold")


class Group(NamedTuple):
    """Steps that run band by band, or one step that needs the whole image (`rows` is None)."""

    rows: Rows | None
    steps: list[Step]


def spaced(steps: Sequence[Step], spacing: Any) -> Sequence[Step]:
    """Return steps that take the spacing of the file, as filters do. Before a change of size, it is known."""
    if spacing is None:
        return steps
    known, found = True, []
    for step in steps:
        takes = known and step.options.get("spacing", 0) is None
        found.append(step._replace(options={**step.options, "spacing": spacing}) if takes else step)
        known = known and not _changes_size(step)
    return found


def tasks(steps: Sequence[Step], image: Image, options: Mapping[str, Any]) -> Sequence[Step]:
    """Return steps with every option, for images of the type and of the number of axes of `image`."""
    return _prepared(steps, image, None, options, None, ignore=False)[0]


def along_axes(steps: Sequence[Step], image: Image, options: Mapping[str, Any]) -> list[Rows | None]:
    """Return the samples along each axis that a result of all steps depends on. None: all of the axis.

    The parameters are those of `pipe_stages.filtered`. The pixels of the image are not read.
    """
    lengths, dtype = image.pixels.shape[: image.spatial], dtypes.derived(image.pixels.dtype)
    total: list[Rows | None] = []
    for step in tasks(steps, image, options):
        rows = reach.along_axes(step.command, step.options, lengths, dtype)
        rows = rows if step.plain else [None] * len(lengths)
        total = [reach.both(*pair) for pair in zip(total, rows, strict=True)] if total else rows
    same = [None if one is None or one.length != n else one for one, n in zip(total, lengths, strict=True)]
    return [None if one is None or (one.step, one.cell) != (1, 1) else one for one in same]


class Prepared(NamedTuple):
    """The steps of a pipeline with every option, and how their result is written.

    Attributes
    ----------
    steps : list of Step
        The steps.
    source : dtype
        The type of the input.
    target : dtype or None
        The type of the file. None: the last step decides.
    tone : Tone
        The conversion to the values of the file.
    magnitude : bool
        Whether the sign of the result is dropped.
    """

    steps: list[Step]
    source: np.dtype[Any]
    target: np.dtype[Any] | None
    tone: Tone
    magnitude: bool

    def written(self, image: Image) -> Image:
        """Return the values of the file, from the result of the last step."""
        return _written(image, self.target, self.tone, magnitude=self.magnitude)


def prepared(steps: Sequence[Step], image: Image, options: Mapping[str, Any], kind: Format) -> Prepared:
    """Return the steps of a pipeline for an image, whose pixels that are present are known.

    All decisions about the values of the file are made here. The parameters are those of
    `pipe_stages.filtered`.
    """
    given, source, last = limits.asked(options), image.pixels.dtype, steps[-1].command
    black_and_white = last.kind in _TRUTHS or last.name == "skeleton"
    result_of = np.dtype(np.uint8) if black_and_white else source
    target = render.target_dtype(kind, result_of, options["dtype"], scaled=True)
    limits.check_use(given, target)
    ignore = image.present is not None or options["nan"] == "ignore" or image.nodata is not None
    ends = given if given is not None or source.kind == "f" else Limits(0.0, full_scale(source))
    tasks, ends = _prepared(steps, image, ends, options, target, ignore=ignore)
    if target is not None and target.kind in "ui":
        ends = limits.of(ends, source, kind.name)
    nodata = None if black_and_white else image.nodata
    tone = _tone(target, ends, nodata, signed=options["signed"])
    return Prepared(tasks, source, target, tone, _is_difference(last) and not tone.signed)


def _is_difference(command: Any) -> bool:
    return command.kind in _DIFFERENCES or command.name == "sato"


def _prepared(
    steps: Sequence[Step],
    image: Image,
    ends: Limits | None,
    options: Mapping[str, Any],
    target: np.dtype[Any] | None,
    *,
    ignore: bool,
) -> tuple[list[Step], Limits | None]:
    """Return steps with every option, and the values that are black and white in the result."""
    dtype, tasks = dtypes.derived(image.pixels.dtype), []
    for step in steps:
        every = {option.name: option.default for option in options_of(step.command)}
        every |= step.options
        every |= {"workers": options["workers"], "nodata": "none", "max_pixels": options["max_pixels"]}
        every["nan"] = "ignore" if ignore else "propagate"
        if ends is not None:
            _fill_in(every, ends)
        tasks.append(step._replace(options=every))
        try:
            ends = _after(tasks[-1], ends, dtype, image.spatial)
        except (ValueError, TypeError, OverflowError) as error:
            raise named(step, error) from error
    if steps[-1].command.name == "distance" and target is not None:  # pixels, which are not scaled
        ends = Limits(0.0, full_scale(target))
    return tasks, ends


def _fill_in(options: dict[str, Any], ends: Limits) -> None:
    """Set the options whose default is the range of the type of the input."""
    defaults = {
        "value_range": (ends.black, ends.white),
        "r": ends.height / 2,
        "sigma_range": preserving.SHARE * ends.height,
        "eps": (preserving.SHARE * ends.height) ** 2,
    }
    for name, value in defaults.items():
        if name in options and options[name] is None:
            options[name] = value


def _after(step: Step, ends: Limits | None, dtype: np.dtype[Any], ndim: int) -> Limits | None:
    """Return the values that are black and white after a step: see "Edges as pictures" in the manual."""
    command = step.command
    if command.kind in _TRUTHS:
        return Limits(
            0.0, step.options["classes"] - 1.0 if step.options.get("method") == "multi_otsu" else 1.0
        )
    if command.kind == "objects":
        return Limits(0.0, 1.0) if command.name == "skeleton" else None
    if command.kind == "entropy":
        return Limits(0.0, math.log2(max(step.options["levels"], 2)))
    if command.kind == "measure" and command.name != "sato":
        return Limits(*edges.ANGLES) if command.name == "orientation" else Limits(0.0, 1.0)
    if ends is None:
        return None
    if command.kind == "residue":
        return Limits(0.0, ends.height)
    if command.kind == "linear":
        black = ends.black * Filter(command, step.options, ndim).total
        return Limits(black, black + ends.height)
    if _is_difference(command):
        run = Filter(command, step.options, ndim)
        edge = render.edge_response(lambda plane: run(plane, mode="edge"), dtype, ndim, run.options)
        return Limits(0.0, edge * ends.height)
    return ends


def _tone(target: np.dtype[Any] | None, ends: Limits | None, nodata: float | None, *, signed: bool) -> Tone:
    """Return the conversion of the result of the last step to the values of the file."""
    if target is None or target.kind not in "ui" or ends is None:
        return Tone(target, nodata=nodata)
    scale = full_scale(target) / ends.height
    if signed:
        return Tone(target, scale / 2, signed=True, nodata=nodata)
    return Tone(target, scale, ends.black, nodata=nodata)


def groups(steps: Sequence[Step], image: Image) -> list[Group]:
    """Join steps that run band by band. A band has the rows around it that all its steps need.

    Where pixels are absent, each step runs alone: whether any are absent after a step is known from all its
    rows, and sums with absent pixels are rounded differently.
    """
    length, found, alone = image.pixels.shape[0], list[Group](), image.present is not None
    known = True  # whether the image has `length` rows at this step
    for step in steps:
        rows = _rows_of(step, image.spatial, length) if known else None
        known = known and step.command.kind != "resampling" and not _changes_size(step)
        if rows is None or rows.length != length or rows.step != 1 or rows.cell != 1:
            found.append(Group(None, [step]))
            continue
        joined = reach.both(found[-1].rows, rows) if found and not alone else None
        if joined is None:
            found.append(Group(rows, [step]))
        else:
            found[-1] = Group(joined, [*found[-1].steps, step])
    return found


def _rows_of(step: Step, ndim: int, length: int) -> Rows | None:
    if not step.plain or step.options.get("guide") is not None:
        return None
    try:
        options = step.options
        if step.command.kind not in reach.OWN:
            options = Filter(step.command, options, ndim).options
        return reach.rows_of(step.command, options, length)
    except (ValueError, TypeError, OverflowError):  # the filter raises it again, with the step
        return None


def _changes_size(step: Step) -> bool:
    return step.command.kind == "linear" and (
        step.options["stride"] != 1 or step.options["padding"] != "same"
    )


def floating(image: Image, source: np.dtype[Any]) -> Image:
    """Return an image in floating point, with opacity from 0 to 1 and NaN where a sample is absent."""
    work = dtypes.derived(source)
    pixels = image.pixels.astype(work)
    if image.alpha:
        pixels[..., -1] /= work.type(full_scale(source))
    if image.present is not None:
        colour = pixels[..., :-1] if image.alpha else pixels
        present = image.present
        colour[
            ~(present if present.ndim == colour.ndim else np.broadcast_to(present[..., None], colour.shape))
        ] = np.nan
    return dataclasses.replace(image, pixels=pixels, nodata=None, present=None)


def run_step(step: Step, image: Image) -> Image:
    """Run one step on an image or on a part of it."""
    if image.pixels.dtype.kind != "f":
        image = dataclasses.replace(image, pixels=image.pixels.astype(dtypes.derived(image.pixels.dtype)))
    try:
        return apply(step.command, image, step.options, ARRAY)
    except (ValueError, TypeError, OverflowError) as error:
        raise named(step, error) from error


def named(step: Step, error: Exception) -> Exception:
    kind = TypeError if isinstance(error, TypeError) else ValueError
    return kind(f"{step.title}: {messages.of_options(str(error), step.options)}")


def _written(image: Image, target: np.dtype[Any] | None, tone: Tone, *, magnitude: bool) -> Image:
    """Return the values of the file."""
    image = dataclasses.replace(image, nodata=tone.nodata)
    if target is None:
        return missing.written(image)
    colour: Array = image.colour
    if colour.dtype.kind != "f":
        colour = colour.astype(dtypes.FLOAT32)
    if target.kind in "ui" and magnitude:
        colour = np.abs(colour)
    values = tone.of(colour)
    if image.opacity is None:
        return missing.written(dataclasses.replace(image, pixels=values))
    values = values if values.ndim == image.pixels.ndim else values[..., None]
    alpha = Tone(target, full_scale(target)).of(image.opacity)
    return missing.written(
        dataclasses.replace(image, pixels=np.concatenate([values, alpha[..., None]], axis=-1))
    )
