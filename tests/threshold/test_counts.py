"""Histograms of integers of 8 and 16 bits: counts of all sizes, threads, and images one after the other."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from imfilter import threshold
from imfilter._base.program import address
from imfilter._filters.threshold import histogram, small
from imfilter._filters.threshold.kernels import small_integers

SMALL = ("u1", "i1", "u2", "i2")


def expected(values):
    """The different values and their counts."""
    found, counts = np.unique(values, return_counts=True)
    return found.tolist(), counts.tolist()


def counted(values, workers=1):
    """The values and the counts of the histogram of an image."""
    samples = histogram.present(values, None, "propagate", workers)
    found = histogram.of_samples(samples, 256)
    if not isinstance(found, histogram.Histogram):
        return [found], [values.size]
    return [found.value(place) for place in found.places], found.counts.tolist()


def image_of(dtype, count, seed):
    """An image with the extremes of its type, and parts in which neighbours are equal."""
    rng, info = np.random.default_rng(seed), np.iinfo(dtype)
    values = rng.integers(info.min, info.max, count, dtype, endpoint=True)
    values[: count // 2] = np.sort(values[: count // 2])
    values[:2] = [info.min, info.max][:count]
    return values


@pytest.mark.parametrize("dtype", SMALL)
@pytest.mark.parametrize("count", [1, 2, 7, 8, 9, 1003, (1 << 19) + 3])
def test_counts_of_small_integers(dtype, count):
    for seed in range(3):  # tables are kept for the next image
        values = image_of(dtype, count, seed)
        for workers in (1, 3):
            assert counted(values, workers) == expected(values)


@pytest.mark.parametrize("dtype", SMALL)
@pytest.mark.parametrize("count", [8 * 65535 - 1, 8 * 65535 + 9, 3 << 19])
def test_counts_of_more_than_16_bits(dtype, count):
    values = np.full(count, np.iinfo(dtype).max, dtype)
    values[:1] = 3
    for workers in (1, 3):
        assert counted(values, workers) == expected(values)


@pytest.mark.parametrize("dtype", ["u1", "i1"])
@pytest.mark.parametrize("count", [1 << 15, (1 << 17) + 7])
def test_counts_of_pairs_of_bytes(dtype, count):
    info = np.iinfo(dtype)
    noise = np.random.default_rng(0).integers(info.min, info.max, count, dtype, endpoint=True)
    few = np.array([3, 7, 3, 5, 100, info.max, info.min, 0], dtype)
    cycle = np.resize(few, count)  # more than 255 of a pair
    rare, often = noise.copy(), noise.copy()
    for image, step in ((rare, 10), (often, 5)):  # neighbouring pairs are equal in one of so many places
        pairs = image[: count // 2 * 2].reshape(-1, 2)
        pairs[1::step] = pairs[0:-1:step][: len(pairs[1::step])]
    for _ in range(2):  # tables are kept for the next image
        for values in (noise, cycle, rare, often, np.sort(noise)):
            assert counted(values) == expected(values)


@pytest.mark.parametrize("dtype", ["u2", "i2"])
def test_counts_of_bytes_in_16_bits(dtype):
    rng = np.random.default_rng(0)
    noise, each = (
        rng.integers(0, 256, (1 << 16) + 9, np.uint16),
        np.repeat(np.arange(256, dtype=np.uint16), 256),
    )
    begun, wrong = noise * 257, noise * 257
    begun[5000:] = rng.integers(0, 1 << 16, len(begun) - 5000)  # only the first are copies of a byte
    wrong[40_000] = 258
    for _ in range(2):  # tables are kept for the next image
        for values in (noise * 257, np.sort(noise) * 257, each * 257, begun, wrong):
            assert counted(values.view(dtype)) == expected(values.view(dtype))


def small_in_words(count):
    """Images of uint16 whose values are less than 256, and such with a few other values."""
    noise = np.random.default_rng(1).integers(0, 256, count, np.uint16)
    dark = np.where(np.arange(count) < count // 2, 0, noise)  # its first half tells nothing
    images = [noise, np.sort(noise), dark, dark * 257, np.where(dark, noise * 2, 0)]
    small_first = noise * np.where(np.arange(count) < count // 2, 1, 257).astype(np.uint16)
    images += [small_first, small_first[::-1].copy()]  # the bytes of a half are equal
    images.append(np.where(np.arange(count) % 999 == 5, 256, 0).astype(np.uint16))
    for place, value in ((0, 256), (count // 2, 257), (count - 1, 65535), (count - 200, 514)):
        other = noise.copy()
        other[place] = value
        images.append(other)
    return images


@pytest.mark.parametrize("dtype", ["u2", "i2"])
@pytest.mark.parametrize("count", [1 << 15, (1 << 16) + 1337, (1 << 19) + 2049])
def test_counts_of_values_below_256(dtype, count):
    for values in small_in_words(count):
        for workers in (1, 3):
            assert counted(values.view(dtype), workers) == expected(values.view(dtype))


def test_bins_of_values_below_256_are_searched_there():
    """Their bins are searched below 256 only."""
    for values in small_in_words((1 << 16) + 1337)[:3]:
        (tables,) = small.Bins(values.dtype).counted(values, 1)
        limit = tables.at - address(tables.work) + small_integers.LIMIT
        assert tables.work[limit : limit + 8].view(np.int64) == 256


@pytest.mark.parametrize("dtype", ["u2", "i2"])
def test_counts_that_are_often_full(dtype):
    each = np.repeat(np.arange(-500, 500).astype(dtype), 256)
    mixed = np.random.default_rng(0).permutation(np.repeat(each, 3))
    for values in (each, mixed, each[1:], np.tile(each, 3)):
        for workers in (1, 3):
            assert counted(values, workers) == expected(values)


@pytest.mark.parametrize("dtype", ["u1", "i2"])
def test_counts_in_any_place_of_memory(dtype):
    memory = np.zeros(4099, np.uint8)
    for first in range(1, 9):
        values = np.frombuffer(memory.data, dtype, 2001, first)
        values[:] = image_of(dtype, len(values), first)
        assert counted(values) == expected(values)
        assert counted(values[::-3]) == expected(values[::-3])


def test_images_at_the_same_time():
    images = [image_of(dtype, 70_001, seed) for seed in range(6) for dtype in SMALL]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(counted, images)) == [expected(values) for values in images]


@pytest.mark.parametrize("dtype", SMALL)
def test_an_image_that_is_not_plain_has_the_same_threshold(dtype):
    values = image_of(dtype, 5000, 4).reshape(50, 100)
    want = threshold.otsu(values)
    swapped = values.astype(values.dtype.newbyteorder())
    for other in (values.T, np.asfortranarray(values), values.tolist(), np.ma.array(values), swapped):
        assert threshold.otsu(other) == want
    assert threshold.otsu(values, nan="ignore", mask=np.ones((50, 100), bool)) == want


def test_equal_neighbours_are_found_where_the_columns_of_the_border_differ():
    """Images of one value beside a border of noise are counted in several tables."""
    values = np.full((512, 512), 40000, "u2")
    values[:, :8] = np.random.default_rng(0).integers(0, 65536, (512, 8))
    (tables,) = small.Bins(values.dtype).counted(values, 1)
    used = tables.at - address(tables.work) + small_integers.USED
    assert tables.work[used : used + 8].view(np.int64) == small_integers.WORD_TABLES
