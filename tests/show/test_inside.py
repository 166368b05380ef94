"""Gradients of class scores, images of classes, activity and features of networks."""

import re

import numpy as np
import pytest

import imfilter
from imfilter import show
from imfilter.layers import Activation, Branches, Conv, Dense, Flatten, GlobalPool, Pool, Residual, Stack

RNG = np.random.default_rng(41)
SMALL = Stack(
    [
        *(Conv(5, 3, padding=1, name="conv"), Activation("relu", name="relu"), Pool(2)),
        *(Residual([Conv(5, 3, padding=1, name="inner"), Activation("relu6", name="six")], name="block"),),
        *(Branches([[Conv(2, 1)], []]), GlobalPool(), Dense(4, name="fc"), Activation("softmax")),
    ],
    input_shape=(3, 8, 10),
)
WEIGHTS = {
    name: tuple(array.astype(np.float64) + 0.05 * RNG.normal(size=array.shape) for array in arrays)
    for name, arrays in SMALL.initial_weights(seed=2).items()
}
IMAGES = RNG.normal(size=(6, 3, 8, 10))


def scores(images):
    """Scores before the softmax, layer by layer."""
    return SMALL.results(images, WEIGHTS)["fc"]


def slopes(image, label, step=1e-6):
    """The gradient of a score by finite differences."""
    found = np.zeros_like(image)
    for at in np.ndindex(*image.shape):
        shift = np.zeros_like(image)
        shift[at] = step
        found[at] = (scores(image + shift)[label] - scores(image - shift)[label]) / (2 * step)
    return found


@pytest.mark.parametrize("label", range(4))
@pytest.mark.slow
def test_saliency_is_the_largest_absolute_slope_of_the_channels(label):
    expected = np.abs(slopes(IMAGES[0], label)).max(axis=0)
    np.testing.assert_allclose(show.saliency(SMALL, WEIGHTS, IMAGES[0], label), expected, atol=1e-7)


def test_a_batch_is_its_images():
    for function in (show.saliency, show.guided_backprop):
        together = function(SMALL, WEIGHTS, IMAGES, 1)
        alone = [function(SMALL, WEIGHTS, image, 1) for image in IMAGES]
        np.testing.assert_allclose(together, alone, atol=1e-12)
    np.testing.assert_allclose(
        show.embed(SMALL, WEIGHTS, IMAGES), [show.embed(SMALL, WEIGHTS, image) for image in IMAGES]
    )


def test_the_softmax_does_not_count():
    without = Stack(SMALL.layers[:-1], SMALL.input_shape)
    expected = show.saliency(without, WEIGHTS, IMAGES[1], 2)
    np.testing.assert_array_equal(show.saliency(SMALL, WEIGHTS, IMAGES[1], 2), expected)


def test_guided_gradients_are_cut_at_each_rectifier():
    """A network of dense layers, by hand."""
    rng = np.random.default_rng(0)  # a network whose gradients are not 0
    a, b, c = (rng.normal(size=shape) for shape in ((7, 5), (6, 7), (2, 6)))
    made = [
        Dense(7, bias=False),
        Activation("relu"),
        Dense(6, bias=False),
        Activation("relu6"),
        Dense(2, bias=False),
    ]
    stack, x = Stack(made, input_shape=(5,)), rng.normal(size=5)
    first = a @ x
    second = b @ np.maximum(first, 0)
    gradient = np.maximum(c[1] * ((second > 0) & (second < 6)), 0)
    gradient = np.maximum((b.T @ gradient) * (first > 0), 0)
    found = show.guided_backprop(stack, [(a, None), (b, None), (c, None)], x, 1)
    np.testing.assert_allclose(found, a.T @ gradient, rtol=1e-12)
    assert (found != show.guided_backprop(Stack(made, (5,)), [(a, None), (b, None), (c, None)], -x, 1)).any()


@pytest.mark.slow
def test_the_model_of_a_class_has_its_highest_score():
    models = []
    for label in range(4):
        model = show.class_model(SMALL, WEIGHTS, label, steps=60, blur=0.0)
        assert model.shape == SMALL.input_shape
        assert model.dtype == np.float32
        models.append(model)
        again = show.class_model(SMALL, WEIGHTS, label, steps=60, blur=0.0)
        np.testing.assert_array_equal(model, again)
    # The best of the four images for each class is its own model.
    np.testing.assert_array_equal(scores(np.stack(models)).argmax(axis=0), range(4))
    np.testing.assert_array_equal(show.class_model(SMALL, WEIGHTS, 0, steps=0), np.zeros((3, 8, 10)))
    rough = show.class_model(SMALL, WEIGHTS, 0, steps=20, blur=0.0)
    smooth = show.class_model(SMALL, WEIGHTS, 0, steps=20, blur=1.0)
    assert np.abs(np.diff(smooth)).mean() < 0.7 * np.abs(np.diff(rough)).mean()
    assert np.abs(show.class_model(SMALL, WEIGHTS, 0, l2=0.3)).max() < np.abs(rough).max()
    np.testing.assert_array_equal(show.class_model(SMALL, WEIGHTS, 0, l2=1.0), np.zeros((3, 8, 10)))


def test_one_step_of_a_class_model():
    wanted = np.eye(4)[3]
    without = Stack(SMALL.layers[:-1], SMALL.input_shape)
    gradient, _ = without.backward(np.zeros(SMALL.input_shape), WEIGHTS, wanted)
    expected = 0.98 * 0.5 * gradient / np.sqrt((gradient**2).mean())
    found = show.class_model(SMALL, WEIGHTS, 3, steps=1, rate=0.5, l2=0.02, blur=0)
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_activity_counts_zeros_and_names_dead_filters():
    weights = dict(WEIGHTS)
    weight, bias = (array.copy() for array in weights["conv"])
    weight[3], bias[3] = 0, -1
    weights["conv"] = weight, bias
    found = show.activity(SMALL, weights, IMAGES)
    assert list(found.zeros) == ["relu", "block.six"]
    results = SMALL.results(IMAGES, weights)
    for name, share in found.zeros.items():
        np.testing.assert_allclose(share, (results[name] == 0).mean(axis=(0, 2, 3)))
    assert "relu[3]" in found.dead
    assert all(found.zeros[name][int(channel)] == 1 for name, channel in map(parts, found.dead))
    many = np.concatenate([IMAGES] * 50)  # more than are computed at a time
    again = show.activity(SMALL, weights, many)
    assert again.dead == found.dead
    for name, share in again.zeros.items():
        np.testing.assert_allclose(share, found.zeros[name])


def parts(name):
    """Return the layer and the channel of a name such as relu[3]."""
    return re.fullmatch(r"(.*)\[(\d+)\]", name).groups()


def test_features_are_the_input_of_the_last_dense_layer():
    expected = SMALL.results(IMAGES, WEIGHTS)["globalpool1"]
    np.testing.assert_array_equal(show.embed(SMALL, WEIGHTS, IMAGES), expected)
    flat = Stack([Conv(2, 3), Flatten(), Dense(3)], input_shape=(1, 5, 5))
    assert show.embed(flat, flat.initial_weights(), np.ones((4, 1, 5, 5))).shape == (4, 18)


def test_kernels_in_colour_are_around_mid_grey():
    weight = np.zeros((2, 3, 1, 2))
    weight[0, :, 0] = [[4, 0], [-4, 0], [0, 2]]  # magenta against green, and a dark blue
    picture = show.kernels(weight, color=True, labels=False, pixels=2, columns=2)
    tiles = [tuple(pixel) for pixel in picture.reshape(-1, 3).tolist()]
    assert (255, 0, 128) in tiles
    assert (128, 128, 191) in tiles
    assert (128, 128, 128) in tiles
    alone = show.kernels(weight[0], color=True, labels=False, pixels=2)
    assert alone.shape[2] == 3
    each = show.kernels(weight, color=True, labels=False, scale="each", pixels=2, columns=2)
    assert (each != show.kernels(weight / 2 + 1, color=True, labels=False, pixels=2, columns=2)).any()
    with_nan = weight.copy()
    with_nan[0, 0, 0, 0] = np.nan
    assert show.kernels(with_nan, color=True, pixels=2).dtype == np.uint8


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda: show.kernels(np.ones((4, 2, 3, 3)), color=True),
            ValueError,
            "weight must have shape .*color=True",
        ),
        (lambda: show.kernels(np.ones((4, 3, 3, 3)), color=1), TypeError, "color must be True or False"),
        (lambda: show.saliency(SMALL, WEIGHTS, IMAGES, 4), ValueError, "label must be at most 3, got 4"),
        (lambda: show.saliency(SMALL, WEIGHTS, IMAGES, 1.0), TypeError, "label must be an integer"),
        (lambda: show.saliency(SMALL, WEIGHTS, IMAGES[0, 0], 1), ValueError, "x must have shape"),
        (
            lambda: show.saliency(Stack(SMALL.layers[:2], (3, 8, 10)), {"conv": WEIGHTS["conv"]}, IMAGES, 0),
            ValueError,
            "stack must give one score for each class",
        ),
        (lambda: show.class_model(SMALL, WEIGHTS, 0, l2=2), ValueError, "l2 must be from 0 to 1, got 2"),
        (lambda: show.class_model(SMALL, WEIGHTS, 0, rate=0), ValueError, "rate must be more than 0, got 0"),
        (lambda: show.class_model(SMALL, WEIGHTS, 0, rate=1e300), ValueError, "the image is NaN or infinite"),
        (
            lambda: show.class_model(SMALL, WEIGHTS, 0, steps=10**6),
            ValueError,
            "steps must be at most 100000",
        ),
        (lambda: show.saliency(3, WEIGHTS, IMAGES, 0), TypeError, "stack must be a Stack, got 3"),
        (lambda: show.guided_backprop(3, WEIGHTS, IMAGES, 0), TypeError, "stack must be a Stack, got 3"),
        (lambda: show.class_model(3, WEIGHTS, 0), TypeError, "stack must be a Stack, got 3"),
        (lambda: show.activity(3, WEIGHTS, IMAGES), TypeError, "stack must be a Stack, got 3"),
        (lambda: show.embed(3, WEIGHTS, IMAGES), TypeError, "stack must be a Stack, got 3"),
        (lambda: show.class_model(SMALL, WEIGHTS, 0, steps=-1), ValueError, "steps must be at least 0"),
        (lambda: show.class_model(SMALL, WEIGHTS, 0, blur=-1), ValueError, "blur must be at least 0"),
        (lambda: show.activity(SMALL, WEIGHTS, IMAGES[0]), ValueError, "images must have shape"),
        (
            lambda: show.activity(Stack([Dense(2)], (3,)), [(np.ones((2, 3)), np.ones(2))], np.ones((1, 3))),
            ValueError,
            "stack must have an activation 'relu'",
        ),
        (
            lambda: show.embed(Stack([Dense(2)], (3,)), [(np.ones((2, 3)), np.ones(2))], np.ones(3)),
            ValueError,
            "stack must have a layer before its last layer with weights",
        ),
    ],
)
def test_arguments_that_do_not_fit(call, error, message):
    with pytest.raises(error, match=message):
        call()


@pytest.mark.filterwarnings("error::RuntimeWarning")
@pytest.mark.parametrize("value", [np.nan, np.inf, 1e308])
def test_a_class_model_is_never_blank_without_a_word(value):
    weights = {name: tuple(array.copy() for array in arrays) for name, arrays in WEIGHTS.items()}
    weights["fc"][0][0] = value
    weights["fc"][0][0, ::2] *= -1
    with pytest.raises(ValueError, match="the gradient is NaN or infinite in step 1; weights must be finite"):
        show.class_model(SMALL, weights, 0)
    weights["fc"][0][:] = 0
    with pytest.warns(UserWarning, match="the gradient of the score is 0 for an image of zeros") as told:
        model = show.class_model(SMALL, weights, 0)
    assert len(told) == 1
    assert told[0].filename == __file__
    assert not model.any()


@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_infinite_kernels_in_colour_have_the_ends_of_the_scale():
    weight = np.zeros((1, 3, 1, 2))
    weight[0, :, 0] = [[np.inf, 0.25], [-np.inf, -0.5], [np.nan, 0]]
    picture = show.kernels(weight, color=True, labels=False, pixels=2)
    tiles = [tuple(pixel) for pixel in picture.reshape(-1, 3).tolist()]
    assert (255, 0, 128) in tiles
    assert (191, 0, 128) in tiles
    weight[:] = np.inf
    assert show.kernels(weight, color=True).dtype == np.uint8


def test_the_saliency_of_one_unit_is_an_array():
    stack = Stack([Dense(2, name="fc")], input_shape=(1,))
    found = show.saliency(stack, {"fc": ([[3.0], [-4.0]], [0.0, 0.0])}, [1.0], 1)
    assert isinstance(found, np.ndarray)
    assert found == 4


def test_features_before_a_last_convolution():
    stack = Stack([Conv(2, 3, name="a"), Activation("relu", name="b"), Conv(1, 1)], input_shape=(1, 5, 5))
    weights = stack.initial_weights(seed=0)
    x = RNG.normal(size=(4, 1, 5, 5))
    expected = stack.results(x, weights)["b"].reshape(4, 18)
    np.testing.assert_array_equal(show.embed(stack, weights, x), expected)


def test_names_are_found_lazily():
    assert imfilter.show.saliency is show.saliency
    assert set(show.__all__) >= {"kernels", "patches", "saliency", "class_model", "Activity"}
