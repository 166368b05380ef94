"""Skeletons and thinning: the rules in loops, scikit-image, words of 64 samples, types, layouts and axes."""

import numpy as np
import pytest
import skimage.morphology as peers
from scipy import ndimage

from imfilter.morphology import skeleton, thin
from tests.photos import GREY, photo
from tests.reference import thinning as loops

#: Widths around the number of samples in a word.
SHAPES = [(1, 1), (1, 9), (8, 1), (2, 2), (5, 6), (13, 63), (9, 64), (12, 65), (7, 127), (10, 129)]
TYPES = ("bool", "int8", "uint8", "uint16", "int64", "float16", "float32", ">f8")


def images(shape, seed=0):
    """Noise, blobs, full and empty images."""
    rng = np.random.default_rng(seed)
    noise = rng.random(shape)
    yield noise > 0.5
    yield noise > 0.1
    yield ndimage.uniform_filter(noise, 3) > 0.48
    yield np.ones(shape, bool)
    yield np.zeros(shape, bool)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.slow
def test_the_rules(shape):
    for image in images(shape):
        np.testing.assert_array_equal(skeleton(image), loops.thinned(image, loops.zhang))
        for iterations in (0, 1, 2, None):
            want = loops.thinned(image, loops.guo, iterations)
            np.testing.assert_array_equal(thin(image, iterations), want)


def test_every_neighbourhood():
    """All 512 squares of 3 x 3, apart from each other."""
    squares = (np.arange(512)[:, None] >> np.arange(9) & 1).astype(bool).reshape(16, 32, 3, 3)
    image = np.pad(squares, ((0, 0), (0, 0), (1, 1), (1, 1))).swapaxes(1, 2).reshape(16 * 5, 32 * 5)
    np.testing.assert_array_equal(skeleton(image), loops.thinned(image, loops.zhang))
    np.testing.assert_array_equal(thin(image), loops.thinned(image, loops.guo))
    np.testing.assert_array_equal(skeleton(image), peers.skeletonize(image, method="zhang"))
    np.testing.assert_array_equal(thin(image), peers.thin(image))


@pytest.mark.parametrize("picture", GREY)
def test_photographs_are_those_of_scikit_image(picture):
    for image in (photo(picture) > 100, photo(picture) <= 100):
        np.testing.assert_array_equal(skeleton(image), peers.skeletonize(image, method="zhang"))
        np.testing.assert_array_equal(thin(image, 4), peers.thin(image, 4))


@pytest.mark.parametrize("seed", range(12))
def test_random_shapes_are_those_of_scikit_image(seed):
    rng = np.random.default_rng(seed)
    for image in images(tuple(rng.integers(1, 200, 2)), seed):
        np.testing.assert_array_equal(skeleton(image), peers.skeletonize(image, method="zhang"))
        np.testing.assert_array_equal(thin(image), peers.thin(image))


def test_a_result_is_thin_already():
    image = ndimage.gaussian_filter(np.random.default_rng(1).random((90, 200)), 3) > 0.5
    for function in (skeleton, thin):
        np.testing.assert_array_equal(function(function(image)), function(image))
    parts = ndimage.label(image, np.ones((3, 3)))[1]
    assert ndimage.label(thin(image), np.ones((3, 3)))[1] == parts


@pytest.mark.parametrize("function", [skeleton, thin])
def test_types_layouts_axes_and_out(function):
    image = ndimage.gaussian_filter(np.random.default_rng(2).random((5, 40, 70)), (0, 2, 2)) > 0.5
    want = np.stack([function(part) for part in image])
    assert want.dtype == bool
    for dtype in TYPES:
        np.testing.assert_array_equal(function(image[0].astype(dtype) * np.array(3, dtype)), want[0])
    for workers in (1, 2, 3):
        np.testing.assert_array_equal(function(image, axes=(1, 2), workers=workers), want)
        turned = function(image.swapaxes(1, 2), axes=(2, 1), workers=workers)  # the order of axes counts
        np.testing.assert_array_equal(turned.swapaxes(1, 2), want)
    moved = np.moveaxis(image, 0, 2)
    for other in (moved, np.ascontiguousarray(moved)):
        found = function(other[..., :3], channel_axis=-1)
        np.testing.assert_array_equal(found, np.moveaxis(want[:3], 0, 2))
        assert found.flags.c_contiguous
    np.testing.assert_array_equal(function(np.asfortranarray(image[0])), want[0])
    np.testing.assert_array_equal(function(image[:, ::-1], axes=(-2, -1))[:, ::-1].shape, want.shape)
    for dtype in ("bool", "uint8", "float32"):
        place = np.full(image.shape, 7, dtype)
        assert function(image, axes=(1, 2), out=place) is place
        np.testing.assert_array_equal(place, want)
    same = image[0].astype(np.float64)
    assert function(same, out=same) is same
    np.testing.assert_array_equal(same, want[0])


def test_only_zero_is_background():
    image = np.array([[0.0, np.nan, -0.0, -1.0, 5e-324, np.inf]])
    np.testing.assert_array_equal(thin(image, 0), [[False, True, False, True, True, True]])


@pytest.mark.parametrize("function", [skeleton, thin])
@pytest.mark.parametrize(
    ("error", "message", "image", "options"),
    [
        (TypeError, "image", np.ones((2, 2), complex), {}),
        (ValueError, "image must not be empty", np.ones((0, 2)), {}),
        (TypeError, "masked", np.ma.masked_array([[1, 0]], [[True, False]]), {}),
        (ValueError, r"two axes to thin, .* got shape \(4,\)", np.ones(4), {}),
        (ValueError, r"two axes to thin, .* got shape \(2, 9, 9\)", np.ones((2, 9, 9)), {}),
        (ValueError, "two axes to thin, .* got axes=0", np.ones((2, 2)), {"axes": 0}),
        (ValueError, "out must have shape", np.ones((2, 2)), {"out": np.empty(3)}),
        (TypeError, "workers must be an integer", np.ones((2, 2)), {"workers": 1.0}),
    ],
)
def test_errors(function, error, message, image, options):
    with pytest.raises(error, match=message):
        function(image, **options)


def test_iterations_are_checked():
    with pytest.raises(ValueError, match="iterations must be at least 0, got -1"):
        thin([[1, 0]], -1)
    with pytest.raises(TypeError, match="here it is called 'iterations'"):
        thin([[1, 0]], max_num_iter=1)
