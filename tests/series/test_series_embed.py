"""Vectors for series: of one length, and what pooling by hand says."""

import functools

import numpy as np
import pytest

import imfilter
from imfilter import series
from tests.reference import series_by_loops as loops

RNG = np.random.default_rng(8)
partial = functools.partial
REDUCE = {"max": np.max, "mean": np.mean, "min": np.min}
FILTERS = [
    partial(series.moving_average, size=5),
    series.difference,
    partial(series.exponential, alpha=0.2),
    series.Cascade(partial(series.median, size=3), partial(series.difference, order=2)),
    series.fit_forecaster(RNG.normal(size=60), 3),
]


def by_hand(x, filters, levels, words):
    found = []
    for one in filters:
        y = one.predict(x) if isinstance(one, series.Forecaster) else one(x)
        found += [REDUCE[w](cell) for w in words for level in levels for cell in loops.cells(y, level)]
    return np.array(found)


@pytest.mark.parametrize("levels", [1, (1, 2, 4), (3, 5)])
@pytest.mark.parametrize("words", ["max", "mean", ("min", "mean"), ("max", "mean", "min")])
def test_it_is_pooling_by_hand(levels, words):
    kinds = (words,) if isinstance(words, str) else words
    steps = (levels,) if isinstance(levels, int) else levels
    for n in (1, 2, 3, 7, 40, 1001):
        x = RNG.normal(size=n)
        result = series.embed(x, FILTERS, levels=levels, reduce=words)
        assert result.shape == (len(FILTERS) * len(kinds) * sum(steps),)  # whatever n is
        np.testing.assert_allclose(result, by_hand(x, FILTERS, steps, kinds), atol=1e-14)
        alone = series.embed(x, levels=levels, reduce=words)
        np.testing.assert_allclose(alone, by_hand(x, [lambda x: x], steps, kinds), atol=1e-14)


def test_it_is_the_pooling_of_images():
    x = RNG.normal(size=(4, 30))
    np.testing.assert_array_equal(series.embed(x), imfilter.pyramid_pool(x, axes=-1))
    pooled = imfilter.global_pool(series.difference(x), "mean", axes=1)
    np.testing.assert_array_equal(
        series.embed(x, [series.difference], levels=1, reduce="mean"), pooled[:, None]
    )


def test_batches():
    x = RNG.normal(size=(3, 50, 2))
    result = series.embed(x, FILTERS, reduce=("max", "mean"), axis=1)
    assert result.shape == (3, 2, 5 * 2 * 7)
    for i, j in np.ndindex(3, 2):
        np.testing.assert_array_equal(result[i, j], series.embed(x[i, :, j], FILTERS, reduce=["max", "mean"]))
    np.testing.assert_array_equal(result, series.embed(x, FILTERS, reduce=("max", "mean"), axis=1, workers=1))


def test_dtypes_and_gaps():
    x = RNG.integers(0, 255, 40).astype(np.uint8)
    mean = partial(series.moving_average, size=3)
    result = series.embed(x, [mean], levels=1)
    assert result.dtype == np.float32
    assert result[0] == np.float32(series.moving_average(x, 3, dtype=float).max())  # fractions are kept
    assert series.embed(x.astype(int)).dtype == np.float64
    assert series.embed(x, dtype="u1").dtype == np.uint8
    holes = RNG.normal(size=40)
    holes[30] = np.nan
    np.testing.assert_array_equal(np.isnan(series.embed(holes)), [1, 0, 1, 0, 0, 0, 1])
    assert not np.isnan(series.embed(holes, [partial(mean, nan="ignore")])).any()


X = np.arange(12.0)
AVERAGE = partial(series.moving_average, size=5)
WRONG = [
    (
        lambda: series.embed(X, AVERAGE),
        TypeError,
        "filters must be a sequence of filters, got functools.partial",
    ),
    (
        lambda: series.embed(X, [np.mean]),
        TypeError,
        "filters must be one of the functions of imfilter.series",
    ),
    (
        lambda: series.embed(X, [partial(AVERAGE, axis=0)]),
        TypeError,
        "filters must not set axis, which belongs to embed, got",
    ),
    (lambda: series.embed(X, [series.median]), TypeError, "median(): missing a required argument: 'size'"),
    (lambda: series.embed(X, levels=0), ValueError, "levels must be at least 1, got 0"),
    (lambda: series.embed(X, levels=()), ValueError, "levels must contain at least one level, got ()"),
    (
        lambda: series.embed(X, reduce="sum"),
        ValueError,
        "reduce must be one of 'mean', 'max', 'min', got 'sum'",
    ),
    (lambda: series.embed(X, reduce=("max", "sum")), ValueError, "reduce must be one of"),
    (lambda: series.embed(X, reduce=()), TypeError, "reduce must be a word or a sequence of words, got ()"),
    (
        lambda: series.embed(X, reduce=None),
        TypeError,
        "reduce must be a word or a sequence of words, got None",
    ),
    (lambda: series.embed(X[:0]), ValueError, "x must not be empty, got shape (0,)"),
    (lambda: series.embed(1.0), ValueError, "x must have at least one axis"),
    (lambda: series.embed(X * 1j), TypeError, "x must contain real numbers"),
    (lambda: series.embed(X, dtype=complex), TypeError, "dtype must be a real NumPy dtype"),
    (lambda: series.embed(X, axis=1), ValueError, "axis must be from -1 to 0"),
    (lambda: series.embed(X, workers=0), ValueError, "workers must be at least 1, got 0"),
    (
        lambda: series.embed(X[:4], [partial(AVERAGE, mode="valid")]),
        ValueError,
        "x must be long enough for a result of moving_average(size=5, mode='valid'), got 4 samples",
    ),
]


@pytest.mark.parametrize(("call", "kind", "words"), WRONG, ids=[w[2][:50] for w in WRONG])
def test_errors(call, kind, words):
    with pytest.raises(kind) as caught:
        call()
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
