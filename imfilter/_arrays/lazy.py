"""dask arrays: the result of a filter as a lazy array with the same bits, from blocks of the image."""

import functools
import importlib
import math
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import dask.array as da
import numpy as np
import numpy.typing as npt
from dask.base import tokenize
from dask.delayed import Delayed
from dask.highlevelgraph import HighLevelGraph

from imfilter._arrays import blocks, stored
from imfilter._arrays.blocks import ResultAxis, Source, results_of
from imfilter._arrays.calls import Call, dry, filtered_axes
from imfilter._arrays.rules import OWN, POINTS, REFUSED, RULES, WHOLE, Rule
from imfilter._arrays.tasks import Opaque
from imfilter._base import arguments, dtypes, missing
from imfilter._base.plan import settled
from imfilter._base.reach import Reach


def served(function: Callable[..., Any], args: tuple[Any, ...], options: Mapping[str, Any]) -> Any:
    """Return the lazy result of a public function for a lazy image."""
    return result(Call.of(function, args, options))


def result(call: Call) -> Any:
    """Return the lazy result of a call with a lazy image. With `out`, it is computed, and written there."""
    rule = RULES.get(call.name)
    if rule is None or rule.kind == REFUSED:
        reason = "" if rule is None or not rule.reason else f": {rule.reason}"
        raise TypeError(f"{call.name} does not take a dask array{reason}; use {call.first}.compute() first")
    if call.get("return_scale"):
        raise ValueError("return_scale must be False for a dask array, got True")
    place = None if call.arguments.get("out") is None else stored.target(call)
    call = call.without("out") if place is None else stored.typed(call, place)
    call = _without_full_mask(call)
    known(call.image, call.first)
    if rule.kind != OWN:
        found = filtered(call, rule, out=place)
        if place is not None:
            found.compute()
    else:
        call = call if place is None else stored.checked(call, place)
        module, name = rule.serve.split(".")
        found = getattr(importlib.import_module(f"imfilter._arrays.{module}"), name)(call)
        if place is not None:
            stored.copied(found, place)
    return found if place is None else place


def _without_full_mask(call: Call) -> Call:
    """Return the call without a mask that changes nothing. Blocks do not know whether all samples count."""
    mask = call.arguments.get("mask")
    if mask is None or call.first == "mask" or isinstance(mask, da.Array):
        return call
    array = arguments.numbers_of(mask, "mask")
    if array.shape != call.image.shape and call.get("channel_axis") is None:
        raise ValueError(f"mask must have shape {call.image.shape}, got {array.shape}")
    return call.without("mask") if (array == 1).all() else call


def known(image: Any, name: str) -> None:
    """Refuse an array whose shape is not known, or that is empty."""
    if any(math.isnan(n) for n in image.shape):
        raise ValueError(
            f"{name} must have chunks of known sizes, got shape {image.shape}; call compute_chunk_sizes()"
        )
    arguments.image(dtypes.blank(image.shape, image.dtype), name)


def filtered(
    call: Call,
    rule: Rule,
    function: Callable[..., Any] | None = None,
    delayed: Mapping[str, Any] = MappingProxyType({}),
    out: npt.NDArray | None = None,
    *,
    placed: Mapping[str, Any] | None = None,
) -> Any:
    """Return the result of a filter that works in blocks.

    A `function` of blocks may stand for the public one. It also gets the `delayed` arguments. If there are
    `placed` arguments, it gets them and `origin`: where the block's samples begin. With `out`, the blocks are
    written there when they are computed; see `blocks.array`.
    """
    image = call.image
    if "nan" in call.parameters:
        missing.policy(call.get("nan"), call.get("min_coverage") or 0.0)
    others = {name: call.arguments[name] for name in rule.with_image if call.arguments.get(name) is not None}
    others = {name: as_lazy(value, name) for name, value in others.items()}
    channel = call.get("channel_axis")
    sources = {name: Source.like(value, image, channel, name) for name, value in others.items()}
    call = call.changed(**others)
    # A function of single samples has no plan: it would filter the whole shape.
    plan = None if rule.kind == POINTS else settled(dry(call, image.shape).run)
    reach = _reach(call, rule, plan)
    results, dtype = _result(call, rule, plan)
    frame = blocks.Frame.of(image.chunks, results, reach, wraps=call.get("mode") == "wrap")
    made = call if function is None else Call(function, call.arguments)
    if out is not None:
        stored.fitting(out, tuple(r.length for r in results), dtype)
    options: dict[str, Any] = {}
    if placed is not None:
        options = {"options": functools.partial(_origin, frame, placed), "key": placed}
    return blocks.array(
        made, sources, frame, dtype, masked=_is_masked(image), delayed=delayed, out=out, **options
    )


def _origin(frame: blocks.Frame, more: Mapping[str, Any], block: tuple[int, ...]) -> dict[str, Any]:
    """Return where the samples of a block begin, and more arguments."""
    places = zip(frame.axes, block, strict=True)
    return {**more, "origin": tuple([axis.pieces[number].ranges[0][0] for axis, number in places])}


def mapped(
    call: Call, function: Callable[..., Any], options: Mapping[str, Any], dtype: np.dtype, reach: Reach
) -> Any:
    """Return the lazy result of a function of blocks, which has the image's shape.

    The function gets the arguments of the call and `options`, of which some may be delayed.
    """
    image = call.image
    given = {name: value for name, value in options.items() if not hasattr(value, "dask")}
    delayed = {name: value for name, value in options.items() if hasattr(value, "dask")}
    mask = call.arguments.get("mask")
    others = {} if mask is None else {"mask": as_lazy(mask, "mask")}
    sources = {name: Source.like(value, image, None, name) for name, value in others.items()}
    made = Call(function, {**call.arguments, **others, **given})
    frame = blocks.Frame.of(image.chunks, results_of(image.shape, image.ndim), reach, wraps=False)
    return blocks.array(made, sources, frame, dtype, masked=False, delayed=delayed)


def after(before: Any, function: Callable[..., Any], settings: Any) -> Any:
    """Return the delayed ``function(value, settings)`` of a delayed value."""
    name = f"{function.__name__.strip('_')}-{tokenize(function, before.key, settings)}"
    layer: dict[Any, Any] = {name: (function, before.key, Opaque(settings))}
    return Delayed(name, HighLevelGraph.from_collections(name, layer, dependencies=[before]), layer=name)


def _is_masked(image: Any) -> bool:
    return isinstance(image._meta, np.ma.MaskedArray)


def as_lazy(value: Any, name: str) -> Any:
    """Return an argument of the image's shape as a lazy array."""
    if isinstance(value, da.Array):
        known(value, name)
        return value
    array = arguments.numbers_of(value, name)
    return da.from_array(array, chunks=-1)


def _reach(call: Call, rule: Rule, plan: Any) -> Reach:
    """Return the samples that a result depends on, for each axis that is not a batch axis."""
    image = call.image
    found: Reach | None = None
    if rule.reach is not None:
        found = rule.reach(call, filtered_axes(call))
    elif rule.kind == POINTS:
        found = {}
    elif rule.kind != WHOLE:
        found = getattr(plan, "reach", None)
    whole = filtered_axes(call) if found is None else ()
    guide = call.arguments.get("guide")
    if rule.joint and call.get("channel_axis") is not None and (guide is None or guide.ndim <= image.ndim):
        whole += (arguments.axis_index(call.get("channel_axis"), image.ndim, "channel_axis"),)
    if rule.together is not None and rule.together(call):
        whole = tuple(range(image.ndim))
    split = [axis for axis in whole if len(image.chunks[axis]) > 1]
    if split:
        reason = f", because {rule.reason}" if rule.reason else ""
        raise ValueError(
            f"{call.first} must have one chunk along axes {tuple(split)} for {call.name}{reason}; join them "
            f"with {call.first}.rechunk({dict.fromkeys(split, -1)})"
        )
    return found or {}


def _result(call: Call, rule: Rule, plan: Any) -> tuple[tuple[ResultAxis, ...], np.dtype]:
    """Return the axes and the element type of the result. Nothing of the image is computed."""
    image = call.image
    if plan is not None and not rule.tried:
        # The plan may be that of a filter whose result is converted afterwards.
        asked = call.get("dtype") if "dtype" in call.parameters else None
        dtype = plan.dtype if asked is None else np.dtype(asked)
        return results_of(plan.result_shape, image.ndim), dtype
    channel = _channel(call)
    gone = filtered_axes(call) if rule.kind == WHOLE else (channel,)
    long = gone if call.name.startswith("series.") else (channel,)
    few = tuple(n if a in long else 1 for a, n in enumerate(image.shape))
    given = call.changed(padding="same") if "padding" in call.arguments else call
    tried = np.asarray(dry(given, few).run())
    if tried.ndim < image.ndim:  # the channels, or all filtered axes, became one
        return tuple(ResultAxis(a, n) for a, n in enumerate(image.shape) if a not in gone), tried.dtype
    shape = image.shape if plan is None else plan.result_shape
    if plan is None:
        shape = tuple(tried.shape[a] if a in long else n for a, n in enumerate(shape))
    return results_of(tried.shape[: tried.ndim - len(shape)] + shape, image.ndim), tried.dtype


def _channel(call: Call) -> int | None:
    """Return the axis of the channels as a number from 0."""
    axis = call.get("channel_axis")
    return None if axis is None else arguments.axis_index(axis, call.image.ndim, "channel_axis")
