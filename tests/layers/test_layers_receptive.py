"""Receptive fields against what moves when an input sample does."""

import math

import numpy as np
import pytest

from imfilter import layers
from tests.reference import loops

RNG = np.random.default_rng(23)


def seen(lengths, stack):
    """For each output unit the samples of the input that change it: convolutions of ones, and a poke."""
    n = len(lengths)
    inputs = math.prod(lengths)
    pokes = np.eye(inputs).reshape(inputs, 1, *lengths)  # every sample by itself, as a batch
    for kernel, stride, padding, dilation in stack:
        weight = np.ones((1, 1, *loops.each(kernel, n)))
        pokes = loops.conv(pokes, weight, stride=stride, padding=padding, dilation=dilation)
    units = pokes.shape[2:]
    for unit in np.ndindex(units):
        moved = pokes[(slice(None), 0, *unit)].reshape(lengths) > 0
        yield unit, [(a.min(), a.max() + 1) for a in np.nonzero(moved)] if moved.any() else None


def picked(low, high, n):
    return tuple(int(v) for v in RNG.integers(low, high, n))


def some_stack(n, depth):
    for _ in range(depth):
        padding = [0, 1, "same", "valid", [picked(0, 2, 2) for _ in range(n)]][RNG.integers(5)]
        yield picked(1, 4, n), picked(1, 3, n), padding, picked(1, 3, n)


@pytest.mark.parametrize(
    ("lengths", "depth"), [((41,), 1), ((47,), 2), ((61,), 3), ((17, 15), 2), ((8, 7, 8), 1), ((8, 7, 7), 2)]
)
@pytest.mark.slow
def test_against_the_samples_that_move_a_unit(lengths, depth):
    whole = 0
    for _ in range(25 if len(lengths) < 3 else 5):
        stack = list(some_stack(len(lengths), depth))
        try:
            shape = lengths
            for kernel, stride, padding, dilation in stack:
                options = {"stride": stride, "padding": padding, "dilation": dilation}
                shape = layers.output_shape(shape, kernel, **options)
        except ValueError:
            continue
        field = layers.receptive_fields(stack, ndim=len(lengths))[-1]
        for unit, extent in seen(lengths, stack):
            region = field.region(unit)
            centre = tuple(s + i * j for s, i, j in zip(field.start, unit, field.jump, strict=True))
            assert centre == tuple((first + stop - 1) / 2 for first, stop in region)
            inside = all(first >= 0 and stop <= n for (first, stop), n in zip(region, lengths, strict=True))
            if inside:  # nothing of the padding is in it
                assert tuple(extent) == region
                whole += 1
            elif extent is not None:
                for (low, high), (first, stop) in zip(extent, region, strict=True):
                    assert first <= low
                    assert high <= stop
    assert whole > 20


def test_examples_worked_by_hand():
    fields = layers.receptive_fields([layers.Window(3, padding=1), (2, 2), (3, 1, 1)], ndim=1)
    assert fields == (((3,), (1,), (0.0,)), ((4,), (2,), (0.5,)), ((8,), (2,), (0.5,)))
    # Dilations of 1, 2, 4 and 8 double what is seen (van den Oord et al., 2016).
    assert layers.receptive_fields([(2, 1, 0, 2**i) for i in range(4)], ndim=1)[-1].size == (16,)
    (field,) = layers.receptive_fields([((3, 5), (1, 2), [(1, 1), (2, 0)])])
    assert field == ((3, 5), (1, 2), (0.0, 0.0))
    assert layers.receptive_fields([]) == ()


def test_published_sizes():
    """Size, effective stride and effective padding from Araujo, Norris and Sim (2019)."""
    for stack, name, size, stride, padding in [
        (layers.networks.alexnet(), "pool3", 195, 32, 64),
        (layers.networks.vgg16(), "pool5", 212, 32, 90),
        (layers.networks.mobilenet(), "pointwise13", 315, 32, None),  # theirs pads as TensorFlow does
    ]:
        field = {row.name: row.receptive_field for row in stack.table()}[name]
        assert field.size == (size, size)
        assert field.jump == (stride, stride)
        if padding is not None:
            assert field.region(0) == ((-padding, size - padding),) * 2


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda: layers.receptive_fields([3]),
            TypeError,
            r"layer 1 must be a tuple \(kernel, stride, padding",
        ),
        (lambda: layers.receptive_fields([(3,), ()]), TypeError, "layer 2 must be a tuple"),
        (lambda: layers.receptive_fields([(3, 1, 0, 1, 1)]), TypeError, "layer 1 must be a tuple"),
        (
            lambda: layers.receptive_fields([(3,), (0,)]),
            ValueError,
            "layer 2: kernel must be at least 1, got 0",
        ),
        (lambda: layers.receptive_fields([((3, 3), 2)], ndim=1), ValueError, "layer 1: kernel must be one"),
        (
            lambda: layers.receptive_fields([(3, 0.5)]),
            TypeError,
            "layer 1: stride must be an integer, got 0.5",
        ),
        (lambda: layers.receptive_fields([(3, 1, -1)]), ValueError, "layer 1: padding must be at least 0"),
        (lambda: layers.receptive_fields([(3, 1, "full")]), ValueError, "layer 1: padding must be 'same'"),
        (lambda: layers.receptive_fields([(3, 1, 0, 0)]), ValueError, "layer 1: dilation must be at least 1"),
        (lambda: layers.receptive_fields([(3,)], ndim=4), ValueError, "ndim must be at most 3, got 4"),
        (lambda: layers.ReceptiveField.of_input(2).region((1, 2, 3)), ValueError, "index must be one number"),
        (lambda: layers.ReceptiveField.of_input(2).region(0.5), TypeError, "index must be an integer"),
    ],
)
def test_mistakes(call, error, message):
    with pytest.raises(error, match=message):
        call()
