"""Canny edges of a lazy array."""

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

    weak, strong = (np.ma.getdata(whole(image, float(t), float(t), **settings)) for t in thresholds)
    return weak.astype(np.uint8) + strong


def gradients(
    image: npt.NDArray, *, mask: Any = None, nan: Any = "propagate", **settings: Any
) -> npt.NDArray:
    """Return the gradient of an image, and NaN where it does not count for the thresholds."""
    from imfilter import edges
    from imfilter._base import inside as samples

    bare, own = missing.split(image)
    inside = samples.of(bare, own, mask, nan)
    mode = "zero" if settings["mode"] == "shrink" else settings["mode"]
    sigmas = arguments.sigmas(settings["sigma"], 2)
    smooth = edges._Smooth(bare, sigmas, inside, mode, float(settings["cval"]))
    found = edges._gradient(smooth.rows(0, len(bare), 1), settings["norm"], 1)
    if inside is not None:
        found[~edges._within(inside)] = np.nan
    return found


def _thresholds(call: Call, plain: Call, settings: dict[str, Any], reach: Reach) -> dict[str, Any]:
    """Return both thresholds: numbers, or lazy ones that depend on all gradients."""
    from imfilter import edges

    threshold = call.get("threshold")
    given = edges._given(call.get("low"), call.get("high"), threshold)
    if threshold == "absolute" and given is not None:
        return {"thresholds": given}
    if callable(threshold) or threshold in ("median", "quantile"):
        word = "a function" if callable(threshold) else repr(threshold)
        raise ValueError(
            f"threshold must be 'absolute' or 'otsu' for a dask array, got {word}, which "
            "sorts all gradients; find low and high in a part of the image"
        )
    low, high = given or (0.5, 1.0)
    dtype = dtypes.derived(dtypes.derived(plain.image.dtype))
    gradient = lazy.mapped(plain, gradients, settings, dtype, reach)
    if settings["nms"] == "interpolated":
        gradient = gradient[1:-1, 1:-1]
    # The gradients are computed twice, because they may be larger than the memory.
    limits = reduced([gradient], _limits, _merged_limits)
    counts = reduced([clone(gradient, seed="limits")], _counted, _otsu, (low, high), [limits])
    return {"thresholds": counts}


def _limits(blocks: list[npt.NDArray], settings: Any) -> list[Any]:
    """Return the smallest and the largest finite value, if there is one."""
    values = blocks[0][np.isfinite(blocks[0])]
    return [values.min(), values.max()] if values.size else []


def _merged_limits(found: list[list[Any]], settings: Any) -> list[Any]:
    ends = np.array([value for pair in found for value in pair])
    return [ends.min(), ends.max()] if ends.size else []


def _counted(blocks: list[npt.NDArray], settings: Any, limits: list[Any]) -> npt.NDArray:
    """Return the histogram of a block. Counts are integers, so their sum does not depend on the blocks."""
    from imfilter._filters.canny import otsu

    if not limits or limits[0] == limits[1]:
        return np.zeros(0, np.int64)
    return otsu.counted(blocks[0][np.isfinite(blocks[0])], (limits[0], limits[1]))


def _otsu(counts: list[npt.NDArray], factors: Any, limits: list[Any]) -> tuple[float, float]:
    """Return both thresholds: multiples of Otsu's threshold of all gradients."""
    from imfilter._filters.canny import otsu

    low, high = factors.value
    if not limits or limits[0] == limits[1]:
        scale = float(limits[0]) if limits else math.inf
    else:
        scale = otsu.of_counts(np.sum(counts, axis=0), otsu.bin_edges(*limits))
    return low * scale, high * scale
