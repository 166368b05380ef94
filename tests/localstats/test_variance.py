"""The variance of windows, against exact fractions in plain loops, and NumPy and SciPy."""

import numpy as np
import pytest
import scipy.ndimage as ndi

import imfilter
from imfilter import weights
from tests.looping import loop_over
from tests.reference import naive, windows

MODES = (*naive.MODES, "shrink")
DTYPES = ("?", "u1", "i1", "u2", "i2", "u4", "i4", "i8", "u8", "f2", "f4", ">f4", "f8", "g")
#: Largest relative error of a result in float64.
CLOSE = 1e-13


def picture(dtype, shape, seed=0):
    rng, dtype = np.random.default_rng(seed), np.dtype(dtype)
    if dtype.kind == "f":
        return rng.normal(3, 2, shape).astype(dtype)
    if dtype.kind == "b":
        return rng.random(shape) < 0.5
    info = np.iinfo(dtype)
    return rng.integers(info.min, info.max, shape, dtype, endpoint=True)


def box(*sizes):
    return np.ones(sizes)


def close(result, expected, tolerance=CLOSE):
    np.testing.assert_allclose(result, expected, rtol=tolerance, atol=0)


@pytest.mark.parametrize("dtype", DTYPES)
def test_every_dtype(dtype):
    image = picture(dtype, (7, 9))
    expected = windows.variance(image, box(3, 4))
    assert imfilter.local_variance(image, 3).dtype == np.result_type(
        np.float32, imfilter.laplacian(image).dtype
    )
    close(imfilter.local_variance(image, (3, 4), dtype=float), expected)
    close(imfilter.local_std(image, (3, 4), dtype=float), np.sqrt(expected))
    default = imfilter.local_variance(image, (3, 4))
    close(default, expected, 2e-7 if default.dtype == np.float32 else CLOSE)


@pytest.mark.slow
@loop_over("mode", MODES)
@loop_over("dtype", ["u1", "i8", "f4", "f8"])
@loop_over("shape", [(11,), (5, 6), (3, 4, 5), (1, 1), (1, 7)])
def test_every_border(mode, dtype, shape):
    image = picture(dtype, shape, 1)
    for sizes in (
        (3,) * len(shape),
        (4, 5, 2)[: len(shape)],
        (1,) * len(shape),
        (13,) + (1,) * (len(shape) - 1),
    ):
        expected = windows.variance(image, box(*sizes), mode, 0.5)
        close(imfilter.local_variance(image, sizes, mode=mode, cval=0.5, dtype=float), expected)


@pytest.mark.parametrize("mode", MODES)
def test_footprints(mode):
    rng = np.random.default_rng(2)
    for shape, sizes in (((9,), (4,)), ((6, 7), (3, 4)), ((4, 5, 4), (2, 3, 3))):
        footprint = rng.random(sizes) < 0.6
        footprint.flat[0] = True
        for dtype in ("u1", "f8"):
            image = picture(dtype, shape, 3)
            counts = rng.random(shape) < 0.7
            for mask in (None, counts):
                expected = windows.variance(image, footprint, mode, 1.5, mask)
                found = imfilter.local_variance(
                    image, footprint=footprint, mode=mode, cval=1.5, mask=mask, dtype=float
                )
                close(found, expected)


@pytest.mark.slow
@pytest.mark.parametrize("mode", MODES)
def test_gaussian_windows(mode):
    for shape, sigma in (((9,), 0.7), ((6, 7), (0.5, 0.9)), ((3, 4, 5), (0.3, 0.6, 0))):
        image = picture("f8", shape, 4)
        taps = [weights.gaussian(s) for s in np.broadcast_to(sigma, len(shape))]
        kernel = taps[0]
        for line in taps[1:]:
            kernel = np.multiply.outer(kernel, line)
        expected = windows.variance(image, kernel, mode, 2.0)
        given = {"window": "gaussian", "sigma": sigma, "mode": mode, "cval": 2.0}
        close(imfilter.local_variance(image, **given), expected, 1e-12)
    close(
        imfilter.local_std(image, window="gaussian"), imfilter.local_std(image, window="gaussian", sigma=1), 0
    )


@pytest.mark.slow
@loop_over("mode", MODES)
@loop_over("dtype", ["u1", "i8", "f4", "f8", "g"])
def test_masks(mode, dtype):
    rng = np.random.default_rng(5)
    for shape, sizes in (((12,), (5,)), ((7, 8), (3, 4)), ((4, 3, 5), (3, 2, 3))):
        image = picture(dtype, shape, 6)
        for counts in (rng.random(shape) < 0.5, rng.random(shape) < 0.1, rng.integers(0, 3, shape) * 0.75):
            for least in (0, 0.4):
                if least and counts.dtype != bool:
                    continue
                expected = windows.variance(image, box(*sizes), mode, 0.5, counts, least)
                found = imfilter.local_variance(
                    image, sizes, mode=mode, cval=0.5, mask=counts, min_coverage=least, dtype=float
                )
                close(found, expected)


def test_gaussian_windows_with_confidences():
    rng = np.random.default_rng(7)
    image, counts = rng.normal(5, 1, (6, 7)), rng.random((6, 7)) * (rng.random((6, 7)) < 0.6)
    taps = weights.gaussian(0.8)
    for mode in ("mirror", "shrink"):
        expected = windows.variance(image, np.outer(taps, taps), mode, 0, counts)
        found = imfilter.local_variance(image, window="gaussian", sigma=0.8, mode=mode, mask=counts)
        close(found, expected, 1e-12)


def test_absent_samples_have_no_influence():
    rng = np.random.default_rng(8)
    image, there = rng.normal(size=(9, 10)), rng.random((9, 10)) < 0.6
    expected = imfilter.local_variance(np.where(there, image, 0), (4, 3), mask=there)
    for value in (np.nan, np.inf, -np.inf, 1e300, -1e300, 5e-324):
        found = imfilter.local_variance(np.where(there, image, value), (4, 3), mask=there)
        np.testing.assert_array_equal(found, expected)
    found = imfilter.local_variance(np.where(there, image, np.nan), (4, 3), nan="ignore")
    np.testing.assert_array_equal(found, expected)
    masked = imfilter.local_variance(np.ma.array(image, mask=~there), (4, 3))
    np.testing.assert_array_equal(masked.data, expected)
    np.testing.assert_array_equal(masked.mask, np.isnan(expected))
    none = np.zeros((9, 10), bool)
    assert np.isnan(imfilter.local_std(image, mask=none)).all()
    assert (imfilter.local_std(image, mask=none, dtype="u1") == 0).all()
    np.testing.assert_array_equal(
        imfilter.local_variance(image, 3, mask=~none), imfilter.local_variance(image, 3)
    )


def test_samples_that_are_not_finite():
    image = picture("f8", (12, 13), 9)
    for dtype in ("f4", "f8"):
        for value in (np.nan, np.inf, -np.inf):
            changed = image.astype(dtype)
            changed[5, 6] = value
            found = imfilter.local_variance(changed, (3, 5), dtype=float)
            close(found, windows.variance(changed, box(3, 5)))
            assert np.isnan(found[4:7, 4:9]).all()
            assert np.isnan(found).sum() == 15
    assert np.isnan(imfilter.local_std([1.0, 2, 3], 3, mode="constant", cval=np.inf)).tolist() == [1, 0, 1]


@pytest.mark.parametrize("size", [3, 8, 15])
@pytest.mark.parametrize("kind", ["box", "gaussian", "footprint"])
def test_a_large_offset_cancels_nothing(size, kind):
    """Samples of 1e7 +- 1, and of 1e12 +- 1 at fewer digits."""
    rng = np.random.default_rng(10)
    small = rng.normal(size=(30, 33))
    given = {"size": size}
    if kind == "gaussian":
        given = {"window": "gaussian", "sigma": size / 8}
    if kind == "footprint":
        given = {"footprint": rng.random((size, size)) < 0.8}
    for offset, digits in ((1e7, 1e-9), (1e12, 1e-9), (-1e15, 1e-9)):
        image = small + offset
        exact = image - offset  # what float64 holds of it, without rounding
        expected = imfilter.local_variance(exact, **given)
        close(imfilter.local_variance(image, **given), expected, digits)
    image = (small * 4 + 1e6).astype(np.float32)
    expected = imfilter.local_variance(image.astype(np.float64) - 1e6, **given)
    close(imfilter.local_variance(image, **given), expected, 2e-7)


@loop_over("size", [3, 6, 15, 40])
@loop_over("dtype", ["u1", "u2", "i8", "f4", "f8"])
@loop_over("value", [0, 1, 77, 100.1])
def test_constant_windows_give_zero(size, dtype, value):
    image = np.full((50, 70), value, dtype)
    image[:, 60:] = 50
    image[:4] += picture("u1", (4, 70)).astype(dtype)
    for more in ({"size": size}, {"window": "gaussian", "sigma": size / 8}):
        found = imfilter.local_variance(image, **more)
        reach = size // 2 + 1
        assert (found[4 + reach :, : 60 - reach] == 0).all()
        assert (found >= 0).all()


@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize("size", [3, 15])
def test_a_huge_sample_stays_in_its_windows(dtype, size):
    rng = np.random.default_rng(11)
    image = rng.normal(size=(120, 150)).astype(dtype)
    expected = imfilter.local_std(image, size)
    for place in ((60, 75), (0, 0), (119, 20)):
        changed = image.copy()
        changed[place] = 1e20
        found = imfilter.local_std(changed, size)
        rows, columns = np.ogrid[:120, :150]
        near = (abs(rows - place[0]) <= size // 2) & (abs(columns - place[1]) <= size // 2)
        np.testing.assert_array_equal(np.isfinite(found), True)
        np.testing.assert_array_equal(found[~near], expected[~near])


@pytest.mark.parametrize("dtype", ["u1", "f4", "f8"])
@pytest.mark.parametrize("size", [3, 4, 15, 33])
def test_equal_to_numpy(dtype, size):
    image = picture(dtype, (60, 75), 12)
    around = [((size) // 2, (size - 1) // 2)] * 2
    padded = np.pad(image.astype(float), around, "reflect")
    seen = np.lib.stride_tricks.sliding_window_view(padded, (size, size))
    close(imfilter.local_std(image, size, dtype=float), seen.std((2, 3)), 1e-11)


def test_equal_to_scipy():
    image = picture("f8", (15, 18), 13)
    close(imfilter.local_std(image, 5), ndi.generic_filter(image, np.std, 5, mode="mirror"), 1e-12)
    footprint = np.array([[0, 1, 0], [1, 0, 1]])
    expected = ndi.generic_filter(image, np.var, footprint=footprint, mode="nearest")
    close(imfilter.local_variance(image, footprint=footprint, mode="edge"), expected, 1e-12)


def test_axes_and_channels():
    image = picture("f4", (5, 6, 7, 3), 14)
    found = imfilter.local_variance(image[0], (3, 2), channel_axis=-1)
    for channel in range(3):
        np.testing.assert_array_equal(
            found[..., channel], imfilter.local_variance(image[0, ..., channel], (3, 2))
        )
    for axes in ((0,), (1,), (3,), (0, 2), (2, 0), (1, 3), (0, 1, 2), (3, 1, 2)):
        sizes = (2, 3, 4)[: len(axes)]
        turned = np.moveaxis(image, axes, range(len(axes)))
        flat = turned.reshape(*turned.shape[: len(axes)], -1)
        each = [imfilter.local_variance(flat[..., i], sizes) for i in range(flat.shape[-1])]
        expected = np.moveaxis(np.stack(each, -1).reshape(turned.shape), range(len(axes)), axes)
        np.testing.assert_array_equal(imfilter.local_variance(image, sizes, axes=axes), expected)


@pytest.mark.parametrize("dtype", ["u1", "f4", "f8"])
@pytest.mark.parametrize("size", [5, 15])
def test_the_same_bits_for_any_workers_and_layout(dtype, size):
    image = picture(dtype, (700, 611), 15)
    expected = imfilter.local_std(image, size, workers=1)
    for workers in (2, 3, 7):
        np.testing.assert_array_equal(imfilter.local_std(image, size, workers=workers), expected)
    spread = np.zeros((1400, 1833), dtype)[::2, ::3]
    for other in (np.asfortranarray(image), image[::-1, ::-1].copy()[::-1, ::-1]):
        spread[...] = other
        np.testing.assert_array_equal(imfilter.local_std(other, size), expected)
        np.testing.assert_array_equal(imfilter.local_std(spread, size), expected)
    out = np.zeros((1400, 1833), expected.dtype)[::2, ::3]
    imfilter.local_std(image, size, out=out)
    np.testing.assert_array_equal(out, expected)
    if image.dtype == expected.dtype:
        imfilter.local_std(image, size, out=image)
        np.testing.assert_array_equal(image, expected)


@loop_over("seed", range(40))
def test_random_calls(seed):
    rng = np.random.default_rng(seed)
    ndim = int(rng.integers(1, 4))
    shape = tuple(rng.integers(1, (25, 9, 6)[ndim - 1], ndim).tolist())
    sizes = tuple(rng.integers(1, (9, 6, 4)[ndim - 1], ndim).tolist())
    image = picture(rng.choice(DTYPES), shape, seed)
    mode, cval = str(rng.choice(MODES)), float(rng.choice([0, 0.5, -3, 1e4]))
    given = {"mode": mode, "cval": cval, "dtype": float}
    counts = None
    if rng.random() < 0.4:
        counts = rng.random(shape) < rng.random()
        given["mask"] = counts
    shaped = rng.random(sizes) < 0.7
    if rng.random() < 0.5 and shaped.any():
        expected = windows.variance(image, shaped, mode, cval, counts)
        close(imfilter.local_variance(image, footprint=shaped, **given), expected)
    else:
        expected = windows.variance(image, box(*sizes), mode, cval, counts)
        close(imfilter.local_variance(image, sizes, **given), expected)


def test_results_in_integers_are_rounded():
    image = picture("u1", (20, 30), 16)
    exact = windows.variance(image, box(3, 3))
    found = imfilter.local_variance(image, 3, dtype="u2")
    np.testing.assert_array_equal(found, np.rint(exact).astype("u2"))
    found = imfilter.local_std(image, 3, dtype="u1")
    np.testing.assert_array_equal(found, np.rint(np.sqrt(exact)).astype("u1"))


@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        ({"size": 0}, ValueError, "size must be at least 1, got 0"),
        ({"size": 2.5}, TypeError, "size must be an integer, got 2.5"),
        ({"size": (3, 3, 3)}, ValueError, "size must be one number or one for each of 2 filtered axes"),
        ({"size": 5000}, ValueError, "size must span at most 16777216 samples, got 25000000"),
        ({"window": "disk"}, ValueError, "window must be one of 'box', 'gaussian', got 'disk'"),
        ({"window": None}, TypeError, "window must be one of 'box', 'gaussian', got None"),
        ({"sigma": 1}, ValueError, "sigma must be left out with window='box', got 1"),
        (
            {"window": "gaussian", "size": 5},
            ValueError,
            "size must be left out with window='gaussian', got 5",
        ),
        ({"window": "gaussian", "sigma": -1}, ValueError, "sigma must be at least 0, got -1"),
        (
            {"window": "gaussian", "footprint": [[1]]},
            ValueError,
            "footprint must be left out with window='gaussian'",
        ),
        ({"footprint": [[1]], "size": 5}, ValueError, "size must be left out if footprint is given, got 5"),
        ({"footprint": [[0]]}, ValueError, "footprint must not be zero everywhere"),
        ({"mode": "reflect"}, ValueError, "mode 'reflect' is ambiguous"),
        ({"mask": np.ones(3)}, ValueError, "mask must have shape"),
        ({"nan": "drop"}, ValueError, "nan must be one of"),
        ({"out": np.empty((2, 2))}, ValueError, "out must have shape"),
        ({"ksize": 3}, TypeError, "here it is called 'size'"),
    ],
)
def test_messages(given, error, words):
    for function in (imfilter.local_variance, imfilter.local_std):
        with pytest.raises(error) as caught:
            function(np.zeros((4, 5)), **given)
        assert words in str(caught.value)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("power", [495, 505, 515, 700, 1000, 1020])
def test_squares_beyond_the_range_of_float64(power):
    """Deviations are in range where their squares are not."""
    rng = np.random.default_rng(6)
    image, present = rng.random((40, 44)) + 0.5, rng.random((40, 44)) < 0.8
    scaled, factor = np.ldexp(image, power), 2.0**power
    image[20:, 20:] = 0  # flat
    scaled[20:, 20:] = 0
    calls = [
        (imfilter.local_std, (5,), {}),
        (imfilter.local_std, ((7, 2),), {"mode": "wrap"}),
        (imfilter.local_std, (), {"window": "gaussian", "sigma": 1.5}),
        (imfilter.local_std, (5,), {"mask": present}),
        (imfilter.local_std, (), {"footprint": np.eye(3)}),
        (imfilter.threshold.niblack, (5,), {}),
        (imfilter.threshold.sauvola, (5,), {"r": 0.5}),
    ]
    for function, args, options in calls:
        expected = function(image, *args, **options)
        if "r" in options:
            options = {"r": options["r"] * factor}
        found = function(scaled, *args, **options)
        np.testing.assert_allclose(np.ldexp(found, -power), expected, rtol=1e-12, atol=1e-14)
    # Ordinary samples beside them do not change.
    both = np.concatenate([image[:, :20], scaled], axis=1)
    for result, place in ((image[:, :20], np.s_[:, :18]), (scaled, np.s_[:, 22:])):
        alone = imfilter.local_std(result, 5)
        found = imfilter.local_std(both, 5)[place]
        np.testing.assert_allclose(found, alone[:, :18] if len(alone[0]) == 20 else alone[:, 2:], rtol=1e-12)


@pytest.mark.parametrize("dtype", ["float64", "float32", "uint8"])
@pytest.mark.parametrize("cval", [1e160, -1e300])
def test_a_border_whose_square_is_infinite(dtype, cval):
    image = np.random.default_rng(7).integers(0, 9, (12, 13)).astype(dtype)
    found = imfilter.local_std(image, 3, mode="constant", cval=cval, dtype="float64")
    inner = np.s_[1:-1, 1:-1]
    expected = imfilter.local_std(image, 3, dtype="float64")[inner]
    np.testing.assert_allclose(found[inner], expected, rtol=1e-13)
    # Beside the border, the samples are as good as 0: 3 of 9 are the constant, or 5 in a corner.
    np.testing.assert_allclose(found[0, 1:-1], abs(cval) * np.sqrt(2) / 3, rtol=1e-13)
    np.testing.assert_allclose(found[0, 0], abs(cval) * np.sqrt(20) / 9, rtol=1e-13)
