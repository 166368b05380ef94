"""What users may do to layers and stacks: work in place, change lists, compare, hash, copy, nest deeply."""

import copy
import pickle

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
    Pool,
    Residual,
    Stack,
    networks,
)


def test_the_gradient_of_the_caller_is_not_returned():
    for made in ([Dropout()], [Flatten()], [Branches([[]])], []):
        gradient = np.ones(2)
        found, _ = Stack(made, (2,)).backward(np.ones(2), [], gradient)
        found[0] = 55
        assert gradient[0] == 1


def test_each_result_has_memory_of_its_own():
    stack = Stack([Dropout(name="a"), Dropout(name="b"), Flatten(name="c")], (2, 3))
    results = stack.results(np.ones((2, 3)), [])
    results["a"][:] = 7
    results["b"][:] = 8
    assert (results["c"] == 1).all()


def test_folded_arrays_are_copies():
    stack = Stack([Conv(2, 1, name="a"), Flatten(), Dense(2, name="b"), BatchNorm(name="n")], (1, 2))
    weights = stack.initial_weights()
    _, found = stack.folded(weights)
    for arrays in found.values():
        for array in arrays:
            array[...] = np.nan
    assert all(np.isfinite(array).all() for arrays in weights.values() for array in arrays)


@pytest.mark.parametrize(
    ("derivative", "error", "message"),
    [
        (
            lambda x, gradient: gradient[:1],
            ValueError,
            r"layer 2 .*: the result of derivative .* \(3, 2\)",
        ),
        (lambda x, gradient: None, TypeError, r"layer 2 .*: the result of derivative"),
        (5, TypeError, "derivative must be a function, got 5"),
    ],
)
def test_a_derivative_is_checked(derivative, error, message):
    def run():
        stack = Stack([Dense(2), Activation(np.tanh, derivative=derivative)], (2,))
        stack.backward(np.ones((3, 2)), stack.initial_weights(), np.ones((3, 2)))

    with pytest.raises(error, match=message):
        run()


def test_a_derivative_of_a_known_function_is_refused():
    with pytest.raises(ValueError, match="derivative must be left out for the function 'relu'"):
        Stack([Activation("relu", derivative=lambda x, gradient: gradient)], (2,))


def test_a_derivative_may_work_in_place():
    def slope(x, gradient):
        gradient *= 0
        x[:] = 9
        return gradient

    stack = Stack([Residual([Activation(np.sin, derivative=slope)])], (2,))
    np.testing.assert_array_equal(stack.backward([1.0, 2.0], [], [3.0, 4.0])[0], [3.0, 4.0])


def test_stacks_are_compared_hashed_and_copied():
    def made():
        block = Residual([Conv(4, [3, 3], padding=[1, 1]), Branches({"a": [Conv(4, 1)]})])
        return Stack([block, Branches([[Pool(np.array([3, 3]), stride=1, padding=1)], []])], (4, 6, 6))

    one, other = made(), made()
    assert one == other
    assert hash(one) == hash(other)
    assert one != Stack(one.layers[:1], (4, 6, 6))
    for again in (copy.copy(one), copy.deepcopy(one), pickle.loads(pickle.dumps(one))):
        assert again == one
        assert hash(again) == hash(one)
        assert str(again) == str(one)
    assert len({hash(networks.resnet(18)), hash(networks.googlenet())}) == 2


def test_a_list_may_change_after_it_was_given():
    inside = [Conv(4, 1)]
    block = Residual(inside)
    stack = Stack([block], (4, 5))
    before = str(stack), repr(stack)
    inside.append(Conv(4, 3, padding=1))
    assert (str(stack), repr(stack)) == before


def test_deep_nesting_takes_little_time():
    """Each shape is calculated once: 60 levels would take minutes otherwise."""
    count = 0

    class Counted(Conv):
        def output(self, shape):
            nonlocal count
            count += 1
            return super().output(shape)

    block = [Counted(2, 1)]
    for _ in range(60):
        block = [Residual(block)]
    stack = Stack(block, (2, 3))
    assert "add" in str(stack)
    assert count < 1000


@pytest.mark.parametrize("name", ["", "a\nb"])
def test_names_must_be_printable(name):
    with pytest.raises(ValueError, match="name must have printable characters"):
        Stack([Dense(2, name=name)], (3,))
    with pytest.raises(ValueError, match="branches must have names of printable characters"):
        Stack([Branches({name: []})], (3,))


@pytest.mark.parametrize("shape", [None, "344"])
def test_an_input_shape_that_is_no_sequence(shape):
    with pytest.raises(TypeError, match="input_shape must be a sequence of integers, got"):
        Stack([Dense(2)], shape)


def test_names_of_another_library_are_a_mapping():
    with pytest.raises(TypeError, match="pytorch_names must be a mapping, got 5"):
        Stack([Dense(2)], (3,), 5)


@pytest.mark.parametrize("dtype", ["int64", "uint64"])
def test_the_largest_of_64_bit_integers_wins(dtype):
    top = np.iinfo(dtype).max
    x = np.array([[[top - 1, top, top - 2, top - 3]]], dtype)
    found = layers.max_pool_gradient([[[1.0, 2.0]]], x, 2)
    np.testing.assert_array_equal(found, [[[0, 1, 2, 0]]])
    lowest = np.full((1, 1, 4), np.iinfo(dtype).min, dtype)
    found = layers.max_pool_gradient([[[1.0, 2.0]]], lowest, 2)
    np.testing.assert_array_equal(found, [[[1, 0, 2, 0]]])
