"""Every dtype in and out: which type results, how it is rounded, where it saturates."""

import numpy as np
import pytest

import imfilter
from tests.looping import loop_over
from tests.reference import naive

REAL = ["?", "i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f2", "f4", "f8", "g"]
NARROW = ["?", "i1", "u1", "i2", "u2", "f2", "f4"]
AVERAGING = {
    "gaussian": lambda image, **run: imfilter.gaussian(image, 1.2, **run),
    "box": lambda image, **run: imfilter.box(image, 3, **run),
    "sharpen": lambda image, **run: imfilter.sharpen(image, 0.3, **run),
    "unsharp_mask": lambda image, **run: imfilter.unsharp_mask(image, 1.0, 0.4, **run),
}
DERIVED = {
    "correlate": lambda image, **run: imfilter.correlate(image, np.arange(9.0).reshape(3, 3) - 3, **run),
    "convolve": lambda image, **run: imfilter.convolve(image, np.arange(9.0).reshape(3, 3) - 3, **run),
    "separable": lambda image, **run: imfilter.correlate(
        image, [np.array([1.0, 2, 1]), np.array([1.0, 3])], **run
    ),
    "gaussian order 1": lambda image, **run: imfilter.gaussian(image, 1.0, order=(1, 0), **run),
    "sobel": lambda image, **run: imfilter.sobel(image, **run),
    "sobel axis": lambda image, **run: imfilter.sobel(image, axis=0, **run),
    "scharr": lambda image, **run: imfilter.scharr(image, **run),
    "prewitt": lambda image, **run: imfilter.prewitt(image, axis=1, **run),
    "laplacian": lambda image, **run: imfilter.laplacian(image, **run),
    "laplacian_of_gaussian": lambda image, **run: imfilter.laplacian_of_gaussian(image, 1.1, **run),
    "difference_of_gaussians": lambda image, **run: imfilter.difference_of_gaussians(image, 1.0, **run),
    "gaussian_gradient_magnitude": lambda image, **run: imfilter.gaussian_gradient_magnitude(
        image, 1.0, **run
    ),
}
EVERY = AVERAGING | DERIVED
# sum|w| of the calls above, for bounds relative to sum|w|*max|x|.
GAIN = dict.fromkeys(AVERAGING, 1.0) | dict.fromkeys(DERIVED, 40.0) | {"sharpen": 4.0, "unsharp_mask": 2.0}


# What integers of 1, 2, 4 and 8 bytes are rounded from: only 8 bits have room for a float32 error.
ROUNDED = {1: "f4", 2: "f8", 4: "f8", 8: "f8"}


def picture(dtype, shape=(19, 70), seed=0):
    """Values over the whole range of a small type, and over a few thousand of a wide one."""
    rng = np.random.default_rng(seed)
    dtype = np.dtype(dtype)
    if dtype.kind == "b":
        return rng.random(shape) < 0.5
    if dtype.kind == "f":
        return (rng.random(shape) * 100 - 30).astype(dtype)
    limits = np.iinfo(dtype)
    low, high = (
        (limits.min, limits.max) if dtype.itemsize <= 2 else (-5000 if dtype.kind == "i" else 0, 50000)
    )
    return rng.integers(low, high, shape, endpoint=True).astype(dtype)


def bound(name, image, result_dtype):
    """The float tolerance of a call; half precision results carry their own rounding."""
    relative = {2: 1e-3, 4: 2e-6}.get(np.dtype(result_dtype).itemsize, 1e-12)
    return relative * GAIN[name] * max(1.0, float(np.abs(image.astype(np.float64)).max()))


@loop_over("dtype", REAL)
@pytest.mark.parametrize("name", EVERY)
def test_default_result(name, dtype):
    image = picture(dtype)
    result = EVERY[name](image)
    expected_dtype = image.dtype if name in AVERAGING else naive.derived_dtype(dtype)
    assert result.dtype == expected_dtype
    assert result.dtype.isnative
    assert result.flags.c_contiguous
    exact = EVERY[name](image.astype(np.float64))
    assert exact.dtype == np.float64
    if result.dtype.kind in "iub":
        assert naive.is_rounding_of(result, exact, bound(name, image, ROUNDED[result.dtype.itemsize]))
    else:
        assert np.abs(result.astype(np.float64) - exact).max() <= bound(name, image, result.dtype)


@loop_over("dtype", [d for d in REAL if np.dtype(d).itemsize > 1])
@pytest.mark.parametrize("name", ["correlate", "gaussian", "box", "sobel", "unsharp_mask"])
def test_big_endian(name, dtype):
    image = picture(dtype)
    result = EVERY[name](image.astype(np.dtype(dtype).newbyteorder(">")))
    expected = EVERY[name](image)
    assert result.dtype == expected.dtype
    assert result.dtype.isnative
    np.testing.assert_array_equal(result, expected)


PAIRS = [(source, result) for source in ("u1", "f8", "?") for result in REAL]
# Each pair is a kernel of its own to compile: the other sources take turns with a few results.
PAIRS += [(source, result) for source in ("i2", "f4", "u8", "f2") for result in ("u1", "i8", "f2", "f8")]


@loop_over(("dtype", "result_dtype"), PAIRS)
@pytest.mark.parametrize("name", ["correlate", "gaussian", "sobel", "unsharp_mask"])
def test_dtype_and_out_ask_for_another(name, dtype, result_dtype):
    """`dtype=` and an `out` of that dtype are the same request, rounded and saturated alike."""
    image = picture(dtype, (9, 37))
    result = EVERY[name](image, dtype=result_dtype)
    assert result.dtype == np.dtype(result_dtype)
    out = np.empty(image.shape, result_dtype)
    assert EVERY[name](image, out=out) is out
    np.testing.assert_array_equal(out, result)
    swapped = np.empty(image.shape, np.dtype(result_dtype).newbyteorder(">"))
    assert EVERY[name](image, out=swapped, dtype=swapped.dtype) is swapped
    np.testing.assert_array_equal(swapped, result)
    exact = EVERY[name](image.astype(np.float64))
    if result.dtype.kind in "iub":
        assert naive.is_rounding_of(result, exact, bound(name, image, ROUNDED[result.dtype.itemsize]))
    else:
        narrow = min(np.dtype(result_dtype).itemsize, 4 if dtype in NARROW else 8)
        with np.errstate(over="ignore"):
            expected = exact.astype(result_dtype)
        finite = np.isfinite(expected)
        np.testing.assert_array_equal(np.isfinite(result), finite)
        assert np.abs(result[finite].astype(float) - exact[finite]).max(initial=0) <= bound(
            name, image, f"f{narrow}"
        )


def test_arithmetic_is_not_narrower_than_the_result():
    """float64 asked of a float32 or integer image is a float64 sum, not a widened float32 one."""
    rng = np.random.default_rng(1)
    kernel = rng.normal(size=(5, 5))
    for image in (rng.normal(size=(20, 50)).astype(np.float32), picture("u2")):
        result = imfilter.correlate(image, kernel, dtype="float64")
        expected = naive.correlate(image, kernel)
        assert np.abs(result - expected).max() <= 1e-12 * naive.scale(image, kernel)


@pytest.mark.parametrize("dtype", ["i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8"])
def test_integers_saturate(dtype):
    limits = np.iinfo(dtype)
    image = np.array([[limits.min, limits.max, 0, 1, limits.max, limits.max]], dtype=dtype)
    up = imfilter.correlate(image, [[3.0]], dtype=dtype)
    assert up.tolist() == [[limits.min, limits.max, 0, 3, limits.max, limits.max]]
    down = imfilter.correlate(image, [[-3.0]], dtype=dtype)
    low = limits.min
    assert down.tolist() == [[limits.max if low else 0, low, 0, -3 if low else 0, low, low]]
    assert imfilter.correlate(image, [[1.0]], bias=1e30, dtype=dtype).tolist() == [[limits.max] * 6]
    assert imfilter.correlate(image, [[1.0]], bias=-1e30, dtype=dtype).tolist() == [[limits.min] * 6]


@pytest.mark.parametrize("dtype", ["u1", "i2", "u2", "i8", "u8", "i4", "u4", "i1"])
def test_extremes_are_preserved_by_averaging(dtype):
    """The mean of the largest number is the largest number: int64's rounds to 2**63, which would wrap."""
    limits = np.iinfo(dtype)
    for value in (limits.min, limits.max):
        image = np.full((9, 33), value, dtype=dtype)
        for result in (imfilter.box(image, 3), imfilter.gaussian(image, 2.0), imfilter.sharpen(image)):
            # The arithmetic of 64-bit integers is float64, with 53 bits.
            allowed = abs(int(value)) // 10**12 if image.itemsize == 8 else 0
            assert max(abs(int(found) - int(value)) for found in result.flat) <= allowed


@pytest.mark.parametrize("dtype", ["i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8"])
def test_non_finite_becomes_an_integer(dtype):
    limits = np.iinfo(dtype)
    image = np.array([np.nan, np.inf, -np.inf, 1e300, -1e300])
    found = imfilter.correlate(image, [1.0], dtype=dtype)
    assert found.tolist() == [0, limits.max, limits.min, limits.max, limits.min]
    narrow = imfilter.correlate(image[:3].astype(np.float32), [1.0], dtype=dtype)
    assert narrow.tolist() == [0, limits.max, limits.min]


def test_bool_results():
    image = np.array([0.0, 0.4, 0.5, 0.6, 1.0, 7.0, -3.0, np.nan])
    found = imfilter.correlate(image, [1.0], dtype=bool)
    assert found.dtype == bool
    assert found.tolist() == [False, False, False, True, True, True, False, False]


def test_bool_images():
    image = np.zeros((5, 5), bool)
    image[2, 1:4] = True
    assert imfilter.correlate(image, np.ones((1, 3))).tolist()[2] == [2, 2, 3, 2, 2]
    majority = imfilter.box(image, (1, 3))
    assert majority.dtype == bool
    assert majority[2].tolist() == [True, True, True, True, True]


def test_float16():
    image = (np.random.default_rng(2).random((11, 40)) * 8).astype(np.float16)
    blurred = imfilter.gaussian(image, 1.0)
    assert blurred.dtype == np.float16
    expected = naive.gaussian(image, 1.0)
    assert np.abs(blurred - expected).max() <= 8 * 2.0**-11
    assert imfilter.sobel(image).dtype == np.float32
    constant = np.full((7, 40), 65504, np.float16)  # the largest: sums of it must not overflow on the way
    np.testing.assert_array_equal(imfilter.box(constant, 5), constant)


def test_large_integers_are_exact_below_2_to_the_53():
    image = np.array([2**50 + 1, 2**50 + 3, 2**51 + 7, -(2**52) - 5], dtype=np.int64)
    assert imfilter.correlate(image, [1.0], dtype="int64").tolist() == image.tolist()
    assert imfilter.correlate(image, [1.0, 0.0, 1.0], padding="valid", dtype="int64").tolist() == [
        2**50 + 1 + 2**51 + 7,
        2**50 + 3 - 2**52 - 5,
    ]
    wide = np.array([2**31 - 1, -(2**31), 2**24 + 1], dtype=np.int32)
    assert imfilter.correlate(wide, [1.0]).tolist() == wide.tolist()


def test_values_are_never_rescaled():
    image = np.array([[0, 128, 255]], dtype=np.uint8)
    assert imfilter.correlate(image, [[1.0]]).tolist() == [[0.0, 128.0, 255.0]]
    assert imfilter.gaussian(image.astype(np.float64), 0).tolist() == [[0.0, 128.0, 255.0]]


@pytest.mark.parametrize("given", [[[1, 2], [3, 4]], ((1.0, 2.0), (3.0, 4.0))], ids=["ints", "floats"])
def test_nested_sequences_are_images(given):
    np.testing.assert_array_equal(imfilter.correlate(given, [[2.0]]), 2.0 * np.asarray(given))


@pytest.mark.parametrize(
    "kernel", [np.array([[1, 2, 1]], "i1"), np.array([[1, 2, 1]], ">i4"), [[1, 2, 1]]], ids=str
)
def test_kernels_of_any_real_type(kernel):
    image = picture("f8", (4, 9))
    np.testing.assert_array_equal(
        imfilter.correlate(image, kernel), imfilter.correlate(image, np.array([[1.0, 2, 1]]))
    )
    with_half = np.array([[1, 2, 1]], np.float16)
    np.testing.assert_array_equal(
        imfilter.correlate(image, with_half), imfilter.correlate(image, np.array([[1.0, 2, 1]]))
    )
