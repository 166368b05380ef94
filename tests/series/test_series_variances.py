"""Moving variances of long series: the levels of groups follow each other stretch by stretch."""

import numpy as np
import pytest

from imfilter import series
from tests.looping import loop_over


@loop_over("size", [2, 9, 97, 300, 1000, 1025, 2600])
@loop_over("shape", [(9000,), (3, 4100), (4100, 3), (900, 70)])
def test_variances_far_from_the_ends(size, shape):
    """The levels of groups are computed stretch by stretch: the same in any part of a series."""
    axis = 0 if shape[0] > 100 else 1
    x = np.random.default_rng(3).normal(1e3, 1, shape)
    found = series.moving_variance(x, size, axis=axis, align="causal")
    lines, results = np.moveaxis(x, axis, -1), np.moveaxis(found, axis, -1)
    for stop in range(size, lines.shape[-1], 311):
        part = lines[..., stop - size : stop]
        np.testing.assert_allclose(results[..., stop - 1], part.var(-1), rtol=1e-11)


@pytest.mark.parametrize("size", [2, 40, 999, 1000, 7001])
@pytest.mark.parametrize("shape", [(40_000,), (14_000, 3), (3000, 70)])
def test_groups_that_are_kept_from_block_to_block(size, shape):
    """A window has the same bits in the first block of a series and in a later one."""
    x = np.random.default_rng(4).normal(1e7, 1, shape)
    if size > len(x):
        return
    x[len(x) // 2] = np.nan
    found = series.moving_std(x, size, axis=0, mode="valid", workers=1)
    for first in (1, 1000, 1777, 12_288, 13_001, 25_000):
        part = x[first : first + size + 300]
        if len(part) >= size:
            expected = series.moving_std(part, size, axis=0, mode="valid", workers=1)
            np.testing.assert_array_equal(found[first : first + len(expected)], expected)


@loop_over("size", [40, 41, 80, 160, 200, 240, 328, 689, 1000, 1200, 1640, 4000])
def test_groups_in_registers(size):
    """A series alone has the bits of one among others, whose groups are all in memory."""
    x = np.random.default_rng(5).normal(1e5, 1, (15_000, 3))
    x[7000, 0] = np.nan
    expected = series.moving_variance(x, size, axis=0, align="causal", mode="valid")
    for column, found in zip(x.T, expected.T, strict=True):
        alone = series.moving_variance(np.ascontiguousarray(column), size, align="causal", mode="valid")
        np.testing.assert_array_equal(alone, found)
