"""Every rank filter ends here: the neighbourhood, the algorithm that finds a rank in it, and its program."""

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from imfilter._core import bands, border, check, dtypes, plan, rank_blocks, rank_networks
from imfilter._core.calls import Calls, key_of
from imfilter._core.common import Common, complete
from imfilter._core.geometry import Loops, Side, over_merged
from imfilter._core.neighbourhood import Neighbourhood, holds, key, strange
from imfilter._core.operators import Operator
from imfilter._core.padding import Padding
from imfilter._core.program import Program


@dataclass(frozen=True, eq=False)
class Call:
    """What a call settles before it sees a sample."""

    around: Neighbourhood
    axes: tuple[int, ...]
    mode: str
    cval: float
    dtype: np.dtype
    compared: np.dtype  # the type in which samples are compared, with each other and the border constant
    programs: dict[Any, Program] = field(default_factory=dict)


_calls: Calls[Call] = Calls()
#: Programs kept with a call, one for each layout of image and output.
_MOST_PROGRAMS = 16

#: Returns the rank that is asked for among so many samples; the filter's own arguments follow.
Pick = Callable[..., int]


def apply(
    image: npt.ArrayLike, pick: Pick, size: Any, footprint: Any, common: Common, *own: Any
) -> npt.NDArray:
    """Check the arguments and find the sample of rank ``pick(n, *own)`` among the n around each."""
    array = image if type(image) is np.ndarray else check.image(image)
    out, workers = common.get("out"), bands.requested(common.get("workers"))
    key = key_of(array, out, common, pick, (size, footprint, *own))
    call = _calls.get(key)
    if call is None:
        out = check.out(out)
        call = _settle(check.image(array), pick, size, footprint, complete(common), own)
        check.fitting(out, array.shape)
        _calls.keep(key, call)
    asked = plan.planning.get()
    if asked is not None:
        asked.append(_planned(call, array))
        return np.broadcast_to(np.zeros((), call.dtype), (1,))
    source = dtypes.readable(array).astype(call.compared, copy=False)
    target = dtypes.target(out, array, array.shape, source.dtype)
    over_merged(functools.partial(_run, call, workers), source, target, call.axes)
    if out is None:
        out = target if target.dtype == call.dtype else dtypes.empty(array.shape, call.dtype)
    if out is not target:
        dtypes.place(target, out)
    return out


def _settle(
    array: npt.NDArray, pick: Pick, size: Any, footprint: Any, given: Common, own: tuple[Any, ...]
) -> Call:
    """Check the arguments and work out what follows from them."""
    axes = check.axes(array, given["axes"], given["channel_axis"])
    inside = check.window(size, footprint, len(axes))
    around = Neighbourhood(inside, pick(int(np.count_nonzero(inside)), *own))
    mode = border.check_mode(given["mode"])
    cval = check.number(given["cval"], "cval", finite=False)
    if mode != "constant":
        cval = 0.0
    dtype = check.dtype(given["dtype"], given["out"], array.dtype.newbyteorder("="))
    # Rounded to the samples' type the constant has its place among them, and is rounded in the result anyway.
    compared = dtypes.readable(array[(slice(1),) * array.ndim]).dtype
    if not holds(compared, cval) and (math.isnan(cval) or dtype != array.dtype):
        compared = dtypes.FLOAT64
    return Call(around, axes, mode, cval, dtype, compared)


def _run(
    call: Call, workers: int | None, source: npt.NDArray, target: npt.NDArray, *, watched: bool = True
) -> bool:
    """Run the program for the layout of image and output, which is made if it is new."""
    if call.around.inside.size == 1:
        target[...] = source
        return True
    watched = watched and source.dtype.kind == "f" and not strange(call.cval)
    where = watched, source.strides, target.strides  # the call fixes shapes and types
    program = call.programs.get(where)
    if program is None:
        if len(call.programs) >= _MOST_PROGRAMS:
            call.programs.clear()
        program = _program(call, Side.of(source), Side.of(target), watched=watched)
        call.programs[where] = program
    return program.run(source, target, workers) or _run(call, workers, source, target, watched=False)


def _program(call: Call, source: Side, target: Side, *, watched: bool) -> Program:
    """Return the program for one layout of image and output."""
    loops = _loops(call.around.inside.shape, call.axes, source, target)
    around = call.around.along(loops)
    algorithm = next(iter(_costs(around, source.dtype, loops.channels)))
    if algorithm == "network":
        network = rank_networks.network_for(around, source.dtype.itemsize, loops.channels)
        assert network is not None
        beyond = key(source.dtype, call.cval, turned=not watched)
        return rank_networks.make(network, around, loops, source, target, call.mode, beyond, watched=watched)
    counted, beyond = algorithm == "histogram", key(source.dtype, call.cval)
    return rank_blocks.make(around, loops, source, target, call.mode, beyond, counted=counted)


def _loops(shape: tuple[int, ...], axes: tuple[int, ...], source: Side, target: Side) -> Loops:
    """Return the loops over an image for a neighbourhood of a shape."""
    paddings = tuple(Padding.same(source.shape[a], taps, 1, 1) for a, taps in zip(axes, shape, strict=True))
    one = (1,) * len(shape)
    return Loops.of(source, target, shape, axes, paddings, one, one)


def _costs(around: Neighbourhood, dtype: np.dtype, channels: int) -> dict[str, float]:
    """Return the algorithms that there are and what a sample costs, the cheapest first."""
    found = {"bits": rank_blocks.cost(around, dtype.itemsize, counted=False)}
    if rank_blocks.counts(around, dtype.itemsize):
        found["histogram"] = rank_blocks.cost(around, dtype.itemsize, counted=True)
    network = rank_networks.network_for(around, dtype.itemsize, channels)
    if network is not None:
        found["network"] = rank_networks.cost(network, dtype.itemsize)
    return dict(sorted(found.items(), key=lambda item: item[1]))


def _planned(call: Call, array: npt.NDArray) -> plan.Plan:
    """Return what would run, and why."""
    around = call.around
    side = Side(array.shape, array.strides, call.compared)
    loops = _loops(around.inside.shape, call.axes, side, side)
    costs = _costs(around.along(loops), side.dtype, loops.channels)
    (algorithm, cost), *others = costs.items()
    what = {
        "network": "a network of comparisons of whole lines",
        "bits": "samples of a block sorted once, and bits counted",
        "histogram": "histograms of columns, of values or places in a sorted block",
    }
    reason = f"{around.taps} samples, by {what[algorithm]}, take {cost:.3g} ns a sample"
    reason += "".join(f"; {name} {ns:.3g} ns" for name, ns in others)
    return plan.Plan(algorithm, reason, cost * 1e-9 * array.size, Operator())
