"""Thresholds of whole images: definitions, scikit-image, missing data, element types, errors."""

import math

import numpy as np
import pytest
import skimage.filters as peers

import imfilter
from imfilter import threshold
from imfilter._base.program import address
from imfilter._filters.threshold import histogram, mean, merged, small
from imfilter._filters.threshold.histogram import Samples
from imfilter._filters.threshold.kernels import split
from tests.looping import loop_over
from tests.photos import GREY, as_type, photo
from tests.reference import thresholds as loops

EXACT = ("otsu", "yen", "isodata", "triangle")
ALL = (*EXACT, "li", "minimum")
TYPES = ("int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64")


def same(got, want):
    if isinstance(want, float):
        assert got == pytest.approx(want, rel=1e-9)
    else:
        assert got == want
        assert type(got) is int


@pytest.mark.parametrize("name", [*EXACT, "li"])
@loop_over("dtype", TYPES)
def test_the_definition(name, dtype):
    rng = np.random.default_rng(3)
    for _ in range(25):
        low = (np.iinfo(dtype).min, np.iinfo(dtype).max - 60, 0)[rng.integers(3)]
        values = rng.integers(0, rng.integers(2, 60), rng.integers(2, 40)).tolist()
        values = [low + v for v in values]
        if len(set(values)) < 2:
            continue
        image = np.array(values, dtype)
        same(getattr(threshold, name)(image), getattr(loops, name)(loops.counted(image.tolist())))


@pytest.mark.parametrize("classes", [2, 3, 4, 5, pytest.param(6, marks=pytest.mark.slow)])
def test_the_best_division_into_classes(classes):
    rng = np.random.default_rng(classes)
    for _ in range(15):
        image = rng.integers(-9, rng.integers(3, 12), 60)
        pairs = loops.counted(image)
        if len(pairs) > classes:
            assert threshold.multi_otsu(image, classes).tolist() == loops.multi_otsu(pairs, classes)


@pytest.mark.parametrize("name", EXACT)
def test_integers_of_a_wide_range(name):
    rng = np.random.default_rng(5)
    image = np.concatenate([rng.integers(-50, 50, 40), 2**21 + rng.integers(-50, 50, 60)])
    if name == "isodata":  # the loop would be long
        assert threshold.isodata(image) == threshold.isodata(image // 1 + 7) - 7
        return
    same(getattr(threshold, name)(image), getattr(loops, name)(loops.counted(image)))


def middle_of_means(image):
    """Return the isodata threshold in whole numbers of Python and float64, as the method is defined."""
    low = int(image.min())
    values = sorted({int(value) for value in image.ravel()})
    places = [value - low for value in values]
    counts = [int((image == value).sum()) for value in values]
    for i in range(1, len(places)):
        parts = [(places[:i], counts[:i]), (places[i:], counts[i:])]
        below, above = (np.dot(np.array(p, float), np.array(c, float)) / sum(c) for p, c in parts)
        whole = int(np.floor((below + above) / 2 * (1 + 1e-12)))
        if places[i - 1] <= whole < places[i]:
            return low + whole
    raise AssertionError


@loop_over(
    "image",
    [
        np.array([0, 5, 2**64 - 1], np.uint64),
        np.array([0, 2**64 - 1, 2**64 - 2, 2**64 - 5], np.uint64),
        np.array([-(2**63), 2**63 - 9, 2**63 - 2, 2**63 - 1], np.int64),
        np.array([-(2**63), -(2**63) + 7, 2**63 - 1], np.int64),
    ],
)
def test_isodata_of_integers_over_the_whole_type(image):
    found, limits = threshold.isodata(image), np.iinfo(image.dtype)
    assert limits.min <= found <= limits.max
    assert found == middle_of_means(image)


def test_kept_tables_do_not_grow_with_other_ranges():
    for high in range(5, 30):
        threshold.otsu(np.arange(high, dtype=np.int32))
        for dtype in small.LIMITS:
            threshold.otsu(np.arange(high, dtype=dtype))
        threshold.otsu(np.arange(high, dtype=np.float32), bins=high)
    for dtype in small.LIMITS:
        spare, records = small.kept_of(dtype.itemsize)
        assert 1 <= len(records) <= small._KEPT
        assert len(spare) <= small._KEPT_TABLES
        assert not any(tables.counts.any() for tables in (*spare, *(one.tables for one in records)))


def test_small_integers_with_signs_and_without_share_memory():
    """Also in turn, and in large images."""
    for size, number in ((1, 300), (2, 300), (1, small.MANY + 9)):
        high = 20 if size == 1 else 2000
        image = np.resize(np.arange(high), number)
        image[::3] = high - 1
        want = threshold.otsu(image.astype("i4"))
        for kind in "uiui":
            assert threshold.otsu(image.astype(f"{kind}{size}")) == want
        assert threshold.otsu(-image.astype(f"i{size}")) == threshold.otsu(-image.astype("i4"))


@pytest.mark.parametrize("dtype", ["u1", "u2", "u8"])
def test_the_first_of_the_farthest_corners(dtype):
    """Counts grow with the place, so many bins are equally far from the line."""
    places = np.arange(121)
    counts = np.maximum(1, places - 20)
    counts[-1] = 120
    image = np.repeat(places, counts)
    for one in (image, 120 - image):
        found = threshold.triangle(one.astype(dtype))
        assert found == loops.triangle(loops.counted(one.tolist()))


@pytest.mark.parametrize("dtype", ["u1", "f8"])
def test_weights_that_overflow(dtype):
    image, huge = np.array([0, 100, 200], dtype), np.full(3, 1e308)
    with np.errstate(over="ignore"):
        for name in ("otsu", "yen"):
            assert getattr(threshold, name)(image, mask=huge) < 100
        assert 0 < threshold.triangle(image, mask=huge) < 200
        assert math.isnan(threshold.li(image, mask=huge))


@pytest.mark.parametrize("name", ALL)
@loop_over("picture", GREY)
def test_integers_are_those_of_scikit_image(name, picture):
    image = photo(picture)
    try:
        want = getattr(peers, f"threshold_{name}")(image)
    except RuntimeError:
        with pytest.raises(ValueError, match="two maxima"):
            getattr(threshold, name)(image)
        return
    same(getattr(threshold, name)(image), want.item())


@pytest.mark.parametrize("name", [*EXACT, "li"])
@loop_over("picture", GREY)
def test_wide_integers_and_floats_are_those_of_scikit_image(name, picture):
    image = as_type(photo(picture), "uint16")
    same(getattr(threshold, name)(image), getattr(peers, f"threshold_{name}")(image).item())
    for dtype in ("float32", "float64"):
        image = as_type(photo(picture), dtype)
        step = float(np.ptp(image)) / 256
        want = getattr(peers, f"threshold_{name}")(image)
        assert getattr(threshold, name)(image) == pytest.approx(want, abs=1.001 * step)


@pytest.mark.parametrize("picture", GREY)
def test_several_thresholds_are_those_of_scikit_image(picture):
    image = photo(picture)
    for classes in (2, 3):
        want = peers.threshold_multiotsu(image, classes)
        assert threshold.multi_otsu(image, classes).tolist() == want.tolist()


def test_triangles_differ_from_scikit_image_only_in_ties():
    rng, ties = np.random.default_rng(0), 0
    for number in range(1500):
        spread = rng.uniform(1, 60)
        samples = rng.normal(100, spread, 200) if number % 2 else rng.exponential(spread, 200)
        image = samples.clip(0, 255).astype(np.uint8)
        image = 255 - image if number % 3 else image
        bins = loops.farthest(loops.counted(image.tolist()))
        ours, theirs = threshold.triangle(image), peers.threshold_triangle(image)
        assert ours == bins[0]
        assert theirs in bins
        assert ours == theirs or len(bins) > 1
        ties += ours != theirs
    assert ties  # the images have such a case
    for tied, far in (([0, 0, 0, 1, 1, 2, 3], [2, 1]), ([3, 3, 3, 2, 2, 1, 0], [1, 2])):
        assert loops.farthest(loops.counted(tied)) == far
        assert threshold.triangle(tied) == far[0]


def test_the_mean_is_exact():
    for dtype in TYPES:
        info = np.iinfo(dtype)
        image = np.array([info.max, info.max, info.min, info.max - 1], dtype)
        assert threshold.mean(image) == sum(image.tolist()) / 4
    assert threshold.mean(photo("camera")) == photo("camera").mean()
    assert threshold.mean([1.0, np.inf]) == math.inf


@pytest.mark.parametrize("name", [*ALL, "mean"])
def test_a_constant_image_gives_its_value(name):
    function = getattr(threshold, name)
    for dtype in (*TYPES, "float16", "float32", "float64", "longdouble"):
        assert function(np.full((3, 4), 7, dtype)) == 7
    assert function(np.ones(3, bool)) == 1
    assert threshold.multi_otsu(np.full(5, 7)).tolist() == [7, 7]
    assert threshold.multi_otsu([3, 3, 8], 4).tolist() == [3, 8, 8]


@pytest.mark.parametrize("name", [*EXACT, "li", "mean"])
def test_masks_and_confidences(name):
    function, rng = getattr(threshold, name), np.random.default_rng(9)
    image, mask = rng.integers(0, 200, (20, 30)).astype(np.uint8), rng.random((20, 30)) < 0.6
    want = function(image[mask])
    assert function(image, mask=mask) == want
    assert function(np.ma.MaskedArray(image, ~mask)) == want
    real = image.astype(float)
    assert function(np.where(mask, real, np.nan), nan="ignore") == pytest.approx(function(real[mask]))
    assert math.isnan(function(np.where(mask, real, np.nan)))
    counts = rng.integers(0, 4, image.shape)
    assert function(image, mask=counts) == pytest.approx(function(np.repeat(image, counts.ravel())))
    assert function(real, mask=counts / 2) == pytest.approx(function(np.repeat(real, counts.ravel())))
    with pytest.raises(ValueError, match="at least one sample that is present"):
        function(image, mask=np.zeros(image.shape, bool))
    assert np.isnan(threshold.multi_otsu([1.0, np.nan, 3.0])).all()


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int32", "float32"])
def test_layouts_and_workers_change_nothing(dtype):
    rng = np.random.default_rng(1)
    image = rng.integers(0, 250, (600, 500)).astype(dtype)
    for name in (*EXACT, "li", "mean"):
        function = getattr(threshold, name)
        want = function(image, workers=1)
        for other in (
            image.T,
            image[::-1],
            np.asfortranarray(image),
            image.astype(image.dtype.newbyteorder()),
        ):
            assert function(other, workers=3) == want


def test_bins_are_those_of_numpy():
    rng = np.random.default_rng(2)

    for dtype in ("float32", "float64"):
        for scale, shift in ((1, 0), (0.1, 1e3), (1e30, 0), (1e-30, 0)):
            image = (rng.normal(size=3000) * scale + shift).astype(dtype)
            samples = histogram.present(image, None, "propagate", 2)
            found = histogram.of_samples(samples, 50)
            counts, edges = np.histogram(image, 50)
            full = np.zeros(50)
            full[found.places] = found.counts
            np.testing.assert_array_equal(full, counts)
            np.testing.assert_allclose(found.centres, (edges[1:] + edges[:-1]) / 2, atol=1e-6 * np.ptp(image))


def test_errors():
    for image, message in (
        ([], "image must not be empty"),
        ([1.0, np.inf], "image must be finite, got inf"),
        ([1j], "image must contain real numbers"),
    ):
        with pytest.raises((ValueError, TypeError), match=message):
            threshold.otsu(image)
    with pytest.raises(ValueError, match="bins must be at least 2, got 1"):
        threshold.otsu([1.0, 2.0], bins=1)
    with pytest.raises(ValueError, match="bins must be fewer"):
        threshold.otsu([1.0, np.nextafter(1.0, 2)])
    with pytest.raises(ValueError, match="classes must be at most 6, got 7"):
        threshold.multi_otsu([1, 2], 7)
    with pytest.raises(ValueError, match="range of at most 1048576 integers"):
        threshold.minimum([0, 5, 2**30])
    with pytest.raises(AttributeError, match=r"threshold\.otsu"):
        imfilter.threshold_otsu  # noqa: B018


@pytest.mark.parametrize("dtype", ["u1", "i1", "u2", "i2"])
@pytest.mark.parametrize("count", [1, 127, 129, (1 << 18) + 77])
def test_means_of_extreme_integers_are_exact(dtype, count):
    info = np.iinfo(dtype)
    for image in (
        np.full(count, info.max, dtype),
        np.full(count, info.min, dtype),
        np.arange(count).astype(dtype),
    ):
        assert threshold.mean(image) == int(image.sum(dtype=np.int64)) / count


def test_a_part_with_nan_counts_wherever_it_is():
    samples = Samples(np.arange(9, dtype=np.uint8), None, 1)
    for parts in ([None, samples], [samples, None], [None], [samples, None, samples]):
        assert np.isnan(merged.of_parts(lambda parts=parts: parts, np.dtype(np.uint8), 256))


@pytest.mark.parametrize("bins", [2, 3, 1000])
def test_sums_of_both_classes_are_those_of_numpy(bins):
    counts = np.random.default_rng(bins).random(bins) * 1e-310
    places = np.arange(bins, dtype=np.uint64) ** 3
    found = np.full(split.LINES * bins + split.MORE, np.nan)
    kernel = split.split.address(places.dtype, counts.dtype)
    numbers = split.MIDDLE, address(places), address(counts), bins, 1.0, address(found)
    split.choose.entry()(kernel, *numbers)
    values = counts * places
    below, low, above, high = found[: 4 * bins].reshape(4, bins)
    np.testing.assert_array_equal(below[1:], np.cumsum(counts)[1:])  # the first has what is found
    np.testing.assert_array_equal(low, np.cumsum(values))
    np.testing.assert_array_equal(above[::-1], np.cumsum(counts[::-1]))
    np.testing.assert_array_equal(high[::-1], np.cumsum(values[::-1]))


def test_the_threshold_of_yen_in_a_large_histogram():
    rng = np.random.default_rng(21)
    image = rng.normal([[2e4], [4.5e4]], [[4e3], [3e3]], (2, 300_000)).astype(np.uint16)
    values, counts = np.unique(image, return_counts=True)
    shares = counts / image.size
    below, squares = np.cumsum(shares)[:-1], np.cumsum(shares**2)
    with np.errstate(divide="ignore"):
        best = 2 * np.log(below * (1 - below)) - np.log(squares[:-1] * (squares[-1] - squares[:-1]))
    assert threshold.yen(image) == values[np.argmax(best)]  # scikit-image sums float32


@pytest.mark.parametrize("dtype", ["u1", "i1", "u2", "i2"])
def test_the_mean_of_integers_does_not_depend_on_threads(dtype, monkeypatch):
    monkeypatch.setattr(mean, "_MANY_BYTES", 0)
    info = np.iinfo(dtype)
    image = np.random.default_rng(2).integers(info.min, info.max, 5_000_077, dtype, endpoint=True)
    for workers in (1, 2, 7):
        assert threshold.mean(image, workers=workers) == int(image.sum(dtype=np.int64)) / image.size


def test_a_class_of_tiny_weights_is_not_chosen():
    """The square of its share is 0."""
    image = np.array([5] * 10 + [200] * 10 + [250], np.uint8)
    assert threshold.yen(image, mask=np.r_[np.ones(20), 1e-170]) == threshold.yen(image[:20]) == 5


@pytest.mark.parametrize("name", ["otsu", "li", "yen", "triangle", "isodata", "minimum", "multi_otsu"])
@pytest.mark.parametrize(("dtype", "power"), [("f4", 126), ("f8", 1022)])
@pytest.mark.parametrize("sign", [-1, 1])
def test_bins_near_the_end_of_the_range(name, dtype, power, sign):
    """The sum of the limits of a bin is infinite."""
    rng = np.random.default_rng(40)
    image = np.append(rng.normal(1, 0.3, 2000), rng.normal(3, 0.3, 1000)).clip(0, 3.9) * sign
    image = image.astype(dtype)
    function = getattr(threshold, name)
    found = np.asarray(function(np.ldexp(image, power)), np.float64)
    np.testing.assert_allclose(np.ldexp(found, -power), function(image), rtol=1e-6)


@pytest.mark.parametrize("name", ["otsu", "li", "yen", "triangle", "isodata", "minimum", "multi_otsu"])
def test_a_range_that_float32_does_not_hold(name):
    rng = np.random.default_rng(41)
    image = np.append(rng.normal(-2, 0.5, 2000), rng.normal(2, 0.5, 1000)).clip(-3.9, 3.9).astype("f4")
    function = getattr(threshold, name)
    found = np.asarray(function(np.ldexp(image, 126)), np.float64)
    np.testing.assert_allclose(np.ldexp(found, -126), function(image), rtol=1e-5)
