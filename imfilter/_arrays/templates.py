"""Template matching in a lazy image: blocks subtract one offset and share sums as the whole image does."""

from typing import Any

import dask.array as da
import numpy as np
import numpy.typing as npt

from imfilter import matching
from imfilter._arrays import lazy, reaches
from imfilter._arrays.blocks import Source
from imfilter._arrays.calls import Call, dry
from imfilter._arrays.reduced import reduced
from imfilter._arrays.rules import Rule
from imfilter._base import arguments, dtypes, missing
from imfilter._base.plan import Section, all_settled
from imfilter._base.reach import Reach
from imfilter._filters.detection import centring
from imfilter._filters.detection.centring import Centre
from imfilter._filters.linear.fft_lengths import tile_of
from imfilter._filters.linear.winograd_sums import halvings, shortest

#: Constants beyond the border. Algorithms that share sums refuse the second.
_CONSTANTS = (0.0, 1e35)


def match_template(call: Call) -> Any:
    """Return the lazy result of `imfilter.match_template`."""
    image, sparse = call.image, _is_sparse(call)
    given = call.arguments.get("mask") is not None
    ignores = call.get("nan") == "ignore" and image.dtype.kind == "f"
    may_lack = given or ignores or lazy._is_masked(image)
    found = [image, _mask(call)] if given else [image]
    settings = {"ignores": ignores, "sparse": sparse, "shrink": call.get("mode") == "shrink"}
    plans = [plan for absent in (sparse, sparse or may_lack) for plan in _plans(call, absent=absent)]
    settings["real"] = plans[0].dtype if image.dtype.itemsize <= 4 else dtypes.FLOAT64
    lacks = [reduced(found, _lacking, _any_lacking, settings)] if may_lack else []
    grid = centring.grid(image.size, image.ndim)
    some = [array[grid].rechunk(-1) for array in found]
    about = reduced(some, _some, _centred, settings, lacks)
    delayed = {"about": about}
    if image.dtype.kind == "f" and any(plan.choice.implementation.name == "winograd" for plan in plans):
        delayed["refused"] = reduced(found, _refused, _any_refused, settings, [about])
    rule = Rule(tried=True, reach=lambda call, axes: _reach(call, axes, plans))
    shape = tuple(image.shape)
    return lazy.filtered(call, rule, block, delayed, placed={"shape": shape})


def _is_sparse(call: Call) -> bool:
    """Tell whether sums of counts are needed even if all samples of the image are present."""
    weights = call.get("template_mask")
    return call.get("mode") == "shrink" or not (weights is None or (np.asarray(weights) == 1).all())


def _mask(call: Call) -> Any:
    """Return the mask in the shape and the chunks of the image."""
    image, channel = call.image, call.get("channel_axis")
    mask = lazy.as_lazy(call.arguments["mask"], "mask")
    Source.like(mask, image, channel, "mask")  # checks the shape
    if mask.ndim < image.ndim:
        mask = da.expand_dims(mask, arguments.axis_index(channel, image.ndim, "channel_axis"))
        mask = da.broadcast_to(mask, image.shape)
    return mask.rechunk(image.chunks)


def _plans(call: Call, *, absent: bool) -> list[Any]:
    """Return the calls of all sums of the whole image, for any constant beyond the border."""
    shape, found = call.image.shape, list[Any]()
    part = Section(shape, (0,) * len(shape))
    token = matching.known.set(matching.Known(Centre(0.0), absent, part, (False,) * 3))
    try:
        one = dry(call, shape)
        if one.get("mode") in ("constant", "zero"):
            each = [one.changed(mode="constant", cval=constant) for constant in _CONSTANTS]
        else:
            each = [one]
        for tried in each:
            found += all_settled(tried.run)
    finally:
        matching.known.reset(token)
    return found


def _reach(call: Call, axes: tuple[int, ...], plans: list[Any]) -> Reach:
    """Return the reach of a template, and in which groups results share sums."""
    found = reaches.template(call, axes)
    for plan in plans:
        name, shape = plan.choice.implementation.name, plan.choice.operator.shape
        if name == "fft":
            tiles = tile_of(shape, tuple([call.image.shape[a] for a in axes]))
            steps = {a: t - k + 1 for a, t, k in zip(axes, tiles, shape, strict=True)}
            found = {a: along._replace(tile=max(along.tile, steps[a])) for a, along in found.items()}
        if name == "winograd":
            cell = 2 ** halvings(shape)
            if len(axes) == 1:  # a line must not be too short
                cell *= -(-shortest(shape, plan.real) // cell)
            found = {a: along._replace(cell=max(along.cell, cell)) for a, along in found.items()}
    return found


def _there(blocks: list[npt.NDArray], settings: Any) -> tuple[npt.NDArray, missing.Presence]:
    """Return the samples of a block, and which are present."""
    array, own = missing.split(blocks[0])
    mask = np.asarray(blocks[1]) if len(blocks) > 1 else None
    if own is not None:
        mask = own if mask is None else np.where(own, mask, mask.dtype.type(0))
    return array, missing.Presence(mask, settings.value["ignores"], False, 0.0)


def _lacking(blocks: list[npt.NDArray], settings: Any) -> tuple[bool, float | None]:
    """Return whether a sample of a block is absent, and the sample of the least magnitude."""
    array, presence = _there(blocks, settings)
    counts = presence.at(array, ...)
    return not (counts == 1).all(), centring.smallest_of(array, counts > 0)


def _any_lacking(found: list[tuple[bool, float | None]], settings: Any) -> tuple[bool, float | None]:
    return any(lacks for lacks, _ in found), centring.least([number for _, number in found])


def _some(blocks: list[npt.NDArray], settings: Any, *lacks: Any) -> Any:
    return _there(blocks, settings)


def _centred(found: list[Any], settings: Any, *lacks: Any) -> tuple[Centre, bool]:
    """Return what is subtracted from all samples, and whether some are absent."""
    (array, presence), values = found[0], settings.value
    absent, smallest = lacks[0] if lacks else (False, None)
    if not absent and not values["sparse"]:
        return centring.of_all(array, values["real"]), False
    there = presence.at(array, ...) > 0
    return centring.of_present(array, there, smallest, dtypes.FLOAT64), absent or values["shrink"]


def _refused(blocks: list[npt.NDArray], settings: Any, about: tuple[Centre, bool]) -> tuple[bool, ...]:
    """Return which samples must be summed one by one; see `matching.Known`."""
    (array, presence), (centre, absent) = _there(blocks, settings), about
    if absent or settings.value["sparse"]:
        sums = matching.counted(array, presence if absent else None, centre)
    else:
        shifted = np.empty(array.shape, settings.value["real"])
        centre.remove(array, shifted)
        sums = (np.zeros(1), shifted, np.zeros(1))
    return tuple([centring.are_large(samples) for samples in sums])


def _any_refused(found: list[tuple[bool, ...]], settings: Any, about: Any) -> tuple[bool, ...]:
    return tuple([any(each) for each in zip(*found, strict=True)])


def block(
    image: npt.NDArray,
    template: Any,
    *,
    about: tuple[Centre, bool],
    shape: tuple[int, ...],
    origin: tuple[int, ...],
    refused: tuple[bool, bool, bool] = (False, False, False),
    **options: Any,
) -> npt.NDArray:
    """Return the coefficients of a block of an image of a shape, from `origin` on."""
    token = matching.known.set(matching.Known(*about, Section(shape, origin), refused))
    try:
        return matching.match_template(image, template, **options)
    finally:
        matching.known.reset(token)
