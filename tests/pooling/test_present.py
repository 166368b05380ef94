"""Pooling of the samples that are present, against plain loops."""

import itertools
import math

import numpy as np
import pytest

import imfilter


def windows(n, size, stride, padding, dilation=1, ceil_mode=False):
    """The positions of each window, and whether they are in the image."""
    span, found, start = (size - 1) * dilation + 1, [], -padding
    while start + span <= n + padding or (
        ceil_mode and found and start < n and start + span - stride < n + padding
    ):
        found.append([start + k * dilation for k in range(size) if start + k * dilation < n + padding])
        start += stride
    return found


def by_loops(image, counts, tables, reduce, *, count_padding=True, least=0.0):
    """The result of each window, NaN where too little is present."""
    result = np.empty([len(table) for table in tables])
    for place in np.ndindex(result.shape):
        values, weights, samples = [], [], 0
        for at in itertools.product(*(table[i] for table, i in zip(tables, place, strict=True))):
            inside = all(0 <= i < n for i, n in zip(at, image.shape, strict=True))
            if inside:
                samples += 1
                if counts[at] > 0:
                    values.append(float(image[at]))
                    weights.append(float(counts[at]))
            elif reduce == "mean" and count_padding:
                samples, values, weights = samples + 1, [*values, 0.0], [*weights, 1.0]
        share = math.fsum(weights) if reduce == "mean" else len(values)
        if not values or share < least * samples * (1 - 1e-12):
            result[place] = np.nan
        elif reduce == "mean":
            products = [v * w for v, w in zip(values, weights, strict=True)]
            result[place] = math.fsum(products) / math.fsum(weights)
        else:
            result[place] = max(values) if reduce == "max" else min(values)
    return result


def close(result, expected):
    if result.dtype.kind == "f":
        tolerance = {2: 1e-3, 4: 1e-6}.get(result.dtype.itemsize, 1e-12)
        np.testing.assert_allclose(result.astype(float), expected, rtol=tolerance, atol=tolerance)
    else:
        np.testing.assert_array_equal(result, np.rint(np.nan_to_num(expected)).astype(result.dtype))


@pytest.mark.parametrize("dtype", ["?", "u1", "i2", "i8", "f2", "f4", "f8", "g"])
def test_windows(dtype):
    rng = np.random.default_rng(1)
    image = (rng.normal(size=(13, 11)) * 40).astype(dtype)
    for there in (rng.random(image.shape) < 0.4, np.zeros(image.shape, bool), rng.random(image.shape) * 2):
        counts = np.asarray(there)
        for size, stride, padding, ceil, counted, least in (
            *((2, 2, 0, False, True, 0.0), (3, 2, 1, False, True, 0.5), (3, 2, 1, True, False, 0.5)),
            *((4, 1, 2, False, False, 0.0), (3, 3, 0, True, True, 1.0)),
        ):
            tables = [windows(n, size, stride, padding, ceil_mode=ceil) for n in image.shape]
            options = {"stride": stride, "padding": padding, "ceil_mode": ceil, "mask": there}
            found = imfilter.max_pool(image, size, min_coverage=least, **options)
            close(found, by_loops(image, counts, tables, "max", least=least))
            found = imfilter.avg_pool(image, size, min_coverage=least, count_padding=counted, **options)
            close(found, by_loops(image, counts, tables, "mean", count_padding=counted, least=least))


@pytest.mark.parametrize("reduce", ["mean", "max", "min"])
def test_cells(reduce):
    rng = np.random.default_rng(2)
    image, there = rng.normal(size=(9, 10, 3)), rng.random((9, 10)) < 0.3
    tables = [[list(range(n))] for n in (9, 10)]
    whole = imfilter.global_pool(image, reduce, mask=there, channel_axis=-1)
    for c in range(3):
        close(whole[c : c + 1, None], by_loops(image[..., c], there, tables, reduce))
    pyramid = imfilter.pyramid_pool(image, (1, 2), reduce, mask=there, channel_axis=-1)
    np.testing.assert_array_equal(pyramid[:, 0], whole)
    masked = np.ma.masked_array(image, np.repeat(~there[..., None], 3, -1))
    for result in (
        imfilter.global_pool(masked, reduce, channel_axis=-1),
        imfilter.pyramid_pool(masked, (1,), reduce, channel_axis=-1)[:, 0],
    ):
        assert isinstance(result, np.ma.MaskedArray)
        np.testing.assert_array_equal(result.filled(np.nan), whole)
    holes = np.where(there[..., None], image, np.nan)
    np.testing.assert_array_equal(imfilter.global_pool(holes, reduce, nan="ignore", channel_axis=-1), whole)


@pytest.mark.parametrize("pool", [imfilter.max_pool, imfilter.avg_pool])
def test_what_is_absent_changes_nothing(pool):
    rng = np.random.default_rng(3)
    image, there = rng.normal(size=(30, 40)), rng.random((30, 40)) < 0.5
    expected = pool(image, 3, mask=there)
    for value in (1e300, np.nan, np.inf, -np.inf):
        np.testing.assert_array_equal(pool(np.where(there, image, value), 3, mask=there), expected)
    np.testing.assert_array_equal(pool(np.where(there, image, np.nan), 3, nan="ignore"), expected)
    np.testing.assert_array_equal(pool(image, 3, mask=np.ones_like(there)), pool(image, 3))
    np.testing.assert_array_equal(pool(image, 3, nan="ignore"), pool(image, 3))
    np.testing.assert_allclose(pool(image.T, 3, mask=there.T), expected.T, rtol=1e-13, atol=1e-15)
    out = np.empty_like(expected)
    assert pool(image, 3, mask=there, out=out) is out
    np.testing.assert_array_equal(out, expected)
    with pytest.raises(ValueError, match=r"min_coverage must be from 0 to 1, got 2\.0"):
        pool(image, 3, min_coverage=2)


def test_masks_of_0_and_1_are_masks_of_bool():
    image = np.array([[2**62 + 1, 2**62 + 3], [2**62 + 5, 7]], np.int64)
    there = np.array([[1.0, 1.0], [1.0, 0.0]])
    assert imfilter.avg_pool(image, 2, mask=there) == imfilter.avg_pool(image, 2, mask=there > 0) == 2**62 + 3


def test_a_signal_with_fewer_windows_than_samples_of_a_window():
    image, mask = np.array([1.0, 5.0, 4.0]), np.array([True, True, False])
    assert imfilter.max_pool(image, 3, mask=mask).tolist() == [5.0]
    assert imfilter.avg_pool(image, 3, mask=mask).tolist() == [3.0]
    assert imfilter.max_pool(image[:2], 2, nan="ignore").tolist() == [5.0]
    assert imfilter.global_pool(image, mask=mask).tolist() == 3.0


@pytest.mark.parametrize("dtype", ["uint8", "int16", "uint32", "int64", "bool", "float16"])
def test_the_one_mean_of_a_signal(dtype):
    """Its result has no axes."""
    image, mask = np.array([1, 5, 9, 1, 7]), np.array([True, True, False, True, True])
    for given, options in ((image.astype(dtype), {}), (image.astype(float), {"dtype": dtype})):
        found = imfilter.global_pool(given, mask=mask, **options)
        assert (found.dtype, found.shape) == (dtype, ())
        assert found == (1 if dtype == "bool" else np.rint(3.5) if np.dtype(dtype).kind in "iu" else 3.5)
    absent = imfilter.global_pool(image.astype(float), mask=np.zeros(5, bool), dtype=dtype)
    assert np.isnan(absent) if dtype == "float16" else absent == 0
