"""Residual sums and branches: tables, forward passes by hand, and errors that name the layer inside."""

import numpy as np
import pytest

from imfilter import layers
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

CONV, WIDE = Conv(4, 3, padding=1), Conv(8, 3, padding=1)


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (
            [Conv(4, 3), Activation("relu"), Residual([CONV, Conv(4, 9)])],
            "layer 3 (Residual 'residual1'): layer 2 (Conv 'conv2'): padding must leave room for the kernel",
        ),
        (
            [CONV, Residual([WIDE], [CONV, Dense(3, name="fc")])],
            "layer 2 (Residual 'residual1'): shortcut: layer 2 (Dense 'fc'): the input of a dense layer must "
            "have 1 axis, got shape (4, 5, 6); put Flatten() before it",
        ),
        (
            [CONV, Residual([WIDE], name="block")],
            "layer 2 (Residual 'block'): the layers must give the shape of the input, (4, 5, 6), got "
            "(8, 5, 6); layers in shortcut can change the shape of the input",
        ),
        (
            [Branches([[CONV], [WIDE, Branches({"a": [], "b": [Pool(9)]})]], "mixed")],
            "layer 1 (Branches 'mixed'): branch2: layer 2 (Branches 'branches1'): b: layer 1 (Pool 'pool1'): "
            "padding must leave room for the kernel",
        ),
        (
            [Branches([[CONV], [Conv(4, 3)]])],
            "layer 1 (Branches 'branches1'): branches must give the same shape except for the channels, got "
            "branch1 (4, 5, 6), branch2 (4, 3, 4)",
        ),
        ([Branches([])], "layer 1 (Branches 'branches1'): branches must not be empty, got none"),
        (
            [Residual([Conv(2, 1, name="a")], [Conv(2, 1, name="a")])],
            "layer 1 (Residual 'residual1'): layers inside must have unique names, got 'a' twice",
        ),
        (
            [Residual([Conv(2, 1, name="b.c")], name="a"), Residual([Conv(2, 1, name="c")], name="a.b")],
            "layers must have unique paths, got 'a.b.c' twice",
        ),
        (
            [Residual([Conv(2, 1, name="x"), Conv(2, 1, name="x")])],
            "layer 1 (Residual 'residual1'): layer 2 must have a unique name, got 'x', which layer 1 has",
        ),
        ([BatchNorm(-1)], "layer 1 (BatchNorm 'batchnorm1'): eps must be at least 0, got -1"),
        ([Dropout(1.5)], "layer 1 (Dropout 'dropout1'): rate must be from 0 to 1, got 1.5"),
    ],
)
def test_errors_name_the_layer_inside(made, message):
    with pytest.raises(ValueError) as caught:  # noqa: PT011  (the message is compared below)
        Stack(made, (2, 5, 6))
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (
            [Residual(CONV)],
            "layer 1 (Residual 'residual1'): layers must be a sequence of layers, got Conv(",
        ),
        ([Residual([CONV], CONV)], "layer 1 (Residual 'residual1'): shortcut: layers must be a sequence"),
        ([Residual([CONV], 0)], "layer 1 (Residual 'residual1'): shortcut: layers must be a sequence"),
        (
            [Residual([3])],
            "layer 1 (Residual 'residual1'): layer 1 must be a layer, such as Conv(8, 3), got 3",
        ),
        ([Branches(3)], "layer 1 (Branches 'branches1'): branches must be a sequence of sequences"),
        ([Branches([CONV])], "layer 1 (Branches 'branches1'): branch1: layers must be a sequence of layers"),
        ([Branches({1: []})], "layer 1 (Branches 'branches1'): branches must have names that are strings"),
        ([BatchNorm("0")], "layer 1 (BatchNorm 'batchnorm1'): eps must be a number, got '0'"),
    ],
)
def test_types(made, message):
    with pytest.raises(TypeError) as caught:
        Stack(made, (2, 5, 6))
    assert str(caught.value).startswith(message)


NESTED = Stack(
    [
        Conv(4, 1, name="stem"),
        Residual([Conv(4, 3, padding=1), BatchNorm(), Activation("relu"), Conv(4, 1)], [Conv(4, 1)], "r.0"),
        Branches({"a": [Conv(2, 1, bias=False)], "b": [Residual([BatchNorm()])]}, "mixed"),
        *(GlobalPool(), Dense(3, name="fc")),
    ],
    (2, 5, 6),
)


def test_paths_of_layers_inside():
    """The layers of a shortcut have default names of their own."""
    assert [row.name for row in NESTED.table(inside=True)] == [
        *("input", "stem", "r.0.conv1", "r.0.batchnorm1", "r.0.activation1", "r.0.conv2"),
        *("r.0.shortcut_conv1", "r.0", "mixed.a.conv1", "mixed.b.residual1.batchnorm1"),
        *("mixed.b.residual1", "mixed", "globalpool1", "fc"),
    ]
    assert list(NESTED.initial_weights()) == [
        *("stem", "r.0.conv1", "r.0.batchnorm1", "r.0.conv2", "r.0.shortcut_conv1", "mixed.a.conv1"),
        *("mixed.b.residual1.batchnorm1", "fc"),
    ]
    assert [row.name for row in NESTED.table()] == ["input", "stem", "r.0", "mixed", "globalpool1", "fc"]


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (
            {"r.0.conv1": (np.ones((4, 4, 3, 1)), np.ones(4))},
            ValueError,
            "layer 2 (Residual 'r.0'), inside 'r.0.conv1': weight must be of shape (4, 4, 3, 3), "
            "got (4, 4, 3, 1)",
        ),
        (
            {"mixed.b.residual1.batchnorm1": (np.ones(4),) * 3},
            TypeError,
            "layer 3 (Branches 'mixed'), inside 'mixed.b.residual1.batchnorm1': weights must be (weight, "
            "bias, running_mean, running_var), got tuple",
        ),
        (
            {"r.0.batchnorm1": {"weight": np.ones(4), "bias": np.ones(4), "running_mean": np.ones(4)}},
            ValueError,
            "layer 2 (Residual 'r.0'), inside 'r.0.batchnorm1': running_var must be of shape (4,), got None",
        ),
        (
            {"r.0.batchnorm1": {"weight": np.ones(4), "variance": np.ones(4)}},
            ValueError,
            "layer 2 (Residual 'r.0'), inside 'r.0.batchnorm1': weights must be 'weight', 'bias', "
            "'running_mean', 'running_var', got 'variance'",
        ),
        (
            {"mixed.a.conv1": (np.ones((2, 4, 1, 1)), np.ones(2))},
            ValueError,
            "layer 3 (Branches 'mixed'), inside 'mixed.a.conv1': bias must be None for a layer with "
            "bias=False",
        ),
        (
            {"r.0.conv9": np.ones(3)},
            ValueError,
            "weights must be for 'stem', 'r.0.conv1', 'r.0.batchnorm1', 'r.0.conv2', 'r.0.shortcut_conv1' "
            "and 3 more, got some for 'r.0.conv9'",
        ),
        (
            {"fc": (None, None)},
            ValueError,
            "layer 5 (Dense 'fc'): weight must be of shape (3, 6), got None",
        ),
    ],
)
def test_errors_of_weights_name_the_layer_inside(change, error, message):
    for run in (
        lambda w: NESTED.forward(np.ones(NESTED.input_shape), w),
        lambda w: NESTED.backward(np.ones(NESTED.input_shape), w, np.ones(3)),
        NESTED.folded,
    ):
        with pytest.raises(error) as caught:
            run(NESTED.initial_weights() | change)
        assert str(caught.value).startswith(message)


def test_missing_weights():
    given = NESTED.initial_weights()
    del given["r.0.conv2"], given["fc"]
    with pytest.raises(ValueError, match=r"and 3 more, got none for 'r\.0\.conv2', 'fc'$"):
        NESTED.forward(np.ones(NESTED.input_shape), given)


def test_a_name_with_a_dot_is_not_inside_another_layer():
    stack = Stack([Dense(3, name="a"), Dense(2, name="a.b")], (3,))
    given = stack.initial_weights() | {"a.b": np.ones((2, 2))}
    with pytest.raises(ValueError, match=r"^layer 2 \(Dense 'a.b'\): weight must be of shape \(2, 3\)"):
        stack.forward(np.ones(3), given)


def test_forward_by_hand():
    rng = np.random.default_rng(0)
    weights = {
        path: tuple(None if a is None else rng.uniform(0.5, 1.5, a.shape) for a in arrays)
        for path, arrays in NESTED.initial_weights().items()
    }
    x = rng.normal(size=(3, *NESTED.input_shape))

    def norm(x, path):
        weight, bias, mean, variance = (a[:, None, None] for a in weights[path])
        return weight * (x - mean) / np.sqrt(variance + 1e-5) + bias

    y = layers.conv(x, *weights["stem"])
    inner = np.maximum(norm(layers.conv(y, *weights["r.0.conv1"], padding=1), "r.0.batchnorm1"), 0)
    y = layers.conv(inner, *weights["r.0.conv2"]) + layers.conv(y, *weights["r.0.shortcut_conv1"])
    left, right = layers.conv(y, *weights["mixed.a.conv1"]), y + norm(y, "mixed.b.residual1.batchnorm1")
    y = np.concatenate([left, right], axis=1).mean(axis=(2, 3))
    expected = y @ weights["fc"][0].T + weights["fc"][1]
    np.testing.assert_allclose(NESTED.forward(x, weights), expected, rtol=1e-12)
    ordered = list(weights.values())
    np.testing.assert_array_equal(NESTED.forward(x, ordered), NESTED.forward(x, weights))


def test_batch_norm_in_training():
    rng = np.random.default_rng(1)
    x = rng.normal(size=(4, 3, 5)) * 3 + 7
    weight, bias = rng.normal(size=3), rng.normal(size=3)
    stack = Stack([BatchNorm(0.01)], (3, 5))
    unit = (x - x.mean(axis=(0, 2), keepdims=True)) / np.sqrt(x.var(axis=(0, 2), keepdims=True) + 0.01)
    arrays = [(weight, bias, np.full(3, np.nan), np.full(3, np.nan))]  # not used
    expected = unit * weight[:, None] + bias[:, None]
    np.testing.assert_allclose(stack.forward(x, arrays, training=True), expected, rtol=1e-12)
    narrow = stack.forward(x.astype(np.float32), arrays, training=True)
    assert narrow.dtype == np.float32
    np.testing.assert_allclose(narrow, expected, atol=1e-5)


def test_the_type_of_a_result_is_that_of_the_batch():
    weights = NESTED.initial_weights()
    wide = {
        path: tuple(None if a is None else a.astype(np.float64) for a in arrays)
        for path, arrays in weights.items()
    }
    for dtype, real in (("uint8", "float32"), ("float32", "float32"), ("float64", "float64")):
        x = np.ones(NESTED.input_shape, dtype)
        for given in (weights, wide):
            assert NESTED.forward(x, given).dtype == real
            before, found = NESTED.backward(x, given, np.ones(3))
            assert before.dtype == real
            assert {a.dtype.name for arrays in found.values() for a in arrays if a is not None} == {real}


def test_receptive_fields_of_flat_results():
    """A dense layer sees all of the image, and no more, however it is contained."""
    image = (2, 9)
    plain = Stack([Conv(3, 3), Flatten(), Dense(4), Dense(4), Dense(2)], image)
    inside = Stack([Conv(3, 3), Flatten(), Dense(4), Residual([Dense(4)]), Dense(2)], image)
    pools = Stack(
        [Conv(3, 3), Branches([[GlobalPool()], [Flatten()], [Flatten(), Dense(4)]]), Dense(2)], image
    )
    strided = Stack(
        [Branches([[Conv(3, 3, stride=3), Flatten()], [Flatten()]]), Residual([]), Dense(2)], image
    )
    for stack in (plain, inside, pools, strided):
        assert stack.table()[-1].receptive_field.region(0) == ((0, 9),)


def test_branches_must_have_the_same_strides():
    """Units at the same index must belong together."""
    message = r"^layer 1 \(Branches 'branches1'\): fields must have one jump, got \[\(1,\), \(2,\)\]$"
    with pytest.raises(ValueError, match=message):
        Stack([Branches([[Conv(2, 1, stride=2)], [Conv(2, 5)]])], (1, 8))


def test_totals_of_rows_inside():
    inside = NESTED.table(inside=True)
    for total in ("parameters", "multiplications", "activations"):
        assert getattr(NESTED, total) == sum(getattr(row, total) for row in inside)
        assert getattr(NESTED, total) == sum(getattr(row, total) for row in NESTED.table())
    by_name = {row.name: row for row in inside}
    assert by_name["r.0"][3:6] == (0, 0, 0)
    assert by_name["r.0.batchnorm1"].parameters == 8
    assert NESTED.table()[2].parameters == (36 * 4 + 4) + 8 + (16 + 4) + (16 + 4)
    with pytest.raises(TypeError, match="inside must be True or False, got 1"):
        NESTED.table(inside=1)


def test_the_printed_table():
    expected = """\
   name                          layer             output  parameters  multiplications  activations  field
0  input                         input              2x5x6           0                0           60    1x1
1  stem                          conv 1x1           4x5x6          12              240          120    1x1
   r.0.conv1                     conv 3x3           4x5x6         148            4,320          120    3x3
   r.0.batchnorm1                batch norm, relu   4x5x6           8                0            0    3x3
   r.0.conv2                     conv 1x1           4x5x6          20              480          120    3x3
   r.0.shortcut_conv1            conv 1x1           4x5x6          20              480          120    1x1
2  r.0                           add                4x5x6           0                0            0    3x3
   mixed.a.conv1                 conv 1x1           2x5x6           8              240           60    3x3
   mixed.b.residual1.batchnorm1  batch norm         4x5x6           8                0            0    3x3
   mixed.b.residual1             add                4x5x6           0                0            0    3x3
3  mixed                         concatenate        6x5x6           0                0            0    3x3
4  globalpool1                   global mean pool       6           0                0            6    7x8
5  fc                            dense                  3          21               18            3    7x8
   total                                                          245            5,778          609

in float32: 980 B of parameters, 2.4 kB of activations for one image"""
    assert str(NESTED) == expected


def test_lines_are_joined_within_a_sequence_only():
    """An activation at the start of a branch has a line of its own."""
    stack = Stack(
        [
            *(Conv(2, 1), Activation("relu")),
            Branches({"a": [Activation("tanh"), Dropout(), Conv(3, 1)], "b": [Activation("sigmoid")]}, "m"),
            Activation("relu6"),
        ],
        (1, 4),
    )
    lines = [line.split()[:-5] for line in str(stack).splitlines()[2:-3]]
    assert lines == [
        ["1", "conv1", "conv", "1,", "relu"],
        ["m.a.activation1", "tanh,", "dropout"],
        ["m.a.conv1", "conv", "1"],
        ["m.b.activation1", "sigmoid"],
        ["3", "m", "concatenate,", "relu6"],
    ]
