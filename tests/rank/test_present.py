"""Ranks among the samples that are present, against plain loops; every value is exact."""

import numpy as np
import pytest

import imfilter
from imfilter._filters.rank import present
from tests.looping import loop_over
from tests.reference import naive
from tests.reference.morphology import ABSENT, order, padded

MODES = (*naive.MODES, "shrink")
DTYPES = ("?", "u1", "i2", "u4", "i8", "u8", "f2", "f4", "f8", "g")


def by_loops(image, there, inside, q, mode="mirror", cval=0, least=0.0):
    """The rank by definition, as an array of objects; None where too few samples are present."""
    samples, _ = padded(image, inside, 1, mode, cval, there)
    for place in np.ndindex(samples.shape):
        if samples[place] is not ABSENT:
            samples[place] = order(samples[place]), samples[place]
    windows = np.lib.stride_tricks.sliding_window_view(samples, inside.shape)
    found = np.empty(image.shape, object)
    for place in np.ndindex(image.shape):
        values = sorted(v for v in windows[place][inside] if v is not ABSENT)
        enough = values and len(values) >= least * np.count_nonzero(inside) * (1 - 1e-12)
        found[place] = values[min(int(len(values) * q / 100), len(values) - 1)][1] if enough else None
    return found


def same(result, expected):
    missing = np.array([value is None for value in expected.flat]).reshape(expected.shape)
    empty = np.nan if result.dtype.kind == "f" else 0
    whole = np.array([empty if v is None else v for v in expected.flat], result.dtype)
    np.testing.assert_array_equal(result, whole.reshape(expected.shape))
    if result.dtype.kind == "f":
        there = ~missing & ~np.isnan(result)
        assert (np.signbit(result) == np.signbit(whole.reshape(expected.shape)))[there].all()


def picture(dtype, shape, seed=0):
    rng = np.random.default_rng(seed)
    dtype = np.dtype(dtype)
    if dtype.kind == "f":
        image = np.round(rng.normal(size=shape), 1).astype(dtype)
        image.flat[::7] = rng.choice([-0.0, 0.0, np.inf, -np.inf], image.flat[::7].shape)
        return image
    if dtype.kind == "b":
        return rng.random(shape) < 0.5
    info = np.iinfo(dtype)
    values = np.array([info.min, info.min + 1, 0, 5, 9, info.max - 1, info.max], dtype)
    return rng.choice(values, shape)


SHAPES = (
    *(((7, 37), (3, 4)), ((5, 6), (3, 3)), ((70,), (5,))),
    *(((3, 4, 19), (2, 3, 2)), ((9, 4), (5, 11))),
)


@loop_over("q", [0, 30, 50, 95, 100])
@loop_over("mode", MODES)
def test_borders_and_shapes(mode, q):
    """Lines longer and shorter than a register, windows that are even, long, or of any shape."""
    rng = np.random.default_rng(q)
    for shape, window in (
        ((7, 37), (3, 4)),
        ((5, 6), (3, 3)),
        ((70,), (5,)),
        ((3, 4, 19), (2, 3, 2)),
        ((9, 4), (5, 11)),
    ):
        image, there = picture("f4", shape), rng.random(shape) < 0.5
        inside = rng.random(window) < 0.7
        inside.flat[0] = True
        for least in (0.0, 0.5):
            options = {"mode": mode, "cval": 2.0, "mask": there, "min_coverage": least}
            result = imfilter.percentile(image, q, footprint=inside, **options)
            same(result, by_loops(image, there, inside, q, mode, 2.0, least))


@pytest.mark.parametrize("dtype", DTYPES)
def test_types(dtype):
    image, rng = picture(dtype, (6, 71)), np.random.default_rng(3)
    box, big = np.ones((3, 3), bool), np.ones((9, 9), bool)
    for there in (rng.random(image.shape) < 0.5, np.zeros(image.shape, bool), rng.random(image.shape) < 0.05):
        for filtered, q in ((imfilter.minimum, 0), (imfilter.median, 50), (imfilter.maximum, 100)):
            same(filtered(image, 3, mask=there), by_loops(image, there, box, q))
        same(
            imfilter.percentile(image[:, :20], 25, 9, mask=there[:, :20]),
            by_loops(image[:, :20], there[:, :20], big, 25),
        )
        trust = there * 0.25
        np.testing.assert_array_equal(
            imfilter.median(image, 3, mask=trust), imfilter.median(image, 3, mask=there)
        )


@pytest.mark.parametrize("name", ["minimum", "median", "maximum"])
def test_what_is_absent_changes_nothing(name):
    run, rng = getattr(imfilter, name), np.random.default_rng(5)
    image, there = rng.normal(size=(40, 80)), rng.random((40, 80)) < 0.6
    for size in (5, 9):
        expected = run(image, size, mask=there)
        for value in (1e300, np.nan, np.inf, -np.inf, -0.0):
            np.testing.assert_array_equal(run(np.where(there, image, value), size, mask=there), expected)
        holes = np.where(there, image, np.nan)
        np.testing.assert_array_equal(run(holes, size, nan="ignore"), expected)
        for options in ({"workers": 3}, {"out": np.empty_like(image)}):
            np.testing.assert_array_equal(run(image, size, mask=there, **options), expected)
        np.testing.assert_array_equal(
            run(np.asfortranarray(image), size, mask=np.asfortranarray(there)), expected
        )
        turned = run(image[::-1, ::-1], size, mask=there[::-1, ::-1])
        if size % 2:
            np.testing.assert_array_equal(turned, expected[::-1, ::-1])
        masked = run(np.ma.masked_array(image, ~there), size)
        np.testing.assert_array_equal(masked.filled(np.nan), expected)
        np.testing.assert_array_equal(masked.mask, np.isnan(expected))
        np.testing.assert_array_equal(run(image, size, mask=np.ones_like(there)), run(image, size))
        np.testing.assert_array_equal(run(image, size, nan="ignore"), run(image, size))
        here = image.copy()
        assert run(here, size, mask=there, out=here) is here
        np.testing.assert_array_equal(here, expected)


@pytest.mark.slow
@pytest.mark.parametrize("dtype", DTYPES)
def test_large_extremes_at_every_border(dtype):
    image, rng = picture(dtype, (9, 12)), np.random.default_rng(7)
    there, box = rng.random(image.shape) < 0.1, np.ones((5, 11), bool)
    for mode in MODES:
        for filtered, q in ((imfilter.minimum, 0), (imfilter.maximum, 100)):
            result = filtered(image, (5, 11), mask=there, mode=mode, min_coverage=0.1)
            same(result, by_loops(image, there, box, q, mode, 0, 0.1))


def test_nan_that_is_present():
    """NaN sorts last among the present samples, as it does without a mask."""
    image = np.array([1.0, np.nan, 3.0, 4.0, 5.0])
    there = np.array([True, True, True, False, True])
    result = imfilter.percentile(image, 100, 3, mask=there, mode="edge")
    np.testing.assert_array_equal(result, [np.nan, np.nan, np.nan, 5.0, 5.0])
    np.testing.assert_array_equal(imfilter.minimum(image, 3, mask=there, mode="edge"), [1, 1, 3, 3, 5])


@pytest.mark.parametrize("axis", [0, 1, -1])
def test_channels(axis):
    rng = np.random.default_rng(8)
    image, there = rng.integers(0, 255, (3, 20, 40)).astype(np.uint8), rng.random((20, 40)) < 0.5
    result = imfilter.median(np.moveaxis(image, 0, axis), 5, mask=there, channel_axis=axis)
    for plane, found in zip(image, np.moveaxis(result, axis, 0), strict=True):
        np.testing.assert_array_equal(found, imfilter.median(plane, 5, mask=there))


@pytest.mark.parametrize("periods", [1, 3, 5])
def test_medians_of_pandas(periods):
    import pandas

    rng = np.random.default_rng(periods)
    x = np.where(rng.random(300) < 0.4, np.nan, rng.normal(size=300))
    rolling = pandas.Series(x).rolling(5, center=True, min_periods=periods)
    options = {"nan": "ignore", "mode": "shrink", "min_coverage": periods / 5}
    upper = imfilter.median(x, 5, **options)
    lower = -imfilter.median(-x, 5, **options)
    np.testing.assert_allclose((lower + upper) / 2, rolling.median().to_numpy())
    np.testing.assert_array_equal(imfilter.minimum(x, 5, **options), rolling.min().to_numpy())
    np.testing.assert_array_equal(imfilter.maximum(x, 5, **options), rolling.max().to_numpy())


def test_errors():
    with pytest.raises(ValueError, match=r"mask must have shape \(4, 5\), got \(3,\)"):
        imfilter.median(np.ones((4, 5)), mask=np.ones(3))
    with pytest.raises(ValueError, match="size must span at most 1048576 samples if samples are absent"):
        imfilter.median(np.ones((4, 5)), 1025, mask=np.zeros((4, 5)))
    with pytest.raises(ValueError, match=r"mode must be one of .*'shrink', got 'shrinks'"):
        imfilter.maximum(np.ones((4, 5)), mode="shrinks", mask=np.zeros((4, 5)))


@pytest.mark.parametrize("size", [7, 9])
def test_border_constants_that_the_image_cannot_hold(size):
    """The result has a type that can."""
    image = np.full((12, 13), 7, np.uint8)
    there, box = np.ones(image.shape, bool), np.ones((size, size), bool)
    there[0, 0] = False
    for name, cval, dtype in (
        *(("maximum", 300, np.int32), ("minimum", -5, np.int32), ("minimum", 6.5, float)),
        *(("maximum", np.nan, np.float32), ("median", 6.5, float)),
    ):
        run = getattr(imfilter, name)
        options = {"mode": "constant", "cval": cval, "dtype": dtype}
        found = run(image, size, mask=there, **options)
        wide = image.astype(float)
        q = {"minimum": 0, "median": 50, "maximum": 100}[name]
        same(found.astype(float), by_loops(wide, there, box, q, "constant", cval))


def test_windows_of_any_size():
    """Extremes have no limit, and medians an error that names it."""
    image, there = np.arange(6000.0).reshape(20, 300), np.ones((20, 300), bool)
    there[19, 299] = False
    assert (imfilter.maximum(image, (1001, 1101), mask=there) == 5998).all()
    assert (imfilter.minimum(image, (1001, 1101), mask=there) == 0).all()


@pytest.mark.slow
@pytest.mark.parametrize("dtype", ["?", "u1", "i2", "i8", "f4", "f8"])
def test_large_windows(dtype):
    """Results bit by bit, with more samples than 8 bits count."""
    image, rng = picture(dtype, (9, 66)), np.random.default_rng(11)
    for window in ((9, 9), (17, 19)):
        inside = rng.random(window) < 0.9
        for there in (
            rng.random(image.shape) < 0.5,
            rng.random(image.shape) < 0.02,
            np.ones(image.shape, bool),
        ):
            there[0, 0] = False
            for q in (25, 50):
                result = imfilter.percentile(image, q, footprint=inside, mask=there, min_coverage=0.01)
                if q == 25 or window == (9, 9):
                    same(result, by_loops(image, there, inside, q, least=0.01))


@pytest.mark.parametrize("graded", [False, True])
@pytest.mark.parametrize("mode", ["mirror", "shrink"])
def test_nan_of_types_that_are_compared_by_keys(mode, graded):
    """The keys of extended precision are integers, which do not tell NaN."""
    rng = np.random.default_rng(12)
    image = rng.normal(0, 50, (28, 62))
    image[rng.random(image.shape) < 0.1] = np.nan
    mask = rng.integers(0, 3, image.shape) / 2 if graded else rng.random(image.shape) < 0.7
    for options in ({}, {"mask": mask}):
        for q, window in ((0, (3, 3)), (50, (1, 3)), (50, (9, 9)), (100, (1, 2)), (100, (3, 3))):
            keywords = {"mode": mode, "nan": "ignore", **options}
            expected = imfilter.percentile(image, q, window, **keywords)
            found = imfilter.percentile(image.astype("g"), q, window, **keywords)
            np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("shape", [(60, 70, 3), (40, 3, 70, 5), (300, 3), (5, 80, 7)])
@pytest.mark.parametrize("dtype", ["u1", "f4"])
def test_a_short_last_axis_is_no_line(monkeypatch, shape, dtype):
    """Windows of images with few channels are sorted in registers, as those of channels that come first."""

    def refuse(*args):
        raise AssertionError("windows are listed")

    rng = np.random.default_rng(8)
    image, mask = rng.integers(0, 200, shape).astype(dtype), rng.random(shape) < 0.7
    first, first_mask = (np.ascontiguousarray(np.moveaxis(a, -1, 0)) for a in (image, mask))
    for name in ("minimum", "median"):
        for mode in ("shrink", "mirror", "constant"):
            options = {"mode": mode, "cval": 3, "min_coverage": 0.2}
            axes = [axis for axis in range(len(shape) - 1) if shape[axis] > 5]
            monkeypatch.setattr(present, "_list", refuse)
            found = getattr(imfilter, name)(image, 3, axes=axes, mask=mask, **options)
            monkeypatch.undo()
            moved = [axis + 1 for axis in axes]
            expected = getattr(imfilter, name)(first, 3, axes=moved, mask=first_mask, **options)
            np.testing.assert_array_equal(np.moveaxis(found, -1, 0), expected)


def listed(monkeypatch):
    """Return the shapes of the pieces whose windows are listed from now on."""
    shapes, original = [], present._list

    def record(keys, there, window, target):
        shapes.append(target.shape)
        original(keys, there, window, target)

    monkeypatch.setattr(present, "_list", record)
    return shapes


def test_a_last_piece_shorter_than_a_register(monkeypatch):
    """Only its windows are listed."""
    rng = np.random.default_rng(9)
    rows = present._PIECE // 3
    image = rng.integers(0, 200, (rows + 9, 3)).astype(np.uint8)
    mask = rng.random(image.shape) < 0.7
    expected = imfilter.median(image.T.copy(), 3, axes=1, mask=mask.T.copy())
    shapes = listed(monkeypatch)
    for workers in (1, 2):
        found = imfilter.median(image, 3, axes=0, mask=mask, workers=workers)
        np.testing.assert_array_equal(found, expected.T)
    assert shapes == [(9, 3)] * 2


def test_pieces_of_many_short_lines(monkeypatch):
    """A piece of the usual size has fewer rows than a register here, so it is larger."""
    rng = np.random.default_rng(10)
    image = rng.integers(0, 200, (70, 20, 20, 21)).astype(np.uint8)
    mask = rng.random(image.shape) < 0.7
    shapes = listed(monkeypatch)
    found = imfilter.median(image, 3, axes=0, mask=mask)
    assert shapes == []
    first = imfilter.median(
        np.moveaxis(image, 0, -1).copy(), 3, axes=-1, mask=np.moveaxis(mask, 0, -1).copy()
    )
    np.testing.assert_array_equal(found, np.moveaxis(first, -1, 0))
