"""Stacks that contain every kind of layer with every option, in one to three dimensions."""

import numpy as np

from imfilter.layers import (
    Activation,
    BatchNorm,
    Branches,
    Conv,
    Dense,
    Dropout,
    Flatten,
    GlobalPool,
    Pool,
    Residual,
    Stack,
)

#: Spatial shapes by the number of axes, and an option with a number for each axis.
LENGTHS = {1: (17,), 2: (9, 8), 3: (6, 5, 7)}
MIXED = {1: (2,), 2: (2, 1), 3: (1, 2, 2)}
PAIRS = {1: [(2, 1)], 2: [(2, 1), (0, 2)], 3: [(2, 1), (0, 2), (1, 1)]}

#: Layers by the number of spatial axes.
CASES = {
    "conv": lambda n: [Conv(5, 3)],
    "conv without bias": lambda n: [Conv(4, 2, bias=False)],
    "conv stride": lambda n: [Conv(4, 3, stride=MIXED[n])],
    "conv padding": lambda n: [Conv(4, 3, padding=PAIRS[n])],
    "conv dilation": lambda n: [Conv(4, 2, dilation=MIXED[n], padding=1)],
    "conv groups": lambda n: [Conv(8, 3, groups=4, padding=1)],
    "conv depthwise": lambda n: [Conv(4, 3, groups=4, stride=2, padding=1)],
    "conv all": lambda n: [Conv(6, (3, 2, 2)[:n], MIXED[n], PAIRS[n], MIXED[n], groups=2)],
    "conv edge": lambda n: [Conv(3, 3, padding=2, padding_mode="edge")],
    "conv wrap": lambda n: [Conv(3, 3, padding=2, padding_mode="wrap", stride=2)],
    "conv mirror": lambda n: [Conv(3, 3, padding=2, padding_mode="mirror")],
    "conv connections": lambda n: [Conv(3, 2, connections=[[0, 2], [1], range(4)])],
    "two convs": lambda n: [Conv(3, 3, padding=1), Conv(4, 1)],
    "max pool": lambda n: [Pool(2)],
    "max pool overlapping": lambda n: [Pool(3, stride=MIXED[n], padding=1)],
    "max pool ceil_mode": lambda n: [Pool(3, stride=2, padding=1, ceil_mode=True)],
    "mean pool": lambda n: [Pool(2, reduce="mean")],
    "mean pool overlapping": lambda n: [Pool(3, stride=MIXED[n], padding=1, reduce="mean")],
    "mean pool ceil_mode": lambda n: [Pool(3, stride=2, padding=1, ceil_mode=True, reduce="mean")],
    "global mean": lambda n: [GlobalPool()],
    "global max": lambda n: [GlobalPool("max")],
    **{
        name: lambda n, name=name: [Conv(4, 2), Activation(name), Conv(3, 1)]
        for name in ("relu", "relu6", "tanh", "sigmoid", "softmax")
    },
    "dense": lambda n: [Flatten(), Dense(7), Activation("tanh"), Dense(3, bias=False)],
    "softmax of dense": lambda n: [GlobalPool(), Dense(5), Activation("softmax")],
    "dropout": lambda n: [Conv(4, 2), Dropout(0.3), Activation("relu"), GlobalPool(), Dropout(), Dense(2)],
    "batch norm": lambda n: [BatchNorm()],
    "batch norm of dense": lambda n: [GlobalPool(), Dense(4), BatchNorm(0.1), Activation("relu")],
    "conv and batch norm": lambda n: [Conv(4, 2, bias=False), BatchNorm(), Activation("relu"), Conv(3, 1)],
    "residual": lambda n: [Residual([Conv(4, 3, padding=1), Activation("relu"), Conv(4, 1)])],
    "residual with shortcut": lambda n: [
        Residual(
            [Conv(6, 3, stride=2, padding=1), BatchNorm(), Activation("tanh"), Conv(6, 1)],
            [Conv(6, 1, stride=2), BatchNorm()],
        ),
        Activation("relu"),
    ],
    "residual of dense": lambda n: [GlobalPool(), Residual([Dense(4), Activation("sigmoid"), Dense(4)])],
    "residual in residual": lambda n: [
        Residual([Residual([Conv(4, 1)], [Conv(4, 3, padding=1)]), Activation("tanh")])
    ],
    "branches": lambda n: [
        Branches(
            [
                [Conv(3, 1), Activation("relu")],
                [Conv(2, 1), Activation("tanh"), Conv(3, 3, padding=1)],
                [Pool(3, stride=1, padding=1), Conv(2, 1)],
                [],
            ]
        ),
        Conv(3, 1),
    ],
    "branches in residual": lambda n: [
        Residual([Branches({"a": [Conv(1, 1)], "b": [BatchNorm(), Conv(3, 3, padding=1)]})]),
        GlobalPool(),
    ],
    "flat branches": lambda n: [Branches([[GlobalPool()], [GlobalPool("max"), Dense(3)]]), Dense(2)],
    "small residual network": lambda n: [
        *(Conv(6, 3, padding=1, bias=False), BatchNorm(), Activation("relu"), Pool(2, ceil_mode=True)),
        Residual([Conv(6, 3, padding=1), BatchNorm(), Activation("relu"), Conv(6, 1), BatchNorm()]),
        Activation("relu"),
        Residual(
            [Conv(8, 3, stride=2, padding=1, bias=False), BatchNorm(), Activation("relu"), Conv(8, 1)],
            [Conv(8, 1, stride=2, bias=False), BatchNorm()],
        ),
        *(Activation("relu"), GlobalPool(), Dropout(), Dense(5), Activation("softmax")),
    ],
}  # fmt: skip


def problem(name, n, dtype, seed=0):
    """Return a stack, a batch, weights and the gradient of its result, all random."""
    rng = np.random.default_rng(seed)
    stack = Stack(CASES[name](n), (4, *LENGTHS[n]))
    x = (rng.normal(size=(3, *stack.input_shape)) * 2).astype(dtype)
    weights = {}
    for path, arrays in stack.initial_weights(seed).items():
        fresh = [
            None if a is None else (a / 2 + rng.normal(size=a.shape) * 0.1).astype(dtype) for a in arrays
        ]
        if len(fresh) == 4:
            fresh[3] = np.abs(fresh[3]) + np.asarray(0.5, dtype)  # a variance
        weights[path] = tuple(fresh)
    gradient = rng.normal(size=(3, *stack.shapes[-1])).astype(dtype)
    return stack, x, weights, gradient


def close(result, expected, tolerance):
    """Within a share of the largest."""
    assert result.shape == expected.shape
    assert np.abs(result - expected).max() <= tolerance * max(np.abs(expected).max(), 1e-30)
