"""Stacks that do not fit together: errors that name the layer, what was given and what would do."""

import numpy as np
import pytest

from imfilter.layers import Activation, Conv, Dense, Flatten, GlobalPool, Pool, Stack
from tests.looping import loop_over


@loop_over(
    ("made", "shape", "error", "message"),
    [
        ([Dense(3)], (0,), ValueError, "input_shape must be at least 1, got 0"),
        ([Dense(3)], (2.0,), TypeError, "input_shape must be an integer, got 2.0"),
        (
            [],
            (),
            ValueError,
            r"input_shape must be \(channels, \*spatial\) with at most 3 spatial axes, got \(\)",
        ),
        ([], (1,) * 5, ValueError, r"input_shape must be \(channels, \*spatial\)"),
        (Dense(3), (2,), TypeError, "layers must be a sequence of layers, got Dense"),
        ([Dense], (2,), TypeError, r"layer 1 must be a layer, such as Conv\(8, 3\), got <class"),
        ([Dense(3), "relu"], (2,), TypeError, "layer 2 must be a layer, .* got 'relu'"),
        (
            [Dense(3, name="a"), Dense(3, name="a")],
            (2,),
            ValueError,
            "layer 2 must have a unique name, got 'a', which layer 1 has",
        ),
        ([Dense(3, name=3)], (2,), TypeError, "layer 1: name must be a string, got 3"),
        ([Dense(0)], (2,), ValueError, r"^layer 1 \(Dense 'dense1'\): units must be at least 1, got 0"),
        ([Dense(3, bias=1)], (2,), TypeError, r"layer 1 \(Dense 'dense1'\): bias must be True or False"),
        (
            [Pool(2), Dense(3, name="fc")],
            (2, 4, 4),
            ValueError,
            r"layer 2 \(Dense 'fc'\): the input of a dense layer must have 1 axis, got shape \(2, 2, 2\)",
        ),
        ([Conv(4, 3)], (9,), ValueError, r"layer 1 \(Conv 'conv1'\): the input must have spatial axes"),
        (
            [Flatten(), Pool(2)],
            (2, 9),
            ValueError,
            r"layer 2 \(Pool 'pool1'\): the input must have spatial axes",
        ),
        ([GlobalPool()], (9,), ValueError, r"layer 1 \(GlobalPool 'globalpool1'\): the input must have"),
        ([GlobalPool("sum")], (9, 9), ValueError, "reduce must be one of 'max', 'mean', got 'sum'"),
        ([Pool(2, reduce="min")], (9, 9), ValueError, "reduce must be one of 'max', 'mean', got 'min'"),
        ([Conv(0, 3)], (2, 9), ValueError, "out_channels must be at least 1, got 0"),
        ([Conv(4, 0)], (2, 9), ValueError, "kernel must be at least 1, got 0"),
        ([Conv(4, (3, 3))], (2, 9), ValueError, "kernel must be one number or one for each of 1"),
        (
            [Conv(4, 10)],
            (2, 9),
            ValueError,
            r"layer 1 \(Conv 'conv1'\): padding must leave room for the kernel",
        ),
        ([Conv(4, 3, stride=0)], (2, 9), ValueError, "stride must be at least 1, got 0"),
        ([Conv(4, 3, padding="full")], (2, 9), ValueError, "padding must be 'same', 'valid'"),
        ([Conv(4, 3, dilation="2")], (2, 9), TypeError, "dilation must be an integer, got '2'"),
        (
            [Conv(4, 3, groups=3)],
            (2, 9),
            ValueError,
            "groups must divide the channels, got 3 for 2 of",
        ),
        ([Conv(4, 3, bias=None)], (2, 9), TypeError, "bias must be True or False, got None"),
        ([Conv(4, 3, padding_mode="reflect")], (2, 9), ValueError, "padding_mode 'reflect' is ambiguous"),
        ([Conv(4, 3, padding_mode=0)], (2, 9), TypeError, "padding_mode must be one of"),
        (
            [Conv(2, 3, connections=[[0]])],
            (2, 9),
            ValueError,
            "connections must name .* 2 output .* got 1 ent",
        ),
        ([Conv(1, 3, connections=[[2]])], (2, 9), ValueError, "connections must be at most 1, got 2"),
        (
            [Conv(1, 3, connections=5)],
            (2, 9),
            TypeError,
            "connections must be a sequence of sequences, got 5",
        ),
        ([Conv(2, 3, groups=2, connections=[[0], [1]])], (2, 9), ValueError, "groups must be 1 with conn"),
        ([Pool(0)], (2, 9), ValueError, "size must be at least 1, got 0"),
        ([Pool(10)], (2, 9), ValueError, r"layer 1 \(Pool 'pool1'\): padding must leave room"),
        ([Pool(3, padding=2)], (2, 9), ValueError, "padding must be at most half of size 3, got 2"),
        (
            [Pool(2, padding=(0, 2))],
            (2, 9, 9),
            ValueError,
            r"padding must be at most half of size 2, got \(0, 2\)",
        ),
        ([Pool(2, padding=(0, 1))], (2, 9), ValueError, "padding must be one number or one for each of 1"),
        ([Pool(2, padding="same")], (2, 9), TypeError, "padding must be an integer, got 'same'"),
        ([Pool(2, stride=-1)], (2, 9), ValueError, "stride must be at least 1, got -1"),
        ([Pool(2, ceil_mode="yes")], (2, 9), TypeError, "ceil_mode must be True or False, got 'yes'"),
        (
            [Activation("elu")],
            (2,),
            ValueError,
            "function must be one of 'relu', 'relu6', 'tanh'",
        ),
        ([Activation(None)], (2,), TypeError, "function must be one of 'relu'"),
    ],
)
def test_layers_that_do_not_fit(made, shape, error, message):
    with pytest.raises(error, match=message) as caught:
        Stack(made, input_shape=shape)
    assert "\n" not in str(caught.value)


TWO = Stack([Conv(4, 3), Flatten(), Dense(10, name="fc"), Dense(2, bias=False)], (1, 4, 5))
GOOD = [(np.ones((4, 1, 3, 3)), np.ones(4)), (np.ones((10, 24)), np.ones(10)), np.ones((2, 10))]
X = np.ones((1, 4, 5))


@pytest.mark.parametrize(
    ("x", "given", "error", "message"),
    [
        (
            np.ones((2, 4, 5)),
            GOOD,
            ValueError,
            r"x must have shape \(1, 4, 5\) or \(N, 1, 4, 5\), got \(2",
        ),
        (np.ones((3, 2, 4, 5)), GOOD, ValueError, "x must have shape"),
        (np.ones((4, 5)), GOOD, ValueError, "x must have shape"),
        (np.ones((0, 1, 4, 5)), GOOD, ValueError, "x must not be empty"),
        (X.astype(complex), GOOD, TypeError, "x must contain real numbers"),
        (X, 3, TypeError, r"weights must be a list of \(weight, bias\) or a mapping by name, got int"),
        (X, GOOD[:2], ValueError, "an entry for each of 3 layers .'conv1', 'fc', 'dense2'., got 2"),
        (X, {"conv1": GOOD[0]}, ValueError, "weights must be for .* got none for 'fc', 'dense2'"),
        (
            X,
            {"pool": GOOD[0]},
            ValueError,
            "weights must be for 'conv1', 'fc', 'dense2', got some for 'pool'",
        ),
        (
            X,
            [GOOD[0], (np.ones((10, 20)), np.ones(10)), GOOD[2]],
            ValueError,
            r"^layer 3 \(Dense 'fc'\): weight must be of shape \(10, 24\), got \(10, 20\)$",
        ),
        (
            X,
            [GOOD[0], (GOOD[1][0], np.ones(9)), GOOD[2]],
            ValueError,
            r"^layer 3 \(Dense 'fc'\): bias must be of shape \(10,\), got \(9,\)$",
        ),
        (
            X,
            [GOOD[0], GOOD[1][0], GOOD[2]],
            ValueError,
            r"layer 3 .*: bias must be of shape \(10,\), got None",
        ),
        (X, [*GOOD[:2], (GOOD[2], np.ones(2))], ValueError, "layer 4 .*: bias must be None for a layer with"),
        (
            X,
            [*GOOD[:2], (GOOD[2],)],
            TypeError,
            r"layer 4 .*: weights must be a pair \(weight, bias\), got tuple of 1",
        ),
        (
            X,
            [*GOOD[:2], None],
            TypeError,
            r"layer 4 .*: weights must be a pair \(weight, bias\), got NoneType",
        ),
        (
            X,
            [(GOOD[0][0] * 1j, None), *GOOD[1:]],
            TypeError,
            r"layer 1 \(Conv 'conv1'\): weight must contain real",
        ),
        (X, [(GOOD[0][0], ["a"] * 4), *GOOD[1:]], TypeError, "layer 1 .*: bias must contain real numbers"),
    ],
)
def test_weights_that_do_not_fit(x, given, error, message):
    with pytest.raises(error, match=message) as caught:
        TWO.forward(x, given)
    assert "\n" not in str(caught.value)


def test_weights_of_a_stack_without_any():
    with pytest.raises(ValueError, match="weights must be for no layer, got some for 'fc'"):
        Stack([Flatten()], (3,)).forward([1.0, 2.0, 3.0], {"fc": 1})


def test_a_function_must_keep_the_shape():
    stack = Stack([Activation(lambda x: x[:, :2], name="cut")], (3,))
    with pytest.raises(
        ValueError, match=r"layer 1 \(Activation 'cut'\): the result must be of shape \(1, 3\), got"
    ):
        stack.forward(np.ones(3), [])
