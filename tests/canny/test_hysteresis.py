"""Thresholds with hysteresis: against labels, on worst cases, with a mistake in every argument."""

import itertools

import numpy as np
import pytest
import scipy.ndimage as ndi
import skimage.filters

import imfilter
from imfilter._base import threads
from imfilter._filters.canny import hysteresis
from tests import photos
from tests.looping import loop_over

RNG = np.random.default_rng(23)


def by_labels(image, low, high, connectivity):
    """Label what is above the low threshold, and keep labels that have a sample above the high one."""
    structure = ndi.generate_binary_structure(image.ndim, connectivity)
    labels, _ = ndi.label(image > low, structure)
    kept = np.unique(labels[image > high])
    return np.isin(labels, kept[kept > 0])


@loop_over("ndim", [1, 2, 3, 4])
@loop_over("dtype", ["bool", "uint8", "int64", "float16", "float32", "float64", ">f4"])
def test_agrees_with_labels(ndim, dtype):
    shape = {1: (200,), 2: (30, 43), 3: (9, 11, 12), 4: (4, 5, 6, 7)}[ndim]
    image = (RNG.random(shape) * 100).astype(dtype) if dtype != "bool" else RNG.random(shape) < 0.4
    bounds = (0, 0) if dtype == "bool" else (55, 93)
    for connectivity in range(1, ndim + 1):
        result = imfilter.hysteresis_threshold(image, *bounds, connectivity=connectivity)
        assert result.dtype == bool
        np.testing.assert_array_equal(result, by_labels(image, *bounds, connectivity))
    np.testing.assert_array_equal(
        imfilter.hysteresis_threshold(image, *bounds), by_labels(image, *bounds, ndim)
    )


def test_agrees_with_scikit_image():
    image = photos.photo("coins")
    for low, high in ((80, 150), (120, 120), (0, 254), (255, 255)):
        expected = skimage.filters.apply_hysteresis_threshold(image, low, high)
        result = imfilter.hysteresis_threshold(image, low, high, connectivity=1)
        np.testing.assert_array_equal(result, expected)


def test_every_small_shape_and_layout():
    for shape in itertools.product((1, 2, 3, 9), (1, 2, 7, 17)):
        image = RNG.integers(0, 10, shape)
        expected = by_labels(image, 4, 7, 2)
        for other in (
            image,
            np.asfortranarray(image),
            image[::-1].copy()[::-1],
            np.repeat(image, 2, 1)[:, ::2],
        ):
            np.testing.assert_array_equal(imfilter.hysteresis_threshold(other, 4, 7), expected)


def spiral(n):
    """A path one sample wide, with one between its turns, that fills a square."""
    image = np.zeros((n, n), np.uint8)
    y, x, dy, dx = 0, 0, 0, 1
    image[0, 0] = 1
    while True:
        moved = False
        while True:
            far, near = (y + 2 * dy, x + 2 * dx), (y + dy, x + dx)
            inside = 0 <= near[0] < n and 0 <= near[1] < n
            ahead = 0 <= far[0] < n and 0 <= far[1] < n and image[far]
            if not inside or ahead or image[near]:
                break
            y, x = near
            image[y, x] = 1
            moved = True
        if not moved:
            return image
        dy, dx = dx, -dy


def test_a_spiral_is_followed_to_its_end():
    """A chain as long as half the image, from its one strong end, without a limit to its depth."""
    image = spiral(1201)
    weak = int(image.sum())
    assert weak > 700_000
    image[0, 0] = 2
    result = imfilter.hysteresis_threshold(image, 0, 1, connectivity=1)
    assert result.sum() == weak
    image[0, 0] = 1
    assert not imfilter.hysteresis_threshold(image, 0, 1).any()


def test_a_checkerboard_hangs_together_by_its_corners():
    image = (np.indices((401, 403)).sum(axis=0) % 2).astype(np.float32)
    image[200, 201] = 3
    assert imfilter.hysteresis_threshold(image, 0.5, 2).sum() == (image > 0).sum()
    assert imfilter.hysteresis_threshold(image, 0.5, 2, connectivity=1).sum() == 1


def test_what_is_no_number_is_above_nothing():
    image = np.array([np.nan, 2.0, np.nan, 1.5, np.inf, -np.inf, 1.5])
    expected = [False, True, False, True, True, False, False]
    np.testing.assert_array_equal(imfilter.hysteresis_threshold(image, 1, 1.9), expected)
    assert imfilter.hysteresis_threshold(image, -np.inf, 1.9).tolist() == [
        *(False, True, False, True, True, False, False),
    ]
    assert not imfilter.hysteresis_threshold(image, np.inf, np.inf).any()


@pytest.mark.parametrize(
    ("error", "message", "arguments", "options"),
    [
        (ValueError, "low must not be greater than high, got low=2.0 and high=1.0", (2, 1), {}),
        (ValueError, "low must be a number, got nan", (float("nan"), 1), {}),
        (ValueError, "high must be a number, got nan", (1, np.nan), {}),
        (TypeError, "low must be a number, got '1'", ("1", 2), {}),
        (TypeError, "high must be a number, got None", (1, None), {}),
        (ValueError, "connectivity must be at least 1, got 0", (1, 2), {"connectivity": 0}),
        (ValueError, "connectivity must be at most 2, got 3", (1, 2), {"connectivity": 3}),
        (TypeError, "connectivity must be an integer, got 1.5", (1, 2), {"connectivity": 1.5}),
    ],
)
def test_errors(error, message, arguments, options):
    with pytest.raises(error) as caught:
        imfilter.hysteresis_threshold(np.zeros((3, 3)), *arguments, **options)
    assert str(caught.value) == message


def test_images_are_checked():
    with pytest.raises(TypeError, match="image must contain real numbers"):
        imfilter.hysteresis_threshold(np.zeros(3, complex), 0, 1)
    with pytest.raises(ValueError, match="image must not be empty"):
        imfilter.hysteresis_threshold(np.zeros((0, 3)), 0, 1)


@pytest.mark.parametrize(
    "shape", [(1, 1), (2, 9), (37, 41), (200, 7), (9, 300), (11, 12, 13), (300,)], ids=str
)
def test_workers_do_not_matter(shape, monkeypatch):
    monkeypatch.setattr(hysteresis, "_ALONE", 0)
    for share in (0.3, 0.5, 0.62, 0.9):
        # About the share at which chains run through the whole image.
        image = (RNG.random(shape) < share) * np.uint8(1) + (RNG.random(shape) < 0.02)
        image.flat[image.size // 2] = 2
        for connectivity in range(1, len(shape) + 1):
            with imfilter.set_workers(1):
                alone = imfilter.hysteresis_threshold(image, 0, 1, connectivity=connectivity)
            for workers in (2, 3, 8):
                with imfilter.set_workers(workers):
                    again = imfilter.hysteresis_threshold(image, 0, 1, connectivity=connectivity)
                np.testing.assert_array_equal(again, alone)
            assert alone.any()


def test_set_workers_is_heard_by_canny(monkeypatch):
    asked = []
    run = threads.run
    monkeypatch.setattr(threads, "run", lambda *given: (asked.append(given[2]), run(*given))[1])
    with imfilter.set_workers(3):
        imfilter.canny(RNG.integers(0, 256, (1200, 1200)).astype(np.uint8), 50, 150)
    assert 3 in asked
    assert None not in asked
