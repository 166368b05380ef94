"""Every rank filter ends here: the neighbourhood, the algorithm that finds a rank in it, and its program."""

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from imfilter._core import bands, border, check, dtypes, plan, rank_blocks, rank_networks
from imfilter._core.common import Common, complete
from imfilter._core.geometry import Loops, Side, over_merged
from imfilter._core.neighbourhood import Neighbourhood, holds, key
from imfilter._core.operators import Operator
from imfilter._core.padding import Padding
from imfilter._core.program import Program


def apply(
    image: npt.ArrayLike,
    size: Any,
    footprint: Any,
    pick: Callable[[int], int],
    common: Common,
) -> npt.NDArray:
    """Check the arguments and find the sample of rank ``pick(n)`` among the n of each window."""
    given = complete(common)
    array = check.image(image)
    workers = bands.requested(given["workers"])
    out = check.out(given["out"])
    axes = check.axes(array, given["axes"], given["channel_axis"])
    inside = check.window(size, footprint, len(axes))
    around = Neighbourhood(inside, pick(int(np.count_nonzero(inside))))
    mode = border.check_mode(given["mode"])
    cval = check.number(given["cval"], "cval", finite=False) if mode == "constant" else 0.0
    dtype = check.dtype(given["dtype"], out, array.dtype.newbyteorder("="))
    check.fitting(out, array.shape)
    source = dtypes.readable(array)
    if not holds(source.dtype, cval) and (math.isnan(cval) or dtype != array.dtype):
        source = source.astype(np.float64)
    asked = plan.planning.get()
    if asked is not None:
        asked.append(_planned(around, source, axes))
        return np.broadcast_to(np.zeros((), dtype), (1,))
    fits = out is not None and out.dtype == source.dtype and out.dtype.isnative
    direct = out if fits and not np.may_share_memory(out, array) else None
    target = np.empty(array.shape, source.dtype) if direct is None else direct
    over_merged(functools.partial(_run, around, axes, mode, cval, workers), source, target, axes)
    if out is None:
        out = target if target.dtype == dtype else np.empty(array.shape, dtype)
    if out is not target:
        dtypes.place(target, out)
    return out


def _run(
    around: Neighbourhood,
    axes: tuple[int, ...],
    mode: str,
    cval: float,
    workers: int | None,
    source: npt.NDArray,
    target: npt.NDArray,
) -> bool:
    if around.inside.size == 1:
        target[...] = source
        return True
    program = _program(
        around.inside.shape,
        around.inside.tobytes(),
        around.rank,
        axes,
        mode,
        cval,
        Side.of(source),
        Side.of(target),
    )
    return program.run(source, target, workers)


@functools.lru_cache(maxsize=64)
def _program(
    shape: tuple[int, ...],
    inside: bytes,
    rank: int,
    axes: tuple[int, ...],
    mode: str,
    cval: float,
    source: Side,
    target: Side,
) -> Program:
    """Return the program for a neighbourhood and one layout of image and output."""
    loops = _loops(shape, axes, source, target)
    around = Neighbourhood(np.frombuffer(inside, bool).reshape(shape), rank).along(loops)
    algorithm = next(iter(_costs(around, source.dtype)))
    beyond = key(source.dtype, cval)
    if algorithm == "network":
        network = rank_networks.network_for(around)
        assert network is not None
        return rank_networks.make(network, around, loops, source, target, mode, beyond)
    values = algorithm == "histogram"
    return rank_blocks.make(around, loops, source, target, mode, beyond, values=values)


def _loops(shape: tuple[int, ...], axes: tuple[int, ...], source: Side, target: Side) -> Loops:
    """Return the loops over an image for a neighbourhood of a shape."""
    paddings = tuple(Padding.same(source.shape[a], taps, 1, 1) for a, taps in zip(axes, shape, strict=True))
    one = (1,) * len(shape)
    return Loops.of(source, target, shape, axes, paddings, one, one)


def _costs(around: Neighbourhood, dtype: np.dtype) -> dict[str, float]:
    """Return the algorithms that there are and what a sample costs, the cheapest first."""
    found = {"bits": rank_blocks.cost(around, dtype.itemsize, values=False)}
    if rank_blocks.counts(around, dtype):
        found["histogram"] = rank_blocks.cost(around, dtype.itemsize, values=True)
    network = rank_networks.network_for(around)
    if network is not None:
        found["network"] = rank_networks.cost(around, network, dtype.itemsize)
    return dict(sorted(found.items(), key=lambda item: item[1]))


def _planned(around: Neighbourhood, source: npt.NDArray, axes: tuple[int, ...]) -> plan.Plan:
    """Return what would run, and why."""
    side = Side.of(source)
    costs = _costs(around.along(_loops(around.inside.shape, axes, side, side)), source.dtype)
    (algorithm, cost), *others = costs.items()
    what = {
        "network": "a network of comparisons of whole lines",
        "bits": "samples of a block sorted once, and bits counted",
        "histogram": "histograms of columns, which come and go",
    }
    reason = f"{around.taps} samples, by {what[algorithm]}, take {cost:.3g} ns a sample"
    reason += "".join(f"; {name} {ns:.3g} ns" for name, ns in others)
    return plan.Plan(algorithm, reason, cost * 1e-9 * source.size, Operator())
