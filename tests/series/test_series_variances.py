"""Moving variances of long series: the levels of groups follow each other stretch by stretch."""

import numpy as np
import pytest

from imfilter import series


@pytest.mark.parametrize("size", [2, 9, 97, 300, 1000, 1025, 2600])
@pytest.mark.parametrize("shape", [(9000,), (3, 4100), (4100, 3), (900, 70)])
def test_variances_far_from_the_ends(size, shape):
    """The levels of groups are computed stretch by stretch: the same in any part of a series."""
    axis = 0 if shape[0] > 100 else 1
    x = np.random.default_rng(3).normal(1e3, 1, shape)
    found = series.moving_variance(x, size, axis=axis, align="causal")
    lines, results = np.moveaxis(x, axis, -1), np.moveaxis(found, axis, -1)
    for stop in range(size, lines.shape[-1], 311):
        part = lines[..., stop - size : stop]
        np.testing.assert_allclose(results[..., stop - 1], part.var(-1), rtol=1e-11)
