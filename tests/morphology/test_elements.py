"""Structuring elements, against those of scikit-image and against their definitions."""

import math

import numpy as np
import pytest
from skimage import morphology as other

from imfilter import morphology
from tests.looping import loop_over


@pytest.mark.parametrize("radius", [0, 1, 2, 3, 5, 8, 15, 31])
def test_discs_and_diamonds(radius):
    np.testing.assert_array_equal(morphology.disk(radius), other.disk(radius))
    np.testing.assert_array_equal(morphology.diamond(radius), other.diamond(radius))


@pytest.mark.parametrize("radius", [0, 1, 2, 5, 7])
def test_balls(radius):
    np.testing.assert_array_equal(morphology.ball(radius), other.ball(radius))


@pytest.mark.parametrize(("m", "n"), [(1, 1), (1, 3), (3, 1), (4, 2), (5, 5), (2, 7), (3, 0)])
def test_octagons(m, n):
    np.testing.assert_array_equal(morphology.octagon(m, n), other.octagon(m, n))


@pytest.mark.parametrize("a", [1, 2, 3, 4, 7, 10])
def test_stars(a):
    np.testing.assert_array_equal(morphology.star(a), other.star(a))


def test_rectangles():
    np.testing.assert_array_equal(morphology.rectangle((3, 4)), other.footprint_rectangle((3, 4)))
    assert morphology.rectangle(3).shape == (3, 3)
    assert morphology.rectangle([5]).shape == (5,)
    assert morphology.rectangle((2, 3, 4)).all()


def test_radii_between_integers():
    assert morphology.disk(1.5).sum() == 9
    assert morphology.ball(1.5).sum() == 19


@loop_over("length", [1, 2, 3, 7, 10, 31])
@loop_over("angle", [0, 10, 30, 45, 60, 90, 120, 135, 170, 180, 270, -45])
def test_lines(length, angle):
    line = np.asarray(morphology.line(length, angle))
    assert all(n % 2 for n in line.shape)
    np.testing.assert_array_equal(line, line[::-1, ::-1])
    np.testing.assert_array_equal(line, morphology.line(length, angle + 180))
    np.testing.assert_array_equal(line.T, np.asarray(morphology.line(length, 270 - angle)))
    points = np.argwhere(line) - [n // 2 for n in line.shape]
    assert len(points) == max(line.shape), "one sample for each step along the longer axis"
    end = max(points.tolist(), key=lambda point: np.hypot(*point))
    reach = 2 * np.hypot(*end)
    assert abs(reach - 2 * ((length - 1) // 2)) <= math.sqrt(2)
    # Each sample is at most half a step away from the straight line through the ends.
    high, wide = end
    if max(abs(high), abs(wide)):
        off = np.abs(points[:, 0] * wide - points[:, 1] * high) / max(abs(high), abs(wide))
        assert off.max() <= 0.5
    across = np.array([math.cos(math.radians(angle)), math.sin(math.radians(angle))])
    assert np.abs(points @ across).max() <= 1.3, "the line has the angle"


def test_a_line_rises_from_left_to_right():
    assert morphology.line(5, 45)[0, -1]
    assert morphology.line(5, 135)[0, 0]
    assert morphology.line(5, 0).shape == (1, 5)
    assert morphology.line(5, 90).shape == (5, 1)


def test_elements_say_how_they_are_made():
    disc = morphology.disk(2)
    assert disc.made == "disk(2)"
    assert disc.dtype == bool
    assert disc[:2].made == ""
    assert disc.rows == [((-2, 0), 1), ((-1, -1), 3), ((0, -2), 5), ((1, -1), 3), ((2, 0), 1)]
    assert morphology.rectangle(4).made == "rectangle((4, 4))"
    assert len(morphology.ball(3).rows) == other.disk(3).sum()


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda: morphology.disk(-1), ValueError, "radius must be from 0 to 4096, got -1"),
        (lambda: morphology.disk("3"), TypeError, "radius must be a number, got '3'"),
        (lambda: morphology.ball(300), ValueError, "radius must be from 0 to 256, got 300"),
        (lambda: morphology.diamond(1.5), TypeError, "radius must be an integer, got 1.5"),
        (lambda: morphology.octagon(0, 1), ValueError, "m must be at least 1, got 0"),
        (lambda: morphology.rectangle((1, 2, 3, 4)), ValueError, "shape must have 1 to 3 lengths"),
        (lambda: morphology.rectangle(0), ValueError, "shape must be at least 1, got 0"),
        (lambda: morphology.line(0, 3), ValueError, "length must be at least 1, got 0"),
        (lambda: morphology.line(3, math.inf), ValueError, "angle must be finite, got inf"),
        (lambda: morphology.star(0), ValueError, "a must be at least 1, got 0"),
    ],
)
def test_errors(call, error, text):
    with pytest.raises(error) as caught:
        call()
    assert text in str(caught.value)
