"""Filters of lazy arrays that merge what their blocks find, change the size, or need the whole."""

import numpy as np
import pytest

import imfilter
from imfilter import morphology, series, threshold
from tests.looping import loop_over

da = pytest.importorskip("dask.array")
dask = pytest.importorskip("dask")


@pytest.fixture(autouse=True)
def one_thread():
    with dask.config.set(scheduler="sync"):
        yield


def image(shape=(40, 46), scale=1000):
    """A smooth image with a bright part."""
    values = imfilter.gaussian(np.random.default_rng(3).random(shape), 1.5) * scale
    values[shape[0] // 3 : shape[0] // 2, shape[1] // 3 :] += scale / 5
    return values - values.min()


CANNY = [
    {"low": 80, "high": 300},
    {"low": 30, "high": 500, "mode": "wrap"},
    {"low": 80, "high": 300, "norm": "l1", "sigma": 0},
    {"low": 80, "high": 300, "mode": "zero", "nms": "interpolated"},
    {},
    {"threshold": "otsu", "low": 0.3, "high": 1.2, "nms": "interpolated"},
    {"threshold": "median", "nms": "interpolated"},
    {"threshold": "quantile", "low": 0.3, "high": 0.9, "norm": "l1", "mode": "wrap"},
]


@pytest.mark.parametrize("options", CANNY, ids=str)
@pytest.mark.parametrize("dtype", ["u2", "f4"])
@pytest.mark.slow
def test_canny(dtype, options):
    array = image().astype(dtype)
    whole = imfilter.canny(array, **options)
    assert 0.02 < whole.mean() < 0.9
    for chunks in ((9, 46), (11, (20, 1, 2, 23)), (1, 46), (40, 46)):
        found = imfilter.canny(da.from_array(array, chunks=chunks), **options)
        assert found.dtype == bool
        assert found.chunks == da.from_array(array, chunks=chunks).chunks
        np.testing.assert_array_equal(found.compute(), whole)


@pytest.mark.parametrize("options", [{"low": 80, "high": 300}, {}, {"threshold": "median"}], ids=str)
def test_canny_with_a_mask(options):
    array, mask = image().astype("f4"), np.random.default_rng(0).random((40, 46)) > 0.02
    mask[:20, :20] = True
    whole = imfilter.canny(array, mask=mask, **options)
    found = imfilter.canny(da.from_array(array, chunks=(11, 13)), mask=mask, **options)
    np.testing.assert_array_equal(found.compute(), whole)


@pytest.mark.parametrize("threshold", ["otsu", "median", "quantile"])
def test_thresholds_of_gradients_that_are_nan(threshold):
    array = image()
    array[30, 5] = np.nan
    options = {"threshold": threshold, "low": 0.5, "high": 0.9}
    for more in ({}, {"nan": "ignore"}, {"mask": np.zeros(array.shape, bool)}):
        whole = imfilter.canny(array, **options, **more)
        found = imfilter.canny(da.from_array(array, chunks=(11, 13)), **options, **more)
        np.testing.assert_array_equal(found.compute(), whole)
        assert whole.any() == ("mask" not in more and (threshold == "otsu" or "nan" in more))


def test_canny_says_what_it_cannot_do():
    lazy = da.from_array(image(), chunks=9)
    with pytest.raises(ValueError, match="for a dask array, got a function, which needs all gradients"):
        imfilter.canny(lazy, threshold=lambda gradient: (1, 2))
    with pytest.raises(ValueError, match="low must not be greater than high"):
        imfilter.canny(lazy, 3, 1)


@pytest.mark.parametrize("connectivity", [None, 1, 2])
def test_hysteresis_in_a_volume(connectivity):
    array = np.random.default_rng(1).random((8, 12, 13))
    whole = imfilter.hysteresis_threshold(array, 0.6, 0.97, connectivity=connectivity)
    for chunks in ((3, 5, 13), (8, 1, 7)):
        lazy = da.from_array(array, chunks=chunks)
        found = imfilter.hysteresis_threshold(lazy, 0.6, 0.97, connectivity=connectivity)
        np.testing.assert_array_equal(found.compute(), whole)


def test_hysteresis_along_a_snake():
    """One component through all blocks, with a single strong sample at its end."""
    array = np.zeros((12, 12))
    for row in range(0, 12, 2):
        array[row] = 1
        array[min(row + 1, 11), 11 if row % 4 == 0 else 0] = 1
    array[0, 0] = 2
    whole = imfilter.hysteresis_threshold(array, 0.5, 1.5)
    assert whole.sum() == (array > 0).sum()
    found = imfilter.hysteresis_threshold(da.from_array(array, chunks=(3, 5)), 0.5, 1.5)
    np.testing.assert_array_equal(found.compute(), whole)


METHODS = ("otsu", "multi_otsu", "li", "yen", "triangle", "isodata", "minimum")


@loop_over("dtype", ["u1", "i2", "i4", "f4", "f8"])
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.slow
def test_thresholds_of_the_whole(method, dtype):
    scale = {"u1": 0.2, "i4": 3 if method == "minimum" else 5000}.get(dtype, 1)
    array = (image() * scale).astype(dtype)
    function, mask = getattr(threshold, method), np.random.default_rng(0).random(array.shape) > 0.3
    empty = mask & (np.arange(46) > 20)  # some chunks have no sample that is present
    for options in ({}, {"mask": mask}, {"mask": empty}, {"bins": 300}):
        whole = np.asarray(function(array, **options))
        for chunks in ((9, 46), (13, 19)):
            found = function(da.from_array(array, chunks=chunks), **options)
            assert found.shape == whole.shape
            np.testing.assert_array_equal(found.compute(), whole)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_thresholds_refuse_weights_when_they_are_called(dtype):
    lazy = da.zeros((40, 46), chunks=(11, 13), dtype=dtype)
    with pytest.raises(ValueError, match=r"^mask must contain truth values"):
        threshold.otsu(lazy, mask=np.full((40, 46), 0.5))


def test_thresholds_with_nan():
    array = image()
    array[3, 4] = np.nan
    lazy = da.from_array(array, chunks=9)
    assert np.isnan(threshold.otsu(lazy).compute())
    assert threshold.otsu(lazy, nan="ignore").compute() == threshold.otsu(array, nan="ignore")
    with pytest.raises(ValueError, match="image must have at least one sample that is present"):
        threshold.otsu(lazy, mask=np.zeros(array.shape, bool)).compute()


@pytest.mark.parametrize(
    "options",
    [
        {"shape": 7, "method": "cubic"},
        {"scale": 1.4, "method": "lanczos", "mode": "constant", "cval": 1.5},
        {"scale": 0.5},
        {"scale": (0.3, 2.1)},
        {"shape": (40, 23), "method": "linear", "mode": "wrap"},
        {"scale": 2, "method": "linear", "align": "corners"},
        {"scale": 2, "method": "cubic", "mode": "mirror"},
        {"scale": 0.4, "method": "nearest"},
        {"scale": 0.7, "method": "cubic", "mode": "shrink"},
        {"scale": 0.6, "method": "linear", "mask": image() > 300},
    ],
    ids=lambda options: "-".join(map(str, list(options.values())[:3])),
)
def test_resize(options):
    for dtype in ("u1", "f4"):
        array = image(scale=250).astype(dtype)
        whole = imfilter.resize(array, **options)
        for chunks in ((7, 46), (13, (20, 1, 2, 23)), (40, 46)):
            found = imfilter.resize(da.from_array(array, chunks=chunks), **options)
            assert (found.shape, found.dtype) == (whole.shape, whole.dtype)
            np.testing.assert_array_equal(found.compute(), whole)


def test_pyramids():
    array = image().astype("f4")
    for mode in ("mirror", "wrap", "shrink"):
        found = imfilter.pyramid(da.from_array(array, chunks=(13, 21)), 3, mode=mode)
        for lazy, whole in zip(found, imfilter.pyramid(array, 3, mode=mode), strict=True):
            np.testing.assert_array_equal(lazy.compute(), whole)
    with pytest.raises(ValueError, match="kind must be 'gaussian' for a dask array"):
        imfilter.pyramid(da.from_array(array, chunks=9), 2, kind="laplacian")


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"interpolate": True},
        {"pixels_per_cell": (5, 7), "cells_per_block": (2, 3), "feature_vector": False},
        {"mask": image() > 100},
    ],
    ids=["default", "interpolate", "sizes", "mask"],
)
def test_hog(options):
    array = image().astype("f4")
    whole = imfilter.hog(array, **options)
    for chunks in ((7, 46), (13, (20, 1, 2, 23))):
        found = imfilter.hog(da.from_array(array, chunks=chunks), **options)
        assert (found.shape, found.dtype) == (whole.shape, whole.dtype)
        np.testing.assert_array_equal(found.compute(), whole)


STACKED = [
    (imfilter.butterworth, (0.1,)),
    (imfilter.wiener, (np.ones((3, 3)) / 9,)),
    (imfilter.richardson_lucy, (np.ones((3, 3)) / 9, 2)),
    (imfilter.total_variation, (5,)),
    (imfilter.meijering, ((1,),)),
    (imfilter.non_local_means, ()),
    (imfilter.global_pool, ()),
    (morphology.local_maxima, ()),
    (morphology.area_opening, (5,)),
]


@pytest.mark.parametrize(("function", "args"), STACKED, ids=lambda v: getattr(v, "__name__", ""))
def test_filters_of_the_whole_take_stacks(function, args):
    """One task for each image of a stack. With several chunks in an image, the error names the next step."""
    array = image((3, 20, 22)).astype("f4")
    found = function(da.from_array(array, chunks=(1, 20, 22)), *args, axes=(1, 2))
    assert len(found.__dask_graph__()) <= 6
    np.testing.assert_array_equal(found.compute(), function(array, *args, axes=(1, 2)))
    with pytest.raises(ValueError, match=r"image must have one chunk along axes \(1, 2\) for .*rechunk"):
        function(da.from_array(array, chunks=(1, 9, 9)), *args, axes=(1, 2))


def test_series():
    array = image((30, 5, 4)).astype("f4")
    lazy = da.from_array(array, chunks=(30, 2, 4))
    for function, args in ((series.gaussian, (2.0,)), (series.median, (5,)), (series.moving_rank, (4,))):
        found = function(lazy, *args, axis=0)
        assert found.chunks == lazy.chunks
        np.testing.assert_array_equal(found.compute(), function(array, *args, axis=0))
    found = series.moving_average(lazy, 5, axis=0, mode="valid")
    np.testing.assert_array_equal(found.compute(), series.moving_average(array, 5, axis=0, mode="valid"))
    with pytest.raises(ValueError, match=r"x must have one chunk along axes \(1,\) for series.gaussian"):
        series.gaussian(lazy, 2.0, axis=1)
