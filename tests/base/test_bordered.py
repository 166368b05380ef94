"""Copies of ranges of an image with their border."""

import numpy as np
import pytest

from imfilter._base import bordered
from imfilter._base.missing import rows_of
from tests.looping import loop_over

MODES = "mirror", "symmetric", "edge", "wrap", "constant", "shrink"


@loop_over("mode", MODES)
@loop_over("shape", [(1, 1), (2, 5), (7, 4), (12, 13)])
@pytest.mark.slow
def test_copies_are_those_of_each_position(mode, shape):
    rng = np.random.default_rng(1)
    source = rng.integers(0, 1000, (*shape, 2)).astype("i2")
    for _ in range(40):
        rows, along = [], []
        for n in shape:
            before, after = rng.integers(0, 30, 2).tolist()
            start, stop = sorted(rng.integers(0, before + n + after + 1, 2).tolist())
            start -= start == stop and start > 0
            stop += start == stop
            rows.append(rows_of(n, before, after, mode, start, stop))
            along.append(bordered.runs(n, before, after, mode, start, stop))
        found = np.full((len(rows[0]), len(rows[1]), 2), -7.0)
        assert tuple(map(bordered.length, along)) == found.shape[:2]
        bordered.copy(source, along, -1, found)
        y, x = np.ix_(*rows)
        expected = np.where(((y < 0) | (x < 0))[..., None], -1, source[y, x])
        np.testing.assert_array_equal(found, expected)


def test_axes_without_border():
    source = np.arange(24.0).reshape(2, 3, 4)
    found = np.empty((2, 5, 4), "f4")
    bordered.copy(source, (bordered.ALL, bordered.runs(3, 1, 1, "edge", 0, 5)), None, found)
    np.testing.assert_array_equal(found, source[:, [0, 0, 1, 2, 2]])


def test_large_samples_are_infinite_in_a_small_type():
    found = np.empty(3, "f4")
    bordered.copy(np.array([1e300]), (bordered.runs(1, 1, 1, "mirror", 0, 3),), None, found)
    assert np.isinf(found).all()


def test_runs_are_few():
    mirrored = bordered.runs(1000, 5, 5, "mirror", 0, 1010)
    assert [run.samples for run in mirrored] == [slice(5, 0, -1), slice(0, 1000), slice(998, 993, -1)]
    assert bordered.runs(1000, 5, 5, "zero", 0, 3) == (bordered.Run(slice(0, 3), None),)
