"""Separable and low-rank kernels, long kernels, sparse kernels: whichever algorithm runs, the same sums."""

import numpy as np
import pytest

import imfilter
from tests.looping import loop_over
from tests.reference import naive

BOUND = {"float64": 1e-12, "float32": 2e-6}


def check(image, kernel, **options):
    expected = naive.correlate(image, kernel, **options)
    result = imfilter.correlate(image, kernel, **options)
    assert result.shape == expected.shape
    unit = naive.scale(image, kernel, options.get("cval", 0.0))
    error = np.abs(result - expected).max()
    assert error <= BOUND[str(result.dtype)] * unit, f"{error / unit:.3g}, {options}"


@loop_over("dtype", BOUND)
@loop_over("mode", naive.MODES)
@loop_over("sizes", [(3,), (5, 7), (4, 2), (1, 9), (9, 1), (31, 15), (3, 4, 5), (1, 1, 7)])
def test_sequences_equal_the_outer_product(sizes, mode, dtype):
    rng = np.random.default_rng(0)
    parts = [rng.normal(size=k) for k in sizes]
    image = rng.normal(size=[(120,), (41, 77), (9, 16, 25)][len(sizes) - 1]).astype(dtype)
    check(image, parts, mode=mode, cval=2.0)
    dense = naive.dense(parts, image.ndim)
    separable, whole = (imfilter.correlate(image, k, mode=mode, cval=2.0) for k in (parts, dense))
    unit = naive.scale(image, dense, 2.0)
    assert np.abs(separable - whole).max() <= 2 * BOUND[dtype] * unit
    np.testing.assert_array_equal(imfilter.correlate(image, tuple(parts), mode=mode, cval=2.0), separable)


@loop_over("dtype", BOUND)
@loop_over("rank", [1, 2, 3])
@loop_over("size", [(3, 3), (5, 5), (9, 15), (15, 15), (31, 31), (8, 21)])
def test_low_rank_kernels_given_whole(size, rank, dtype):
    rng = np.random.default_rng(rank)
    kernel = sum(np.outer(rng.normal(size=size[0]), rng.normal(size=size[1])) for _ in range(rank))
    image = rng.normal(size=(70, 133)).astype(dtype)
    for mode in naive.MODES:
        check(image, kernel, mode=mode, cval=-1.5)
    check(image, kernel, stride=(2, 3))
    check(image, kernel, dilation=(2, 1))
    check(image, kernel, padding=[(3, 9), (30, 0)], mode="edge")


@pytest.mark.parametrize("noise", [1e-3, 1e-6, 1e-9, 1e-12, 1e-15])
def test_nearly_rank_one(noise):
    """A kernel a little off rank 1 keeps its little: recognised only where the bound allows it."""
    rng = np.random.default_rng(4)
    kernel = np.outer(rng.normal(size=15), rng.normal(size=15)) + noise * rng.normal(size=(15, 15))
    image = rng.normal(size=(60, 90))
    check(image, kernel)
    check(image.astype(np.float32), kernel)


@pytest.mark.parametrize("dtype", BOUND)
def test_rank_one_volumes(dtype):
    rng = np.random.default_rng(5)
    a, b, c = (rng.normal(size=k) for k in (5, 7, 4))
    image = rng.normal(size=(14, 22, 35)).astype(dtype)
    rank1 = a[:, None, None] * b[:, None] * c
    check(image, rank1)
    check(image, rank1 + 0.1 * rng.normal(size=rank1.shape))
    check(image, np.broadcast_to(rank1[:1], rank1.shape).copy())


@pytest.mark.parametrize("dtype", BOUND)
@pytest.mark.parametrize(
    "size", [(31, 31), (5, 61), (63, 63), (64, 40), (1, 400), (301, 1), (101, 101)], ids=str
)
def test_huge_dense_kernels(size, dtype):
    rng = np.random.default_rng(6)
    image = rng.normal(size=(80, 115)).astype(dtype)
    kernel = rng.normal(size=size)
    for mode in ("mirror", "wrap", "constant"):
        check(image, kernel, mode=mode, cval=0.5)


@pytest.mark.parametrize("dtype", BOUND)
def test_huge_kernels_and_other_options(dtype):
    rng = np.random.default_rng(7)
    image, kernel = rng.normal(size=(90, 115)).astype(dtype), rng.normal(size=(61, 61))
    check(image, kernel, padding="valid")
    check(image, kernel, stride=(3, 2), padding=(5, 7))
    check(image, kernel[:31, :31], dilation=2)
    check(rng.normal(size=5000).astype(dtype), rng.normal(size=501))
    check(rng.normal(size=5000).astype(dtype), rng.normal(size=2002), mode="symmetric")
    check(rng.normal(size=(20, 24, 28)).astype(dtype), rng.normal(size=(9, 10, 11)))


@pytest.mark.parametrize("dtype", BOUND)
def test_an_impulse_of_a_million_beside_zeros(dtype):
    """An outlier must not raise the error above its bound anywhere in the image."""
    image = np.zeros((100, 160), dtype)
    image[50, 80] = 1e6
    rng = np.random.default_rng(8)
    for size in (15, 31, 61):
        kernel = rng.normal(size=(size, size))
        check(image, kernel)
        check(image, [kernel[0].copy(), kernel[1].copy()])


@pytest.mark.parametrize("dtype", ["float32", "float64", "uint8"])
def test_sparse_kernels(dtype):
    rng = np.random.default_rng(9)
    image = (rng.random((70, 101)) * 255).astype(dtype)
    for taps in (1, 2, 12, 60):
        kernel = np.zeros((31, 27))
        kernel.flat[rng.choice(kernel.size, taps, replace=False)] = rng.normal(size=taps)
        for mode in naive.MODES:
            check(image, kernel, mode=mode, cval=3.0)
    lonely = np.zeros((1, 9))
    lonely[0, 7] = 1.0  # a shift
    np.testing.assert_array_equal(imfilter.correlate(image, lonely, mode="zero")[:, :-3], image[:, 3:])


@pytest.mark.parametrize("symmetry", [1, -1])
@pytest.mark.parametrize("k", [2, 3, 4, 5, 9, 16, 33, 65])
def test_symmetric_and_antisymmetric_lines(k, symmetry):
    """Lines that are their own mirror image, which may be folded in half."""
    rng = np.random.default_rng(10)
    line = rng.normal(size=k)
    line = line + symmetry * line[::-1]
    for dtype in BOUND:
        check(rng.normal(size=311).astype(dtype), line)
        check(rng.normal(size=(40, 75)).astype(dtype), [line, rng.normal(size=3)])
        check(rng.normal(size=(40, 75)).astype(dtype), [rng.normal(size=3), line])


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int16"])
def test_integer_images_through_long_separable_kernels(dtype):
    rng = np.random.default_rng(11)
    limits = np.iinfo(dtype)
    image = rng.integers(limits.min, limits.max, (60, 150), dtype=dtype, endpoint=True)
    for k in (5, 15, 41):
        parts = [rng.random(k), rng.random(k)]
        parts = [part / part.sum() for part in parts]
        check(image, parts)
        result = imfilter.correlate(image, parts, dtype=dtype)
        error = (2e-6 if dtype == "uint8" else 1e-12) * naive.scale(image, parts)
        assert naive.is_rounding_of(result, naive.correlate(image, parts), error)


def test_empty_rows_and_columns_of_zeros():
    """Zeros around a kernel change nothing but where it is read from."""
    rng = np.random.default_rng(12)
    image, core = rng.normal(size=(30, 41)), rng.normal(size=(3, 3))
    framed = np.zeros((9, 11))
    framed[3:6, 4:7] = core
    expected = imfilter.correlate(image, core)
    np.testing.assert_allclose(imfilter.correlate(image, framed), expected, rtol=0, atol=1e-13)
    np.testing.assert_array_equal(imfilter.correlate(image, np.zeros((5, 4))), np.zeros(image.shape))
