"""Histograms of oriented gradients of a lazy image."""

import math
from typing import Any

import numpy as np

from imfilter._arrays import blocks, lazy
from imfilter._arrays.blocks import Frame, ResultAxis, Source
from imfilter._arrays.calls import Call, dry
from imfilter._base import arguments
from imfilter._base.reach import Along


def hog(call: Call) -> Any:
    """Return the lazy result of `imfilter.hog`: its blocks are chunks as the image's, or one long vector."""
    image = call.image
    if arguments.flag(call.get("visualize"), "visualize"):
        raise ValueError("visualize must be False for a dask array, got True")
    cell, block = (_pair(call.get(name)) for name in ("pixels_per_cell", "cells_per_block"))
    channel = call.get("channel_axis")
    channel = None if channel is None else arguments.axis_index(channel, image.ndim, "channel_axis")
    spatial = [axis for axis in range(image.ndim) if axis != channel]
    few = list(image.shape)
    for axis, c, b in zip(spatial, cell, block, strict=False):
        few[axis] = min(few[axis], c * b)
    flat = arguments.flag(call.get("feature_vector"), "feature_vector")
    plain = call.changed(feature_vector=False)
    tried = dry(plain, tuple(few)).run()  # checks the arguments
    if channel is not None and len(image.chunks[channel]) > 1:
        raise ValueError(f"image must have one chunk along channel_axis={channel} for hog")
    reach, results = {}, []
    for axis, c, b in zip(spatial, cell, block, strict=True):
        # Gradients need one more sample, and votes are shared with cells half a cell away.
        around = 1 + (c // 2 if call.get("interpolate") else 0)
        reach[axis] = Along(around, b * c - 1 + around, c, c)
        results.append(ResultAxis(axis, image.shape[axis] // c - b + 1))
    results += [ResultAxis(None, n) for n in tried.shape[2:]]
    frame = Frame.of(image.chunks, tuple(results), reach, wraps=False)
    mask = call.arguments.get("mask")
    sources = {}
    if mask is not None:
        sources["mask"] = Source.like(lazy.as_lazy(mask, "mask"), image, channel, "mask")
    found = blocks.array(plain, sources, frame, tried.dtype, masked=False)
    return found.reshape((math.prod(found.shape),)) if flat else found


def _pair(value: Any) -> tuple[int, int]:
    """Return the values for rows and columns. The public function checks them."""
    entries = [value] if np.ndim(value) == 0 else list(value)
    return int(entries[0]), int(entries[-1])
