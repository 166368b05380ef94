"""Random weights to start training with."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from imfilter.layers.activation import Activation, is_rectifier
from imfilter.layers.base import Arrays, Layer, Leaf
from imfilter.layers.branches import Container
from imfilter.layers.normalization import BatchNorm
from imfilter.layers.sequential import Sequential, joined
from imfilter.layers.specs import Conv, Dense
from imfilter.layers.weights import pair


def initial(sequence: Sequential, leaves: Sequence[Leaf], seed: int) -> dict[str, Arrays]:
    """Return random weights by the rules of He and Glorot; biases are 0."""
    rng = np.random.default_rng(seed)
    rectified = _rectified(sequence, "", False)
    found: dict[str, Arrays] = {}
    for leaf in leaves:
        shapes = leaf.layer.array_shapes(leaf.shape)
        if isinstance(leaf.layer, BatchNorm):
            values = {"weight": 1.0, "bias": 0.0, "running_mean": 0.0, "running_var": 1.0}
            found[leaf.path] = tuple(np.full(shapes[name], values[name], np.float32) for name in shapes)
        elif shapes:
            weight = shapes["weight"]
            inputs, outputs = math.prod(weight[1:]), weight[0] * math.prod(weight[2:])
            variance = 2 / inputs if rectified[leaf.path] else 2 / (inputs + outputs)
            arrays = [(rng.standard_normal(weight) * math.sqrt(variance)).astype(np.float32)]
            arrays += [np.zeros(shapes["bias"], np.float32)] if "bias" in shapes else []
            found[leaf.path] = pair(arrays)
    return found


def _rectified(sequence: Sequential, path: str, after: bool) -> dict[str, bool]:
    """Return by path whether the next activation after a layer, before other weights, is a rectifier.

    `after` is the answer for the last layer.
    """
    found: dict[str, bool] = {}
    for number, (name, layer) in enumerate(zip(sequence.names, sequence.layers, strict=True), 1):
        later, place = _starts_rectified(sequence.layers[number:], after), joined(path, name)
        if isinstance(layer, Container):
            for key, part in layer.sequences.items():
                found |= _rectified(part, layer.path(place, key), later)
        else:
            found[place] = later
    return found


def _starts_rectified(layers: Sequence[Layer], after: bool) -> bool:
    """Tell whether the first activation of layers, before weights, is a rectifier."""
    for number, layer in enumerate(layers, 1):
        if isinstance(layer, Activation):
            return is_rectifier(layer)
        if isinstance(layer, Conv | Dense):
            return False
        if isinstance(layer, Container):
            later = _starts_rectified(layers[number:], after)
            return any(_starts_rectified(part.layers, later) for part in layer.sequences.values())
    return after
