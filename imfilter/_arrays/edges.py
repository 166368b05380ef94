"""Canny edges of a lazy array."""

import functools
import math
from typing import Any

import numpy as np
import numpy.typing as npt
from dask.graph_manipulation import clone

from imfilter._arrays import connected, lazy
from imfilter._arrays.calls import Call, dry
from imfilter._arrays.reduced import reduced
from imfilter._base import arguments, dtypes, missing
from imfilter._base.reach import Reach, of_radii

#: The arguments of `imfilter.canny` besides the thresholds, and those about missing data.
_SETTINGS = ("sigma", "norm", "nms", "mode", "cval")


def canny(call: Call) -> Any:
    """Return the lazy result of `imfilter.canny`."""
    image = call.image
    dry(call, tuple(min(n, 3) for n in image.shape)).run()  # checks the arguments
    sigmas = arguments.sigmas(call.get("sigma"), 2)
    settings = {name: call.get(name) for name in _SETTINGS}
    if settings["mode"] == "wrap" and any(sigmas):
        if call.arguments.get("mask") is not None:
            raise ValueError("mode must not be 'wrap' for canny of a dask array with a mask")
        from imfilter.smooth import gaussian

        # The Gaussian reads the other end of the image, but the Sobel operator does not.
        image = gaussian(image, sigmas, mode="wrap", dtype=dtypes.derived(image.dtype))
        sigmas, settings["sigma"] = (0.0, 0.0), 0.0
    settings["mode"] = "mirror" if settings["mode"] == "wrap" else settings["mode"]
    plain = call.changed(image=image).without("low", "high", "threshold", *_SETTINGS)
    radii = [int(4 * sigma + 0.5) + 2 for sigma in sigmas]
    reach = of_radii((0, 1), radii)
    options = {**settings, **_thresholds(call, plain, settings, reach)}
    marks = lazy.mapped(plain, canny_marks, options, np.dtype(np.uint8), reach)
    return connected.spread(marks, 2)


def canny_marks(
    image: npt.NDArray, *, thresholds: tuple[float, float], **settings: Any
) -> npt.NDArray[np.uint8]:
    """Return the map of samples whose gradient exceeds both thresholds, among its maxima."""
    from imfilter.edges import canny as whole

    # A quantile is NaN if a gradient is. Then there are no edges.
    numbers = [math.inf if math.isnan(t) else float(t) for t in thresholds]
    weak, strong = (np.ma.getdata(whole(image, t, t, **settings)) for t in numbers)
    return weak.astype(np.uint8) + strong


def gradients(
    image: npt.NDArray, *, mask: Any = None, nan: Any = "propagate", **settings: Any
) -> npt.NDArray:
    """Return the gradient of an image, and -1 where it does not count for the thresholds."""
    from imfilter import edges
    from imfilter._base import inside as samples

    bare, own = missing.split(image)
    inside = samples.of(bare, own, mask, nan)
    mode = "zero" if settings["mode"] == "shrink" else settings["mode"]
    sigmas = arguments.sigmas(settings["sigma"], 2)
    smooth = edges._Smooth(bare, sigmas, inside, mode, float(settings["cval"]))
    found = edges._gradient(smooth.rows(0, len(bare), 1), settings["norm"], 1)
    if inside is not None:
        found[~edges._within(inside)] = -1
    return found


def _thresholds(call: Call, plain: Call, settings: dict[str, Any], reach: Reach) -> dict[str, Any]:
    """Return both thresholds: numbers, or lazy ones that depend on all gradients."""
    from imfilter import edges

    threshold = call.get("threshold")
    given = edges._given(call.get("low"), call.get("high"), threshold)
    if threshold == "absolute" and given is not None:
        return {"thresholds": given}
    if callable(threshold):
        raise ValueError(
            f"threshold must be one of {tuple(edges._RULES)} for a dask array, got a function, which needs "
            "all gradients; find low and high in a part of the image"
        )
    dtype = dtypes.derived(dtypes.derived(plain.image.dtype))
    gradient = lazy.mapped(plain, gradients, settings, dtype, reach)
    if settings["nms"] == "interpolated":
        gradient = gradient[1:-1, 1:-1]
    known: list[Any] = []
    for number, one in enumerate(edges._rule(threshold, given).passes()):
        # Each pass computes the gradients anew, because they may be larger than the memory.
        again = clone(gradient, seed=f"pass {number}") if number else gradient
        known = [reduced([again], _measured, _finished, one, known)]
    return {"thresholds": known[0]}


def _measured(blocks: list[npt.NDArray], one: Any, known: Any = None) -> Any:
    """Return what a pass measures in a block."""
    return one.value.measure(blocks[0][~(blocks[0] < 0)], known)


def _finished(found: list[Any], one: Any, known: Any = None) -> Any:
    """Return the result of a pass from what it measured in all blocks."""
    return one.value.finish(functools.reduce(one.value.add, found), known)
