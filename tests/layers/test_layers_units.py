"""The division of layers into units: threads that take ranges of them, and the memory that they use."""

import threading

import numpy as np
import pytest

from imfilter import layers
from imfilter._filters.layers import shared_units
from tests.reference import loops

#: Shapes of the input and of the weights, and groups: tiles, pixels, rows of one channel, bands of many.
LAYERS = [
    ((2, 24, 18, 22), (20, 24, 3, 3), 1),
    ((3, 30, 9, 11), (26, 30, 1, 1), 1),
    ((2, 5, 20, 37), (10, 1, 3, 3), 5),
    ((2, 4, 19, 23), (9, 4, 5, 2), 1),
]


@pytest.mark.parametrize(("shape", "kernel", "groups"), LAYERS)
@pytest.mark.parametrize("workers", [1, 2, 4])
def test_no_result_depends_on_the_memory_that_it_uses(shape, kernel, groups, workers, monkeypatch):
    """The workspace is not zeroed: fill it with NaN, and make many small ranges."""
    rng = np.random.default_rng(workers)
    x, weight = (rng.normal(size=s).astype(np.float32) for s in (shape, kernel))
    expected = layers.conv(x, weight, padding=1, groups=groups)
    used = []

    class Spoiled:
        uint8 = np.uint8

        @staticmethod
        def empty(size, dtype):
            used.append(threading.get_ident())
            return np.full(size, 255, dtype)

    monkeypatch.setattr(shared_units, "np", Spoiled)
    monkeypatch.setattr(shared_units, "_SMALL", 0)
    monkeypatch.setattr(shared_units, "_LEAST", 1)
    found = layers.conv(x, weight, padding=1, groups=groups, workers=workers)
    np.testing.assert_array_equal(found, expected)
    assert len(used) <= workers
    true = loops.conv(x.astype(float), weight, padding=1, groups=groups)
    np.testing.assert_allclose(found, true, rtol=0, atol=3e-6 * np.abs(true).max())


@pytest.mark.parametrize("units", [1, 2, 7, 40, 513])
@pytest.mark.parametrize("count", [1, 2, 5])
@pytest.mark.parametrize("step", [1, 3, 4])
@pytest.mark.parametrize("work", [1, 10**7, 10**11])
def test_ranges_cover_all_units_once(units, count, step, work):
    ranges = shared_units._ranges(units, count, work, step)[::-1]
    assert [u for start, stop in ranges for u in range(start, stop)] == list(range(units))
    assert all(start < stop for start, stop in ranges)


def test_ranges_share_the_work():
    """Both threads have work, and the last ranges are small; long work can be interrupted."""
    ranges = shared_units._ranges(512, 2, 14_000_000, 1)[::-1]
    sizes = [stop - start for start, stop in ranges]
    assert sizes[0] == 128
    assert sizes[-1] <= 40
    assert len(shared_units._ranges(512, 1, 10**12, 1)) >= 250
    starts = [start for start, _ in shared_units._ranges(512, 2, 10**9, 4)]
    assert not any(start % 4 for start in starts)


def test_an_error_ends_the_work():
    """What is left is not computed."""

    class Failing:
        lines, work, workspace = 64, 10**9, 64
        calls = 0

        @classmethod
        def call(cls, *_):
            cls.calls += 1
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        shared_units.run(Failing, np.zeros(1), np.zeros(1), 2)
    assert Failing.calls <= 2
