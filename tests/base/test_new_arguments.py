"""Calls with arguments that no call before had: what is kept for the next one, and how much of it."""

import functools
import gc
import sys
import threading
import tracemalloc
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import imfilter
from imfilter._base import call_cache, engine, memo
from imfilter._filters.linear import apply as linear
from imfilter._filters.linear import direct, operators, separable
from tests.looping import loop_over

FILTERS = {
    "gaussian": lambda x, n: imfilter.gaussian(x, 1.0 + n / 7),
    "gaussian of one sigma": lambda x, n: imfilter.gaussian(x, 1.5),
    "correlate": lambda x, n: imfilter.correlate(x, np.random.default_rng(n).normal(size=(3, 5))),
    "correlate, whole": lambda x, n: imfilter.correlate(x, np.random.default_rng(n).integers(-3, 4, (7, 6))),
    "rank one": lambda x, n: imfilter.correlate(x, np.outer(np.arange(1, 12 + n % 3), np.arange(3.5, 14))),
    "stride": lambda x, n: imfilter.correlate(x, np.ones((3, 4)), stride=(2, 3), dilation=1 + n % 2),
    "box": lambda x, n: imfilter.box(x, 2 + n % 4),
    "sobel": lambda x, n: imfilter.sobel(x, axis=None if n % 2 else 0),
    "median": lambda x, n: imfilter.median(x, 3 + n % 2),
    "minimum": lambda x, n: imfilter.minimum(x, 4),
    "max_pool": lambda x, n: imfilter.max_pool(x, 2 + n % 2),
    "canny": lambda x, n: imfilter.canny(x, 20, 60, sigma=0.5 + n / 9),
    "harris": lambda x, n: imfilter.harris(x, k=0.03 + n / 1000),
}


def images(dtype):
    """Return images of many shapes, of which two are alike."""
    rng = np.random.default_rng(1)
    shapes = [(20 + 7 * i % 31, 20 + 11 * i % 29) for i in range(24)]
    return [(rng.random(shape) * 255).astype(dtype) for shape in (*shapes, shapes[0], shapes[1])]


@pytest.fixture
def forgotten():
    """Return a function that forgets all that calls have left behind, except compiled code."""

    @functools.cache
    def clearing(_n_modules):
        """Return what clears the caches, all of which are found anew when a module was imported."""
        found = []
        for name, module in list(sys.modules.items()):
            if name.startswith(("imfilter._filters.", "imfilter._base.")) and ".kernels" not in name:
                for value in list(vars(module).values()):
                    if isinstance(value, call_cache.Calls):
                        found.append(value.clear)
                    elif isinstance(value, engine.Family):
                        found.append(value.calls.clear)
                    elif hasattr(value, "cache_clear") and ".kernels" not in value.__module__:
                        found.append(value.cache_clear)
        return found

    def forget():
        for clear in clearing(len(sys.modules)):
            clear()

    forget()
    return forget


@pytest.mark.slow
@loop_over("dtype", ["uint8", "float32"])
@pytest.mark.parametrize("name", FILTERS)
def test_what_is_kept_changes_no_result(name, dtype, forgotten):
    """Each call alone, all in a row, and all again the other way round give the same bits."""
    given = images(dtype)
    alone = []
    for number, image in enumerate(given):
        forgotten()
        alone.append(FILTERS[name](image, number))
    forgotten()
    for order in (range(len(given)), reversed(range(len(given)))):
        for number in order:
            np.testing.assert_array_equal(FILTERS[name](given[number], number), alone[number])


def test_many_threads_with_new_arguments(forgotten):
    """Caches that all of them fill and drop from at once."""
    given = images("float32")
    jobs = [(name, number) for name in FILTERS for number in range(len(given))]
    expected = {job: FILTERS[job[0]](given[job[1]], job[1]) for job in jobs}
    forgotten()
    gate = threading.Barrier(8)

    def work(turn):
        gate.wait()
        wrong = []
        for name, number in np.random.default_rng(turn).permutation(np.array(jobs, object)).tolist():
            if not np.array_equal(FILTERS[name](given[number], number), expected[name, number]):
                wrong.append((name, number))
        return wrong

    with ThreadPoolExecutor(8) as pool:
        assert [found for found in pool.map(work, range(8)) if found] == []


def test_a_kernel_is_split_and_laid_out_once_for_all_shapes(forgotten, monkeypatch):
    count = {"factor": 0, "_schedule": 0}

    def count_calls(module, name):
        original = getattr(module, name)

        def counted(*args):
            count[name] += 1
            return original(*args)

        monkeypatch.setattr(module, name, counted)

    count_calls(separable, "factor")
    count_calls(direct, "_schedule")
    kernel = np.random.default_rng(2).normal(size=(7, 7))
    for image in images("float32"):
        imfilter.correlate(image, kernel)
    assert count == {"factor": 1, "_schedule": 1}


@pytest.mark.parametrize("kernel", [np.ones((3, 3)), np.outer(range(1, 8), range(2, 9)), np.eye(5)], ids=len)
def test_plans_do_not_depend_on_what_is_kept(kernel, forgotten):
    for dtype in ("uint8", "float32", "float64"):
        for shape in ((20, 30), (31, 9), (2000, 3000)):
            kept = imfilter.plan(shape, dtype, kernel)
            forgotten()
            fresh = imfilter.plan(shape, dtype, kernel)
            assert (kept.algorithm, kept.reason, kept.cost) == (fresh.algorithm, fresh.reason, fresh.cost)


def kernels(rng):
    """Return kernels of which many have the same shape and the same zeros, but not the same weights."""
    for _ in range(2):
        line, other = rng.normal(size=7), rng.normal(size=5)
        yield line, other
        yield line, line
        yield np.full(7, line[0]), np.full(5, other[0])
        yield np.full(7, line[0]), other
        yield np.array([1.0, 0.0, line[0]]), np.array([other[0], 1.0, 0.0])
        yield rng.normal(size=(3, 3))
        yield np.full((3, 3), line[0])
        yield rng.normal(size=(3, 3)) * (1e-30, 1, 1e30)[rng.integers(3)]
        yield rng.normal(size=(9, 9))
        yield np.outer(line, other)
        yield np.outer(line, other) + np.outer(rng.normal(size=7), rng.normal(size=5))
        yield rng.normal(size=30), other


def volumes(rng):
    """Return kernels for volumes, of which some are large enough for a transform."""
    for _ in range(2):
        yield rng.normal(size=(13, 13, 13))
        yield rng.integers(1, 5, (13, 13, 13)).astype(float)
        yield rng.normal(size=(3, 5, 4))
        yield rng.normal(size=(2, 3, 2)) * (rng.random((2, 3, 2)) < 0.8)


@pytest.mark.slow
@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_kernels_for_volumes_share_a_plan_only_if_it_is_their_own(dtype, forgotten):
    """Plans for a kernel as large as the image, and for one in a large image. Results of small images."""
    given = list(volumes(np.random.default_rng(5)))
    calls = [(kernel, shape) for shape in ((72, 72, 72), (10, 10, 10)) for kernel in given]

    def found(kernel, shape):
        plan = imfilter.plan(shape, dtype, kernel)
        return plan.algorithm, plan.reason, plan.cost

    alone = []
    for call in calls:
        forgotten()
        alone.append(found(*call))
    assert {"direct", "fft"} <= {algorithm for algorithm, *_ in alone}
    forgotten()
    assert [found(*call) for call in calls] == alone
    image = (np.random.default_rng(6).random((10, 10, 10)) * 200).astype(dtype)
    filtered = [imfilter.correlate(image, kernel) for kernel in given]
    for kernel, result in zip(given, filtered, strict=True):
        forgotten()
        np.testing.assert_array_equal(imfilter.correlate(image, kernel), result)


@pytest.mark.parametrize("first", [0.0, -0.0])
def test_a_bias_of_minus_zero_is_zero(first, forgotten):
    image = -np.zeros((6, 7), np.float32)
    for bias in (first, -first):
        assert not np.signbit(imfilter.correlate(image, np.ones((1, 1)), bias=bias)).any()


def test_a_masked_kernel_is_refused_after_a_plain_one(forgotten):
    image, kernel = np.ones((6, 7)), np.ones((3, 3))
    imfilter.correlate(image, kernel)
    for mask in (False, np.eye(3, dtype=bool)):
        with pytest.raises(TypeError, match="without mask"):
            imfilter.correlate(image, np.ma.array(kernel, mask=mask))


@pytest.mark.slow
@pytest.mark.parametrize("dtype", ["uint8", "int32", "float32", "float64"])
def test_kernels_share_a_plan_only_if_it_is_their_own(dtype, forgotten):
    """All plans in a row are those of each call alone: algorithm, reason, cost and result."""
    given = list(kernels(np.random.default_rng(4)))
    image = images(dtype)[2]
    small, large = (20, 30), (400, 900)
    options = (
        *((small, {}), (large, {}), (small, {"bias": 1.0}), (large, {"stride": 2})),
        (small, {"mode": "constant", "cval": 0.5}),
    )

    def found(kernel, shape, more):
        plan = imfilter.plan(shape, dtype, kernel, **more)
        return plan.algorithm, plan.reason, plan.cost

    calls = [(kernel, shape, more) for kernel in given for shape, more in options]
    alone = []
    for call in calls:
        forgotten()
        alone.append(found(*call))
    forgotten()
    assert [found(*call) for call in calls] == alone
    filtered = [imfilter.correlate(image, kernel) for kernel in given]
    for kernel, result in zip(given, filtered, strict=True):
        forgotten()
        np.testing.assert_array_equal(imfilter.correlate(image, kernel), result)


@pytest.mark.slow
def test_memory_is_bounded(forgotten):
    """Ten times as many new arguments take no more memory, once all that is kept is full."""
    image = np.random.default_rng(3).random((40, 40)).astype(np.float32)

    def many(first, count):
        for number in range(first, first + count):
            imfilter.gaussian(image[: 20 + number % 19], 1.0 + number * 1e-5)
            imfilter.correlate(image, np.random.default_rng(number).normal(size=(3, 3 + number % 5)))
        gc.collect()

    many(0, 300)
    tracemalloc.start()
    try:
        many(300, 100)
        begun = tracemalloc.get_traced_memory()[0]
        many(400, 1000)
        grown = tracemalloc.get_traced_memory()[0] - begun
    finally:
        tracemalloc.stop()
    assert len(linear.FAMILY.calls) <= 256
    assert len(linear._operators) <= 256
    assert grown < 600_000


def test_nothing_is_kept_for_large_kernels():
    operator = operators.Operator(dense=np.ones((70, 70)))
    assert operator.known("key", lambda: 1) == 1
    assert operator.known("key", lambda: 2) == 2
    small = operators.Operator(dense=np.ones((3, 3)))
    for number in range(1000):
        assert small.known(number, lambda found=number: found) == number
    assert len(small._known) <= 32

    made = []

    @memo.remembered(len)
    def double(text):
        made.append(text)
        return text * 2

    for text in ("ab", "ab", "c" * 5000, "c" * 5000):
        assert double(text) == text * 2
    assert [text[0] for text in made] == ["a", "c", "c"]
