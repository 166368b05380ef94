"""Functions of windows by the names of SciPy: what runs here has the result of SciPy in every bit."""

import numba
import numpy as np
import pytest
import scipy.ndimage

from imfilter._compat import numpy_sums, record
from imfilter._compat.serving import Elsewhere
from imfilter.compat import ndimage

#: Calls of each function, and the seed of their random numbers.
CALLS, SEED = 40, 24
TYPES = ["bool", "uint8", "uint16", "int16", "int32", "uint64", "float32", "float64"]
MODES = ["reflect", "constant", "nearest", "mirror", "wrap", "grid-mirror", "grid-constant", "grid-wrap"]
FUNCTIONS = [np.min, np.max, np.median, np.sum, np.mean, np.nanmin, np.nanmedian]


@pytest.fixture
def rng():
    """A new generator for each test, with the same numbers in each run."""
    return np.random.default_rng(SEED)


@numba.njit
def spread(window, power=2):
    """A sum whose order matters, an error for some windows, and a branch."""
    total = 0.0
    for value in window:
        if value > window[0]:
            total += abs(value - window[-1]) ** power
    return np.sqrt(total) / window.size


@numba.njit
def ratio(window):
    return window.sum() / window[0]


@numba.njit
def noise(window):
    return np.random.random() + window[0]  # noqa: NPY002  # Numba has these


@numba.njit(fastmath=True)
def quick(window):
    return window.sum()


@numba.njit
def nested(window):
    return quick(window) + 1


#: Larger than what is compared to tell whether a function is the same.
TABLE = np.ones(1 << 14)


@numba.njit
def of_table(window):
    return window[0] * TABLE[0]


def here(name):
    """How many calls of a function ran on this engine."""
    return record.entry(f"scipy.ndimage.{name}").copy().here


def image(rng, kind, shape):
    kind = np.dtype(kind)
    if kind.kind == "f":
        return rng.normal(0, 9, shape).astype(kind)
    return rng.integers(0, 2 if kind.kind == "b" else 99, shape).astype(kind)


def call(rng, compiled=False):
    """The image and the options of a random call. Functions are compiled for few windows."""
    kind = np.dtype(rng.choice(TYPES))
    shape = tuple(int(n) for n in rng.integers(1, 9, rng.integers(1, 4)))
    lengths = tuple(int(n) for n in rng.integers(1, 4, len(shape)))
    if compiled:
        lengths = ((3,), (3, 4), (1, 4, 3))[len(shape) - 1]
    options = {"mode": str(rng.choice(MODES)), "size": lengths}
    if not compiled and rng.random() < 0.4:
        footprint = rng.random(lengths) < 0.6
        footprint.flat[rng.integers(footprint.size)] = True
        options["footprint"] = footprint
        del options["size"]
    if rng.random() < 0.5:
        options["origin"] = tuple(int(rng.integers(-(n // 2), n - n // 2)) for n in lengths)
    return image(rng, kind, shape), options


def equal(found, wanted):
    np.testing.assert_array_equal(found, wanted)
    assert found.dtype == wanted.dtype


@pytest.mark.parametrize("function", [*FUNCTIONS, np.var, np.std, min, max, spread], ids=lambda f: f.__name__)
@pytest.mark.slow
def test_generic_filter(function, rng):
    before = here("generic_filter")
    for _ in range(CALLS):
        array, options = call(rng, compiled=function in (np.sum, np.mean, np.var, np.std, spread))
        options["cval"] = float(rng.choice([0, 7, -3.5]))
        if rng.random() < 0.5:
            options["output"] = np.dtype(rng.choice(["float64", "int16", "float32", "bool"]))
        if function is spread and rng.random() < 0.5:
            options["extra_arguments"] = (float(rng.integers(1, 4)),)
        found = ndimage.generic_filter(array, function, **options)
        equal(found, scipy.ndimage.generic_filter(array, function, **options))
    assert here("generic_filter") - before > CALLS * 0.9


@pytest.mark.parametrize("what", ["sum", "mean", "variance", "deviation"])
@pytest.mark.slow
def test_sums_have_the_order_of_numpy(what):
    for samples in range(1, 129):
        numpy_sums.function(what, samples)  # it compares results
    with pytest.raises(Elsewhere):
        numpy_sums.function(what, 129)


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda f: f.__name__)
def test_vectorized_filter(function, rng):
    before = here("vectorized_filter")
    for _ in range(CALLS):
        array, options = call(rng)
        if options["mode"].endswith("constant") and rng.random() < 0.5:
            options["cval"] = int(rng.integers(0, 2))
        n = array.ndim
        if n > 1 and rng.random() < 0.4:  # the window follows the axes in any order
            options["axes"] = tuple(int(a) - n * int(rng.integers(2)) for a in rng.permutation(n))
        found = ndimage.vectorized_filter(array, function, **options)
        equal(found, scipy.ndimage.vectorized_filter(array, function, **options))
    assert here("vectorized_filter") - before > CALLS * (0.3 if function in (np.sum, np.mean) else 0.7)


@pytest.mark.parametrize("function", [np.prod, quick, nested, lambda w: w[0]], ids=lambda f: f.__name__)
def test_functions_that_may_differ_run_in_scipy(function, rng):
    array, before = rng.normal(size=(6, 7)), here("generic_filter")
    found = ndimage.generic_filter(array, function, 3)
    np.testing.assert_array_equal(found, scipy.ndimage.generic_filter(array, function, 3))
    assert here("generic_filter") == before


@pytest.mark.parametrize("function", [noise, of_table], ids=lambda f: f.py_func.__name__)
def test_functions_that_depend_on_more_than_the_window_run_in_scipy(function, rng):
    before = here("generic_filter")
    ndimage.generic_filter(rng.normal(size=(6, 7)), function, 3)
    assert here("generic_filter") == before


def test_arguments_that_a_function_may_change_run_in_scipy(rng):
    @numba.njit
    def count(window, calls):
        calls[0] += 1
        return window[0]

    calls, before = np.zeros(1), here("generic_filter")
    ndimage.generic_filter(rng.normal(size=(6, 7)), count, 3, extra_arguments=(calls,))
    assert calls[0] == 42
    assert here("generic_filter") == before


def test_errors_of_a_function_come_through():
    with pytest.raises(ZeroDivisionError):
        ndimage.generic_filter(np.zeros((6, 7)), ratio, 3)


def test_nan_is_that_of_numpy(rng):
    array = rng.normal(size=(6, 7))
    array[2, 3] = np.nan
    for function in (np.min, np.max, np.median, np.nanmin):
        found = ndimage.generic_filter(array, function, 3)
        np.testing.assert_array_equal(found, scipy.ndimage.generic_filter(array, function, 3))
        found = ndimage.vectorized_filter(array, function, size=3)
        np.testing.assert_array_equal(found, scipy.ndimage.vectorized_filter(array, function, size=3))


def test_lines_run_in_scipy(rng):
    def double(line, result):
        result[:] = 2 * line[1:-1]

    array = rng.normal(size=(6, 7))
    np.testing.assert_array_equal(ndimage.generic_filter1d(array, double, 3), 2 * array)


WRONG = [
    ("vectorized_filter", {"size": 3, "mode": "constant", "cval": 1, "batch_memory": 8}),
    ("vectorized_filter", {"size": 3, "cval": 1}),
    ("vectorized_filter", {"size": 0}),
    ("vectorized_filter", {}),
    ("generic_filter", {}),
    ("generic_filter", {"size": 3, "origin": 2}),
    ("generic_filter", {"size": (3, 3, 3)}),
    ("generic_filter", {"size": 3, "mode": "unknown"}),
]


@pytest.mark.parametrize(("name", "options"), WRONG)
def test_errors_of_arguments_are_those_of_scipy(name, options):
    def error_of(library):
        try:
            getattr(library, name)(np.zeros((3, 4)), np.min, **options)
        except Exception as error:
            return type(error), str(error)

    wanted = error_of(scipy.ndimage)
    assert wanted is not None
    assert error_of(ndimage) == wanted
