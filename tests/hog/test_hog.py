"""Histograms of oriented gradients: scikit-image's, for every norm, shape and colour; mistakes."""

import itertools
import math

import numpy as np
import pytest
import skimage.data
import skimage.feature

import imfilter
from tests import photos
from tests.looping import loop_over

RNG = np.random.default_rng(47)
NORMS = ("L1", "L1-sqrt", "L2", "L2-Hys")


def same(image, **options):
    """Compare descriptor and picture with scikit-image's."""
    cell, block = options.pop("pixels_per_cell", (8, 8)), options.pop("cells_per_block", (3, 3))
    options |= {"pixels_per_cell": cell, "cells_per_block": block}
    if min(cell) == 1:  # which it cannot draw
        np.testing.assert_allclose(
            imfilter.hog(image, **options), skimage.feature.hog(image, **options), atol=1e-5
        )
        assert not imfilter.hog(image, visualize=True, **options)[1].any()
        return
    expected, expected_picture = skimage.feature.hog(image, visualize=True, **options)
    result, picture = imfilter.hog(image, visualize=True, **options)
    assert result.dtype == expected.dtype
    assert picture.dtype == expected_picture.dtype
    np.testing.assert_allclose(result, expected, atol=1e-5)
    np.testing.assert_allclose(picture, expected_picture, atol=1e-5 * (1 + expected_picture.max()))
    np.testing.assert_array_equal(imfilter.hog(image, **options), result)


@pytest.mark.slow
@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("dtype", ["uint8", "float32", "float64", "uint16"])
def test_agrees_with_scikit_image(norm, dtype):
    for image in (photos.photo("camera")[:201, :257], photos.photo("coins")[5:130, 7:200]):
        same(photos.as_type(image, dtype), block_norm=norm)
        same(photos.as_type(image, dtype), block_norm=norm, feature_vector=False)


@pytest.mark.slow
@loop_over("cell", [(8, 8), (5, 7), (16, 4), (1, 1), (3, 3), (6, 10)])
@loop_over("block", [(1, 1), (3, 3), (2, 4)])
def test_cells_and_blocks(cell, block):
    image = photos.photo("camera")[30:111, 50:147]
    for orientations in (1, 4, 8, 9, 13):
        same(image, orientations=orientations, pixels_per_cell=cell, cells_per_block=block)


@pytest.mark.parametrize("norm", NORMS)
def test_colour(norm):
    image = photos.photo("astronaut")[20:151, 100:243]
    same(image, block_norm=norm, channel_axis=-1)
    same(image.astype(np.float32) / 255, block_norm=norm, channel_axis=2, transform_sqrt=True)
    front = np.moveaxis(image, -1, 0)
    np.testing.assert_array_equal(
        imfilter.hog(front, block_norm=norm, channel_axis=0),
        imfilter.hog(image, block_norm=norm, channel_axis=-1),
    )


@pytest.mark.parametrize("root", [False, True])
@pytest.mark.slow
def test_which_channel_is_the_strongest_is_decided_in_the_type_of_the_image(root):
    for image in (photos.photo("coffee"), photos.photo("colorwheel")[..., :3]):
        same(image.astype(np.float32) / 255, channel_axis=-1, transform_sqrt=root)
        if not root:  # of roots in float64 many tie, and the last bit of NumPy's hypot decides
            same(image, channel_axis=-1)


@pytest.mark.parametrize("cell", [(40, 300), (100, 2), (1, 130), (9, 257)])
def test_cells_larger_than_what_is_worked_on_at_a_time(cell):
    image = photos.as_type(np.tile(photos.photo("camera"), 2)[:203, :611], "float64")
    same(image, pixels_per_cell=cell, cells_per_block=(2, 2))


def test_infinity_and_nan_stay_in_their_cells():
    image = photos.photo("camera")[:64, :64].astype(np.float64)
    image[20, 20], image[44, 44] = np.inf, np.nan
    whole = imfilter.hog(image, cells_per_block=1, feature_vector=False)
    finite = np.isfinite(whole).all(axis=(2, 3, 4))
    bad = np.ones((8, 8), bool)
    bad[2, 2] = bad[5, 5] = False
    np.testing.assert_array_equal(finite, bad)


def shared_by_loops(image, orientations, cell):
    """Histograms of cells in which every gradient votes for two orientations and four cells."""
    rows, columns = (n // c for n, c in zip(image.shape, cell, strict=True))
    found = np.zeros((rows, columns, orientations))
    for y in range(rows * cell[0]):
        for x in range(columns * cell[1]):
            dy = image[y + 1, x] - image[y - 1, x] if 0 < y < image.shape[0] - 1 else 0.0
            dx = image[y, x + 1] - image[y, x - 1] if 0 < x < image.shape[1] - 1 else 0.0
            angle = math.atan2(dy, dx) % math.pi / math.pi * orientations - 0.5
            places = ((y + 0.5) / cell[0] - 0.5, (x + 0.5) / cell[1] - 0.5, angle)
            for corner in itertools.product((0, 1), repeat=3):
                at = [math.floor(place) + c for place, c in zip(places, corner, strict=True)]
                share = math.prod(1 - abs(place - a) for place, a in zip(places, at, strict=True))
                if 0 <= at[0] < rows and 0 <= at[1] < columns:
                    found[at[0], at[1], at[2] % orientations] += share * math.hypot(dx, dy)
    return found / math.prod(cell)


@pytest.mark.parametrize("cell", [(8, 8), (5, 7), (1, 1), (2, 3), (11, 4)])
def test_interpolated_votes(cell):
    image = photos.as_type(photos.photo("camera")[130:167, 200:241], "float64")
    for orientations in (1, 2, 3, 9):
        histograms = shared_by_loops(image, orientations, cell)
        norms = np.sqrt((histograms**2).sum(axis=2, keepdims=True) + 1e-10)
        options = {"orientations": orientations, "pixels_per_cell": cell, "interpolate": True}
        options |= {"cells_per_block": 1, "block_norm": "L2", "feature_vector": False}
        result = imfilter.hog(image, **options)
        np.testing.assert_allclose(result[:, :, 0, 0], histograms / norms, atol=1e-12)
        for workers in (1, 2, 5):
            np.testing.assert_array_equal(imfilter.hog(image, workers=workers, **options), result)


def test_interpolated_votes_of_a_ramp_and_of_tiles():
    ramp = np.arange(64.0)[:, None] * 3 + np.arange(700.0) * 4
    # Every gradient is of the same angle: all inner cells are alike, and two orientations share the votes.
    blocks = imfilter.hog(ramp, cells_per_block=1, interpolate=True, block_norm="L1", feature_vector=False)
    inner = blocks[2:-2, 2:-2, 0, 0]
    np.testing.assert_allclose(inner, np.broadcast_to(inner[0, 0], inner.shape), atol=1e-12)
    place = math.atan2(3, 4) / math.pi * 9 - 0.5
    expected = np.maximum(0, 1 - np.abs(place - np.arange(9)))
    np.testing.assert_allclose(inner[0, 0], expected, atol=1e-5)


def test_interpolated_votes_change_less_when_the_image_moves():
    image = photos.photo("camera")
    change = []
    for interpolate in (False, True):
        first, moved = (
            imfilter.hog(image[100:356, x : x + 256], interpolate=interpolate) for x in (100, 101)
        )
        change.append(np.linalg.norm(moved - first) / np.linalg.norm(first))
    assert change[1] < 0.7 * change[0]


def test_small_and_odd_sizes():
    for rows in (3, 4, 9, 17):
        for columns in (3, 5, 16, 31):
            image = RNG.integers(0, 256, (rows, columns)).astype(np.uint8)
            same(image, pixels_per_cell=(3, 3), cells_per_block=(1, 1))
            same(image.astype(np.float64) - 100, pixels_per_cell=(2, 3), cells_per_block=(1, 1))


def test_workers_and_layouts_do_not_matter():
    image = np.ascontiguousarray(np.tile(photos.photo("camera"), (2, 3)))
    alone = imfilter.hog(image, workers=1)
    for workers in (2, 3, 8):
        np.testing.assert_array_equal(imfilter.hog(image, workers=workers), alone)
    for other in (np.asfortranarray(image), image[::-1].copy()[::-1], image.astype(">u2")):
        np.testing.assert_array_equal(imfilter.hog(other), alone)


def test_a_flat_image_has_no_gradient():
    assert not imfilter.hog(np.full((32, 32), 7)).any()


@pytest.mark.parametrize(
    ("error", "message", "options"),
    [
        (ValueError, "orientations must be at least 1, got 0", {"orientations": 0}),
        (TypeError, "orientations must be an integer, got 9.0", {"orientations": 9.0}),
        (ValueError, "pixels_per_cell must be at least 1, got 0", {"pixels_per_cell": (8, 0)}),
        (ValueError, "pixels_per_cell must be one integer or one for rows", {"pixels_per_cell": (8, 8, 8)}),
        (TypeError, "cells_per_block must be an integer, got 'x'", {"cells_per_block": ("x", 1)}),
        (ValueError, "block_norm must be one of 'L1', 'L1-sqrt', 'L2', 'L2-Hys'", {"block_norm": "l2"}),
        (TypeError, "interpolate must be True or False, got 'x'", {"interpolate": "x"}),
        (TypeError, "visualize must be True or False, got 1", {"visualize": 1}),
        (ValueError, "image must have 40 rows for 5 cells of 8 in a block", {"cells_per_block": 5}),
        (ValueError, "image must not be negative with transform_sqrt=True", {"transform_sqrt": True}),
        (ValueError, "workers must be at least 1, got 0", {"workers": 0}),
    ],
)
def test_errors(error, message, options):
    with pytest.raises(error) as caught:
        imfilter.hog(np.full((32, 40), -1.0), **options)
    assert str(caught.value).startswith(message)


def test_images_are_checked():
    with pytest.raises(ValueError, match="image must have 2 axes, got shape"):
        imfilter.hog(np.zeros((32, 32, 3)))
    with pytest.raises(ValueError, match="image must have 2 axes and channel_axis"):
        imfilter.hog(np.zeros((32, 32)), channel_axis=-1)
    with pytest.raises(TypeError, match="image must contain real numbers"):
        imfilter.hog(np.zeros((32, 32), complex))
