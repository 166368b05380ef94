"""`numpy.where` in functions of windows: of numbers and of vectors, under every name, with every type."""

import numba
import numpy as np
import pytest
from numpy import where

import imfilter
from imfilter._filters.generic import functions

RNG = np.random.default_rng(11)


def summed(window):
    total = 0.0
    for value in window:
        total += np.where(value > 0.5, 1.0, value)
    return total / len(window)


def counted(window):
    total = count = 0.0
    for value in window:
        near = np.where(abs(value - window[0]) <= 0.3, 1.0, 0.0)
        total += near * value
        count += near
    return total / count


def by_name(window):
    total = 0.0
    for value in window:
        total += where(value > 0.5, 1, 0)
    return total


def nested(window):
    return np.where(window[0] > 0.5, np.where(window[1] > 0.5, 2, 1.0), window[2])


def of_a_closure():
    choose = np.where

    def closed(window):
        total = 0.0
        for value in window:
            total += choose(value > 0.5, value, 0.0)
        return total

    return closed


def of_whole_windows(window):
    return np.where(window > 0.5, window, 0.0).sum() + len(np.where(window > 0.5)[0])


def of_bools(window):
    found = 0.0
    for value in window:
        found += np.where(np.where(value > 0.5, value > 0.7, True), 1.0, 0.0)
    return found


def mixed(window):
    return np.where(window[0] > 0.5, True, 0.25)


LANES = (summed, counted, by_name, nested, of_a_closure())
ALL = (*LANES, of_whole_windows, of_bools, mixed)


@pytest.mark.parametrize("function", ALL, ids=lambda f: f.__name__)
@pytest.mark.slow
def test_where_is_the_same_in_python_and_compiled(function):
    image = RNG.random((6, 41))
    for there in (None, RNG.random(image.shape) > 0.3):
        keywords = {"mask": there, "min_coverage": 1.0} if function is nested else {"mask": there}
        plain = imfilter.generic(image, function, (2, 3), compile=False, **keywords)
        found = imfilter.generic(image, function, (2, 3), **keywords)
        np.testing.assert_allclose(found, plain, rtol=1e-14)


@pytest.mark.parametrize("function", LANES, ids=lambda f: f.__name__)
def test_where_of_samples_runs_on_vectors(function):
    assert functions.compiled(function, 6, (), 1).in_lanes


@pytest.mark.slow
def test_numba_itself_is_not_changed():
    assert imfilter.generic(np.arange(3.0), lambda w: np.where(w[0] > 1, 2.0, 1.0), 1).tolist() == [1, 1, 2]
    own = numba.njit(lambda value: np.where(value > 1, 2.0, 1.0))
    assert own(3.0).shape == ()
    assert isinstance(own(3.0), np.ndarray)
