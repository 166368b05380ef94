"""The division of layers into units: threads that take ranges of them, and the memory that they use."""

import threading

import numpy as np
import pytest

from imfilter import layers
from imfilter._base import threads
from imfilter._filters.layers import shared_units
from tests.looping import loop_over
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
    monkeypatch.setattr(shared_units, "SMALL", 0)
    monkeypatch.setattr(shared_units, "_LEAST", 1)
    found = layers.conv(x, weight, padding=1, groups=groups, workers=workers)
    np.testing.assert_array_equal(found, expected)
    assert len(used) <= workers
    true = loops.conv(x.astype(float), weight, padding=1, groups=groups)
    np.testing.assert_allclose(found, true, rtol=0, atol=3e-6 * np.abs(true).max())


@loop_over("units", [1, 2, 7, 40, 513])
@loop_over("count", [1, 2, 5])
@loop_over("step", [1, 3, 4])
@loop_over("work", [1, 10**7, 10**11])
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
        lines, work, workspace, pace = 64, 10**9, 64, threads.Pace()
        calls = 0

        @classmethod
        def call(cls, *_):
            cls.calls += 1
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        shared_units.run(Failing, np.zeros(1), np.zeros(1), 2)
    assert Failing.calls <= 2


@loop_over(("seconds", "threads_used"), [(0.0, 2), (1e-6, 1), (1e-4, 2)])
def test_a_layer_that_is_known_to_be_brief_takes_one_thread(seconds, threads_used, monkeypatch):
    """The time of a unit is noted, too."""

    class Units:
        lines, work, workspace, pace = 64, 10**9, 64, threads.Pace()

        @staticmethod
        def call(*_):
            return None

    counts = []
    monkeypatch.setattr(threads, "run", lambda task, count, workers: (counts.append(count), task(0, count)))
    Units.pace.seconds = seconds
    shared_units.run(Units, np.zeros(1), np.zeros(1), 2)
    assert counts == [threads_used]
    assert 0 < Units.pace.seconds != seconds


@loop_over("shape", [(2, 20, 13, 15), (1, 20, 7, 64), (3, 20, 90), (70, 3, 1, 1), (2, 4, 3, 4, 5)])
@loop_over("stride", [1, 2, 3])
@loop_over("groups", [1, 2])
@loop_over("dtype", ["float32", "float64", "int16"])
@pytest.mark.slow
def test_kernels_of_one_tap(shape, stride, groups, dtype):
    """Pixels of several images in one unit, parts of units, blocks that are not full, and other layouts."""
    rng = np.random.default_rng(stride)
    inputs = shape[1] if shape[1] % groups == 0 else 2 * groups
    x = (30 * rng.normal(size=(shape[0], inputs, *shape[2:]))).astype(dtype)
    real = np.dtype("float64" if dtype == "float64" else "float32")
    outputs = 22
    weight = rng.normal(size=(outputs, inputs // groups, *[1] * (len(shape) - 2))).astype(real)
    bias = rng.normal(size=outputs).astype(real)
    found = layers.conv(x, weight, bias, stride=stride, groups=groups)
    expected = loops.conv(x.astype(float), weight, bias, stride=stride, groups=groups)
    tolerance = 1e-6 if real == np.float32 else 1e-13
    assert found.dtype == real
    np.testing.assert_allclose(found, expected, rtol=0, atol=tolerance * np.abs(expected).max())
    turned = np.asfortranarray(x)
    for workers in (1, 3):
        again = layers.conv(turned, weight, bias, stride=stride, groups=groups, workers=workers)
        np.testing.assert_array_equal(again, found)
    out = np.zeros([2 * n for n in found.shape], found.dtype)[tuple([slice(None, None, 2)] * found.ndim)]
    layers.conv(x, weight, bias, stride=stride, groups=groups, out=out)
    np.testing.assert_array_equal(out, found)


@pytest.mark.parametrize("inputs", [95, 96, 97, 300])
def test_kernels_of_one_tap_and_many_inputs(inputs):
    """More inputs than a partial sum has."""
    rng = np.random.default_rng(inputs)
    x, weight = (rng.normal(size=s).astype(np.float32) for s in ((2, inputs, 9, 9), (7, inputs, 1, 1)))
    expected = loops.conv(x.astype(float), weight)
    found = layers.conv(x, weight)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-6 * np.abs(expected).max())


@pytest.mark.slow
@loop_over("kernel", [(3, 3), (1, 3), (3, 1), (5, 5), (2, 4), (7, 3)])
@loop_over("rows", [1, 3, 4, 9])
@loop_over("columns", [7, 16, 17, 70, 1300])
def test_one_input_for_each_group(kernel, rows, columns):
    """Rows that are computed together and rows that are left; short and long lines; several outputs."""
    rng = np.random.default_rng(columns)
    cases = (1, "zero", np.float32), (2, "wrap", np.float64), (8, "edge", np.float32)
    for outputs, mode, dtype in cases:
        x = rng.normal(size=(2, 3, rows, columns)).astype(dtype)
        weight = rng.normal(size=(3 * outputs, 1, *kernel)).astype(dtype)
        bias = rng.normal(size=3 * outputs).astype(dtype)
        given = {"padding": [(2, 1 + kernel[0]), (1, 2 + kernel[1])], "padding_mode": mode, "groups": 3}
        found = layers.conv(x, weight, bias, **given)
        scattered = layers.conv(x[..., ::-1], weight, bias, out=np.zeros_like(found)[..., ::-1], **given)
        both = layers.conv(x[..., ::-1].copy(), weight, bias, **given)
        np.testing.assert_array_equal(scattered, both)
        small = slice(None, 60)  # the loops are slow: only the first columns
        near = loops.conv(x[..., :100].astype(float), weight, bias, **given)[..., small]
        if columns > 100 and mode == "wrap":
            continue
        tolerance = (1e-6 if dtype == np.float32 else 1e-13) * np.abs(near).max()
        np.testing.assert_allclose(found[..., small], near, rtol=0, atol=tolerance)


@pytest.mark.parametrize("name", ["stride", "dilation", "padding", "groups"])
@pytest.mark.parametrize("wrong", [True, 1.0])
def test_kept_geometries_allow_no_other_types(name, wrong):
    """Numbers of other types that equal a number which was used before."""
    x, weight = np.ones((1, 2, 5, 5)), np.ones((2, 2, 1, 1))
    layers.conv(x, weight, **{name: 1})
    with pytest.raises(TypeError, match=name):
        layers.conv(x, weight, **{name: wrong})
