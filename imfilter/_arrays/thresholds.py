"""Thresholds of a whole lazy image: numbers that are computed from the histograms of its blocks."""

from typing import Any

import dask.array as da
import numpy as np
import numpy.typing as npt
from dask.graph_manipulation import clone

from imfilter._arrays import lazy
from imfilter._arrays.blocks import Source
from imfilter._arrays.calls import Call, dry
from imfilter._arrays.reduced import reduced
from imfilter._arrays.tasks import Opaque
from imfilter._base import colour_warning
from imfilter._filters.threshold import histogram, merged


def threshold(call: Call) -> Any:
    """Return the lazy threshold: an array without axes, or one of several thresholds."""
    image = call.image
    colour_warning.of_counted_colours(image)
    tried = dry(call, (1,) * image.ndim).run()  # checks the arguments
    arrays = [image]
    if call.arguments.get("mask") is not None:
        mask = lazy.as_lazy(call.arguments["mask"], "mask")
        arrays.append(Source.like(mask, image, None, "mask").array)
    ends = merged.narrow(image.dtype)
    settings = call.get("nan"), call.get("bins"), image.dtype, ends
    merged.refuse_weights(len(arrays) > 1 and arrays[1].dtype.kind == "f")
    before = []
    if not ends:
        before = [reduced(arrays, _limits, _joined, settings)]
        arrays = [clone(array, seed="limits") for array in arrays]  # the image may be larger than the memory
    found = reduced(arrays, _counts, _histogram, settings, before)
    plain = call.without(call.first, "mask", "nan")
    dtype = np.asarray(tried).dtype if np.ndim(tried) else np.dtype(np.float64)
    chosen = lazy.after(found, _chosen, (plain, dtype))
    return da.from_delayed(chosen, np.shape(tried), dtype)


def _samples(blocks: list[npt.NDArray], nan: Any) -> histogram.Samples | None:
    mask = blocks[1] if len(blocks) > 1 else None
    return histogram.present(blocks[0], mask, nan, 1, least=0)


def _limits(blocks: list[npt.NDArray], settings: Opaque) -> merged.Limits:
    return merged.limits(_samples(blocks, settings.value[0]))


def _joined(found: list[merged.Limits], settings: Opaque) -> merged.Limits:
    return merged.joined(found)


def _counts(blocks: list[npt.NDArray], settings: Opaque, ends: Any = None) -> Any:
    nan, bins, _, known = settings.value
    return merged.counts(_samples(blocks, nan), known or ends, bins)


def _histogram(found: list[Any], settings: Opaque, ends: Any = None) -> histogram.Counted:
    _, bins, dtype, known = settings.value
    return histogram.Counted(merged.histogram(found, known or ends, bins, dtype))


def _chosen(counted: histogram.Counted, settings: Opaque) -> npt.NDArray:
    """Return what the public function returns for a histogram."""
    call, dtype = settings.value
    return np.asarray(call.changed(**{call.first: counted}).run(), dtype)
