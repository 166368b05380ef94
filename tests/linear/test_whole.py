"""A kernel of whole numbers over an image of whole numbers: sums are whole, and exact while they are held."""

import itertools

import numpy as np
import pytest
from scipy import signal

import imfilter
from imfilter._filters.linear import low_rank as factors
from imfilter._filters.linear.operators import outer
from tests.looping import loop_over

DTYPES = ["uint8", "int16", "uint16", "int32"]
#: Up to where each type of result holds every whole number.
HELD = {"float32": 2**24, "float64": 2**53}


def low_rank(rng, shape, rank, most, least=None):
    """Return a kernel of whole numbers that is a sum of so many outer products."""
    least = -most if least is None else least
    kernel = np.zeros(shape, np.int64)
    for _ in range(rank):
        term = np.ones((), np.int64)
        for n in shape:
            term = np.multiply.outer(term, rng.integers(least, most + 1, n))
        kernel += term
    return kernel


def exact(image, kernel, mode="mirror"):
    """Return the sums in 64-bit integers."""
    pads = [(k // 2, k - 1 - k // 2) for k in kernel.shape]
    name = {"mirror": "reflect", "zero": "constant"}.get(mode, mode)
    padded = np.pad(image.astype(np.int64), pads, mode=name)
    total = np.zeros(image.shape, np.int64)
    for index in itertools.product(*map(range, kernel.shape)):
        part = tuple(slice(i, i + n) for i, n in zip(index, image.shape, strict=True))
        total += int(kernel[index]) * padded[part]
    return total


def check(image, kernel, **options):
    """Compare with exact sums while the type of the result holds what is added up."""
    result = imfilter.correlate(image, kernel, **options)
    bound = int(np.abs(kernel).sum()) * max(abs(int(image.max())), abs(int(image.min())))
    assert bound <= HELD[str(result.dtype)], "a case that says nothing"
    np.testing.assert_array_equal(result, exact(image, np.asarray(kernel), options.get("mode", "mirror")))


@pytest.mark.parametrize("dtype", DTYPES)
def test_outer_products_given_whole(dtype):
    """Of any rounding: a factor that is off by one unit in the last place makes n - 1 of n when truncated."""
    binomial = np.array([1, 14, 91, 364, 1001, 2002, 3003, 3432, 3003, 2002, 1001, 364, 91, 14, 1])
    image = np.random.default_rng(0).integers(0, 10, (60, 60)).astype(dtype)
    for column, row in (
        ([1, 2, 3, 2, 1], [1, 4, 6, 4, 1]),
        (range(1, 16), range(3, 18)),
        ([-3, 7] * 7, binomial),
    ):
        kernel = np.outer(column, row)
        check(image, kernel)
    assert imfilter.plan(image.shape, dtype, kernel).algorithm == "separable"


@loop_over("rank", [1, 2, 3])
@loop_over("shape", [(5, 5), (7, 4), (15, 15), (9, 31), (3, 4, 5), (5, 5, 5)])
def test_random_kernels_of_low_rank(shape, rank):
    rng = np.random.default_rng([rank, *shape])
    modes = itertools.cycle(["mirror", "symmetric", "edge", "wrap", "zero"])
    for dtype, most, signed in itertools.product(DTYPES, (2, 9), (False, True)):
        kernel = low_rank(rng, shape, rank, most, -most if signed else 0)
        held = HELD["float64" if dtype == "int32" else "float32"]
        high = min(held // (int(np.abs(kernel).sum()) + 1), np.iinfo(dtype).max)
        low = 0 if dtype[0] == "u" else -high
        image = rng.integers(low, high, (19, 33, 20)[: len(shape)], endpoint=True).astype(dtype)
        check(image, kernel, mode=next(modes))


@pytest.mark.parametrize("power", [-9, -1, 0, 3, 40])
def test_multiples_of_a_power_of_two(power):
    """Weights that are no whole numbers, but as good as: the sums are what they are of whole numbers."""
    rng = np.random.default_rng(power + 9)
    image = rng.integers(0, 256, (40, 50), np.uint8)
    for rank in (1, 2):
        kernel = low_rank(rng, (7, 9), rank, 6, 0)
        scaled = imfilter.correlate(image, kernel * 2.0**power)
        np.testing.assert_array_equal(scaled * 2.0**-power, exact(image, kernel))


@pytest.mark.parametrize("largest", [2**20, 2**40, 2**52])
def test_large_whole_weights(largest):
    """A sample under a small weight gives that weight, whatever the others are."""
    rng = np.random.default_rng(3)
    column = rng.integers(1, 9, 7)
    column[3] = largest // 8
    for kernel in (
        np.outer(column, rng.integers(1, 9, 8)),
        np.outer(column, rng.integers(1, 9, 8)) + np.eye(7, 8),
    ):
        image = np.zeros((30, 30), np.int32)
        image[15, 15] = 1
        found = imfilter.correlate(image, kernel)[15 - 3 : 15 + 4, 15 - 3 : 15 + 5]
        np.testing.assert_array_equal(found, kernel[::-1, ::-1])


def affordable(terms, taps):
    return True


@pytest.mark.parametrize("size", [4, 8])
def test_factors_of_whole_kernels_are_whole_and_exact(size):
    """Or there are none."""
    rng = np.random.default_rng(4)
    split = 0
    for number in range(300):
        shape = [(5, 6), (3, 4, 5), (1, 8), (8, 1), (2, 3, 1)][number % 5]
        kernel = low_rank(rng, shape, 1 + number % 3, (3, 50, 2**16)[number % 3], 0 if number % 2 else None)
        terms = factors.factor(kernel.astype(float), size, affordable)
        if terms is None:
            assert number % 3 or not kernel.any(), "a kernel of rank 1 is always split"
            continue
        split += 1
        assert all((taps == np.rint(taps)).all() for term in terms for taps in term)
        products = [outer(term) for term in terms]
        np.testing.assert_array_equal(sum(products), kernel)
        # Nothing cancels, so that what is added up is held where the sum of all is.
        np.testing.assert_array_equal(sum(map(np.abs, products)), np.abs(kernel))
    assert split >= 150


def test_whole_kernels_of_positive_terms_are_split():
    """Terms that only add: a plate with a peak, two plates beside each other, a frame of a volume."""
    plate = np.ones((9, 11))
    peak = plate.copy()
    peak[4, 5] = 40
    beside = np.zeros((9, 11))
    beside[:4, :5], beside[5:, 7:] = 3, 5
    volume = np.zeros((4, 5, 6))
    volume[1:3] = np.multiply.outer([2, 4], np.outer([1, 2, 1, 0, 0], [3, 0, 3, 3, 0, 0]))
    volume[0] = np.outer([0, 0, 0, 1, 1], [0, 0, 0, 0, 7, 7])
    for kernel, count in ((plate, 1), (peak, 2), (beside, 2), (volume, 2)):
        terms = factors.factor(kernel, 8, affordable)
        assert terms is not None
        assert len(terms) == count
        np.testing.assert_array_equal(sum(map(outer, terms)), kernel)


def test_kernels_that_are_not_whole_are_split_by_rounding():
    rng = np.random.default_rng(5)
    for _ in range(20):
        kernel = np.outer(rng.normal(size=9), rng.normal(size=7))
        (term,) = factors.factor(kernel, 8, affordable)
        np.testing.assert_allclose(outer(term), kernel, rtol=1e-13)
        (term,) = factors.factor(kernel.astype(np.float32).astype(float), 4, affordable)
        np.testing.assert_allclose(outer(term), kernel, rtol=1e-5)
        assert factors.factor(kernel.astype(np.float32).astype(float), 8, affordable) is None


@pytest.mark.parametrize("size", [4, 8])
def test_a_search_for_terms_ends_early_only_if_it_would_fail(size, monkeypatch):
    """Kernels of all ranks, whole and not, with rests around the tolerance, searched with and without."""
    rng = np.random.default_rng(6)
    kernels, ended = [], 0
    for number in range(400):
        shape = [(5, 6), (3, 4, 5), (9, 9), (15, 11), (4, 3)][number % 5]
        kernel = low_rank(rng, shape, 1 + number % 4, 9, None).astype(float)
        rest = rng.normal(size=shape) * 10.0 ** rng.uniform(-17, 0) * (number % 3 > 0)
        kernels.append(kernel * (1, 0.1, 1e30)[number % 3] + rest * np.abs(kernel).max())

    def search(kernel):
        return factors.factor(kernel, size, lambda terms, taps: terms <= 2 + kernel.size % 4)

    early = [search(kernel) for kernel in kernels]
    monkeypatch.setattr(factors, "least_rank", lambda _: 1)
    for kernel, found in zip(kernels, early, strict=True):
        terms = search(kernel)
        ended += terms is None
        assert (found is None) == (terms is None)
    assert 100 < ended < 350


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("mode", "power"), [("mirror", 0), ("wrap", -7), ("zero", 2)])
def test_transforms_are_rounded(dtype, mode, power, by_transform):
    """Up to the last whole number that float32 holds, of samples and weights of both signs or of one."""
    rng = np.random.default_rng(6)
    for shape, size in (((150, 170), (64, 70)), ((5000,), (900,)), ((40, 41, 42), (12, 13, 14))):
        for low in (-9, 0):
            kernel = rng.integers(low, 10, size)
            high = min(HELD["float32"] // int(np.abs(kernel).sum()), np.iinfo(dtype).max)
            least = 0 if dtype[0] == "u" else -high
            image = rng.integers(least, high, shape, endpoint=True).astype(dtype)
            scaled = kernel * 2.0**power
            found = imfilter.correlate(image, scaled, mode=mode) * 2.0**-power
            padded = np.pad(
                image.astype(float),
                [(k // 2, k - 1 - k // 2) for k in size],
                mode={"mirror": "reflect", "zero": "constant"}.get(mode, mode),
            )
            expected = signal.correlate(padded, kernel.astype(float), "valid", "fft")
            assert np.abs(expected - np.rint(expected)).max() < 0.1, "a reference that says nothing"
            np.testing.assert_array_equal(found, np.rint(expected))


def test_transforms_of_wide_integers():
    """As far as float64 tells whole numbers apart, which the samples decide and not their type."""
    rng = np.random.default_rng(7)
    kernel = rng.integers(-5, 6, (40, 41))
    for high in (100, 10**6):
        image = rng.integers(-high, high, (120, 130))
        assert imfilter.plan(image.shape, image.dtype, kernel).algorithm == "fft"
        check(image, kernel)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int32"])
@pytest.mark.parametrize("shape", [(31, 31), (20, 40), (45, 6)])
def test_short_sums(dtype, shape):
    """Winograd's sums multiply differences, which must be held too; where they are not, sums are direct."""
    rng = np.random.default_rng(8)
    algorithms = set()
    for most, high in itertools.product((1, 3, 50), (3, 60, 255)):
        kernel = rng.integers(1, most, shape, endpoint=True) * rng.choice([-1, 1], shape)
        image = rng.integers(0, high, (90, 130), endpoint=True).astype(dtype)
        if int(np.abs(kernel).sum()) * high <= HELD["float64" if dtype == "int32" else "float32"]:
            algorithms.add(imfilter.plan(image.shape, dtype, kernel).algorithm)
            check(image, kernel)
    assert "winograd" in algorithms or dtype == "uint16"


@pytest.mark.parametrize("dtype", ["uint8", "int16"])
def test_smooth_kernels_of_whole_numbers_are_no_cosines(dtype):
    rng = np.random.default_rng(9)
    tent = np.array([*range(1, 21), *range(19, 0, -1)])
    bell = np.rint(1000 * np.exp(-(np.linspace(-3, 3, 41) ** 2) / 2)).astype(int)
    image = rng.integers(0, 4, (200, 210)).astype(dtype)
    for column, row in ((tent, tent), (tent, tent[::-1] // 3 + 1), (bell // 30, bell // 30)):
        assert imfilter.plan(image.shape, dtype, [column, row]).algorithm == "separable"
        check(image, np.outer(column, row))
        found = imfilter.correlate(image, [column, row])
        np.testing.assert_array_equal(found, imfilter.correlate(image, np.outer(column, row)))
