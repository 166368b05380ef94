"""How blocks of samples are looked at: sizes of all, of cells, and of windows of cells."""

import numpy as np
import pytest

from imfilter._filters.linear.tile_ranges import any_within, surveyed

RNG = np.random.default_rng(17)
BLOCKS = [
    ((450, 432), (63, 63)),
    ((300, 301), (31, 15)),
    ((40, 50, 33), (5, 34, 7)),
    ((9, 11), (9, 1)),
    ((5000,), (501,)),
    ((77,), (20,)),
    ((3,), (2,)),
]


def windows(array, taps, reduce):
    """The largest of each window, or whether there is one."""
    for axis, k in enumerate(taps):
        array = reduce(np.lib.stride_tricks.sliding_window_view(array, k, axis), axis=-1)
    return array


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("shape", "taps"), BLOCKS)
def test_what_is_seen_in_blocks(shape, taps, dtype):
    """Of blocks that are parts of larger ones, too."""
    whole = np.exp(RNG.normal(size=(3, *(n + 5 for n in shape))) * 5).astype(dtype)
    whole *= RNG.choice([-1, 1], whole.shape)
    blocks = whole[(slice(None), *map(slice, shape))]
    faint = tuple(slice(int(n * 0.3), int(n * 0.3) + 2 * k) for n, k in zip(shape, taps, strict=True))
    blocks[(1, *faint)] *= 1e-6
    for seen, block in zip(surveyed(blocks, taps), blocks, strict=True):
        sizes = np.abs(block)
        assert seen.peak == sizes.max()
        np.testing.assert_allclose(seen.squares, (sizes.astype(float) ** 2).sum(), rtol=1e-4)
        inside = windows(sizes, taps, np.max)
        assert seen.least <= inside.min()
        for index in np.ndindex(*seen.cells.shape):
            cell = tuple(slice(i * c, (i + 1) * c) for i, c in zip(index, seen.cell, strict=True))
            assert seen.cells[index] == sizes[cell].max()
        for limit in np.quantile(inside, [0, 0.1, 0.5, 1]):
            part = seen.doubtful(float(limit), inside.shape)
            there = inside >= limit
            if part is not None:
                there[part] = True
            assert there.all()


@pytest.mark.parametrize("bad", [np.nan, -np.nan, np.inf, -np.inf])
def test_what_is_not_finite_is_seen(bad):
    for shape, taps in BLOCKS:
        blocks = RNG.random((2, *shape)).astype(np.float32)
        blocks[(1, *(int(RNG.integers(n)) for n in shape))] = bad
        first, second = surveyed(blocks, taps)
        assert np.isfinite(first.peak)
        assert not np.isfinite(second.peak)


@pytest.mark.parametrize("share", [0.001, 0.02, 0.5])
def test_marks_in_windows(share):
    for shape, taps in BLOCKS:
        marks = RNG.random(shape) < share
        np.testing.assert_array_equal(any_within(marks, taps), windows(marks, taps, np.any))
