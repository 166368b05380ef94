"""What both filters share: images and guides as planes of one channel each, which are filtered in pieces."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from imfilter._base import arguments, dtypes
from imfilter._base.keywords import Common
from imfilter._base.missing import Presence
from imfilter._base.reach import Reach
from imfilter._base.store import Store, roomy
from imfilter._filters.local import pieces
from imfilter._filters.local.parts import packed
from imfilter._filters.local.pieces import Cut, Frame


@dataclass(frozen=True, eq=False)
class Guide:
    """The guide of a call, and its axis of channels. Calls with a guide have no key: it may change."""

    array: npt.NDArray
    channel_axis: int | None
    gaps: bool = False  # whether samples are absent where it is NaN


def with_guide(image: npt.ArrayLike, guide: Any, common: Common) -> tuple[Guide | None, Common]:
    """Check a guide. Return the arguments of the image: `channel_axis` may belong to the guide alone."""
    if guide is None:
        return None, common
    array, own = arguments.image(guide, "guide"), None
    if common.channel_axis is not None:
        more = array.ndim - np.ndim(image)
        if more >= 0:
            own = arguments.axis_index(common.channel_axis, array.ndim, "channel_axis")
        if more > 0:
            common = common._replace(channel_axis=None)
    ignore = isinstance(common.nan, str) and common.nan == "ignore" and array.dtype.kind == "f"
    if not ignore or not np.isnan(np.min(array)):
        return Guide(array, own), common
    known = ~np.isnan(array)
    known = known if own is None else known.all(axis=own)
    return Guide(array, own, gaps=True), common._replace(mask=_without(known, image, common))


def _without(known: npt.NDArray[np.bool_], image: npt.ArrayLike, common: Common) -> Any:
    """Return the mask without the samples whose guide is not known. A wrong mask is refused later."""
    mask, axis = common.mask, common.channel_axis
    if mask is None:
        return known
    if np.ndim(mask) > known.ndim and isinstance(axis, int) and -np.ndim(image) <= axis < np.ndim(image):
        known = np.expand_dims(known, axis)
    if isinstance(mask, np.ma.MaskedArray) or np.ndim(mask) != known.ndim:
        return mask
    mask = np.asarray(mask)
    try:
        return np.where(known, mask, np.zeros((), mask.dtype))
    except ValueError:  # the shapes differ
        return mask


class Shapes(NamedTuple):
    """The axes of an image: that of its channels, and those to filter among the others."""

    channel: int | None
    spatial: tuple[int, ...]  # the shape without channels
    axes: tuple[int, ...]

    @classmethod
    def of(cls, array: npt.NDArray, given: Common, guide: Guide | None) -> "Shapes":
        """Check the axes of an image, and the shape of its guide."""
        axes = arguments.axes(array, given.axes, given.channel_axis)
        channel, shape = None, array.shape
        if given.channel_axis is not None:
            channel = arguments.axis_index(given.channel_axis, array.ndim, "channel_axis")
            axes = tuple(axis - (axis > channel) for axis in axes)
            shape = shape[:channel] + shape[channel + 1 :]
        if guide is not None:
            own, axis = guide.array.shape, guide.channel_axis
            found = own if axis is None else own[:axis] + own[axis + 1 :]
            if found != shape:
                what = "" if axis is None else f" beside its channels (channel_axis={axis - len(own)})"
                raise ValueError(f"guide must have shape {shape}{what}, got {own}")
        return cls(channel, shape, axes)

    def reach(self, frame: Frame) -> Reach:
        """Return the samples of the image that a result depends on, for the frame of its spatial axes."""
        channel = math.inf if self.channel is None else self.channel
        return {axis + (axis >= channel): along for axis, along in frame.reach.items()}


def planes(array: npt.NDArray, channel: int | None) -> list[npt.NDArray]:
    """Return the channels of an array."""
    return [array] if channel is None else list(np.moveaxis(array, channel, 0))


class Sources(NamedTuple):
    """An image and its guide in the order of the frame, and which samples are present.

    A sample is one position with all its channels. It is present if all its channels are.
    """

    image: list[npt.NDArray]
    guide: list[npt.NDArray] | None  # None: the image is the guide
    presence: Presence | None
    mask: list[npt.NDArray]  # of the channels; empty if all samples are present but for NaN or the border
    gaps: bool  # whether a sample is absent where its guide is NaN

    @classmethod
    def of(
        cls, frame: Frame, shapes: Shapes, array: npt.NDArray, guide: Guide | None, presence: Presence | None
    ) -> "Sources":
        """Return the planes of an image and its guide."""

        def ordered(whole: npt.NDArray, channel: int | None) -> list[npt.NDArray]:
            return [frame.ordered(plane) for plane in planes(whole, channel)]

        mask = None if presence is None else presence.mask
        return cls(
            ordered(array, shapes.channel),
            None if guide is None else ordered(guide.array, guide.channel_axis),
            presence,
            [] if mask is None else ordered(mask, shapes.channel),
            guide is not None and guide.gaps,
        )


@dataclass(eq=False)
class Piece:
    """A piece with its border. Absent samples are 0."""

    image: list[npt.NDArray]
    guide: list[npt.NDArray]
    counts: npt.NDArray | None = None  # how much samples count; None: all count 1
    known: npt.NDArray | None = None  # 1 where a result has a guide; None: everywhere

    @classmethod
    def of(
        cls, frame: Frame, cut: Cut, sources: Sources, real: np.dtype, cval: float, store: Store
    ) -> "Piece":
        """Return a piece as `real` floats, in memory of the store."""

        def padded(arrays: list[npt.NDArray], name: str) -> list[npt.NDArray]:
            return [
                pieces.padded(frame, cut, array, real, cval, store, f"{name} {number}")
                for number, array in enumerate(arrays)
            ]

        image = padded(sources.image, "image")
        guide = image if sources.guide is None else padded(sources.guide, "guide")
        found, presence = cls(image, guide), sources.presence
        if presence is None:
            return found
        counts: npt.NDArray | None = None
        for number, plane in enumerate(image):
            mask = sources.mask[number] if sources.mask else None
            own = pieces.counts(frame, cut, plane, presence, mask, real)
            counts = own if counts is None else np.minimum(counts, own, out=counts)
        assert counts is not None  # an image has a channel
        known = counts
        if sources.guide is not None:
            known = roomy(counts.shape, real)
            known.fill(1)
            for plane in guide if sources.gaps else ():
                known[np.isnan(plane)] = 0
                plane[np.isnan(plane)] = 0
            np.multiply(counts, known, out=counts)
        if (counts == 1).all():
            return found
        for plane in image:
            plane[counts == 0] = 0
        return replace(found, counts=counts, known=known)


def fill(
    frame: Frame,
    shapes: Shapes,
    target: npt.NDArray,
    few: npt.NDArray[np.bool_] | None,
    task: Callable[[Cut, list[npt.NDArray], Store], npt.NDArray[np.bool_] | None],
    workers: int | None,
    largest: int = 0,
    small: int = 0,
) -> None:
    """Call ``task(piece, results, store)`` for every piece; `largest` and `small` as in `pieces.over`.

    `results` has a plane for each channel. The function returns where too little is present.
    """
    targets = planes(target, shapes.channel)
    views = [frame.ordered(plane) for plane in targets]
    unknown = [] if few is None else [frame.ordered(plane) for plane in planes(few, shapes.channel)]

    def work(cut: Cut, store: Store) -> None:
        found = task(cut, [view[cut.where] for view in views], store)
        for view in unknown:
            view[cut.where] = False if found is None else found

    pieces.over(frame, workers, work, largest=largest, small=small)
    for view, plane in zip(views, targets, strict=True):
        frame.order.back(view, plane)
    for view, plane in zip(unknown, planes(few, shapes.channel) if few is not None else [], strict=True):
        frame.order.back(view, plane)


def direct(results: list[npt.NDArray], shape: tuple[int, ...], real: np.dtype) -> list[npt.NDArray]:
    """Return the arrays that kernels write: the results where they are contiguous lines of `real`."""
    return [view if view.dtype == real and packed(view, 3) else roomy(shape, real) for view in results]


def place(found: list[npt.NDArray], results: list[npt.NDArray]) -> None:
    """Convert what the kernels have written, unless it is in its place."""
    for values, to in zip(found, results, strict=True):
        if values is not to:
            dtypes.place(values, to)


def new(out: npt.NDArray | None, array: npt.NDArray, guide: Guide | None, dtype: np.dtype) -> npt.NDArray:
    """Return the array for results: `out` if it shares no memory with the image or the guide."""
    if out is not None and guide is not None and np.may_share_memory(out, guide.array):
        return dtypes.empty(array.shape, dtype)
    return dtypes.target(out, array, array.shape, dtype)
