"""Batch normalization as a part of the layer before it."""

from __future__ import annotations

import dataclasses

import numpy as np

from imfilter._base import dtypes
from imfilter.layers.base import Arrays, Layer
from imfilter.layers.branches import Branches, Container, Residual
from imfilter.layers.normalization import BatchNorm
from imfilter.layers.sequential import Sequential, joined
from imfilter.layers.specs import Conv, Dense, weight_and_bias


def merged(sequence: Sequential, weights: dict[str, Arrays], path: str) -> list[Layer]:
    """Return the layers of a sequence without the normalizations after layers with weights.

    The arrays of these layers in `weights` are replaced, and those of the normalizations are removed.
    """
    found: list[Layer] = []
    for layer, name in zip(sequence.layers, sequence.names, strict=True):
        place = joined(path, name)
        last = found[-1] if found else None
        if isinstance(layer, BatchNorm) and isinstance(last, Conv | Dense):
            before = joined(path, str(last.name))
            weights[before] = _folded(weights[before], layer, weights.pop(place))
            found[-1] = dataclasses.replace(last, bias=True)
        elif isinstance(layer, Container):
            found.append(_inside(layer, name, weights, place))
        else:
            found.append(dataclasses.replace(layer, name=name))  # type: ignore[type-var]
    return found


def _inside(layer: Container, name: str, weights: dict[str, Arrays], path: str) -> Layer:
    """Return a layer that contains others, with these folded."""
    parts = {
        key: merged(sequence, weights, layer.path(path, key)) for key, sequence in layer.sequences.items()
    }
    if isinstance(layer, Residual):
        return Residual(parts[""], parts["shortcut"] or None, name)
    return Branches(parts, name)


def _folded(arrays: Arrays, norm: BatchNorm, factors: Arrays) -> Arrays:
    """Return weights and bias of a layer that includes a normalization."""
    weight, bias = weight_and_bias(arrays)
    scale, shift, mean, variance = norm.factors(factors)
    factor = scale / np.sqrt(variance + norm.eps)
    start = -mean if bias is None else bias - mean
    merged = weight * factor.reshape(-1, *[1] * (weight.ndim - 1)), start * factor + shift
    # Products are computed in float64, and have the type of the weights.
    return tuple(array.astype(dtypes.derived(weight.dtype), copy=False) for array in merged)
