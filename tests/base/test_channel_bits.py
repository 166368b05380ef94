"""The bits of a channel do not depend on how many channels there are, nor on the chunks along them."""

import inspect

import numpy as np
import pytest

import imfilter
from tests.arrays.cases import CASES
from tests.looping import loop_over

#: Below and from the lengths on at which channels are summed in other ways: in registers, with and without
#: shuffles, and as a line of their own.
COUNTS = (1, 2, 3, 5, 7, 17, 31, 32, 33, 64, 100)
MANY = (33, 1023, 1024, 1030)
#: Filters that compare the channels of a pixel.
_JOINT = ("bilateral", "bilateral, sampled", "guided", "non_local_means", "anisotropic_diffusion")
_WEIGHTS = np.random.default_rng(8).random(200) - 0.4
_DENSE = np.random.default_rng(9).random((9, 7)) - 0.4
#: More filters of two axes, with other windows and ways to sum.
MORE = [
    ("box, 2", imfilter.box, (2,), {}),
    ("box, 31", imfilter.box, (31,), {}),
    ("box, 64", imfilter.box, (64,), {}),
    ("gaussian, 0.8", imfilter.gaussian, (0.8,), {}),
    ("gaussian, 2", imfilter.gaussian, (2,), {}),
    ("correlate, 9x7", imfilter.correlate, (_DENSE,), {}),
    ("correlate, parts", imfilter.correlate, ([_WEIGHTS[:4], _WEIGHTS[:7]],), {"bias": 0.1}),
    ("avg_pool, 2", imfilter.avg_pool, (2,), {}),
    ("avg_pool, 3x5", imfilter.avg_pool, ((3, 5),), {"stride": (1, 2), "padding": (1, 2)}),
    ("avg_pool, 2x6", imfilter.avg_pool, ((2, 6),), {"padding": (1, 3), "count_padding": False}),
    ("avg_pool, 16", imfilter.avg_pool, (16,), {"padding": 5}),
    ("avg_pool, tall", imfilter.avg_pool, ((33, 20),), {}),
    ("avg_pool, long", imfilter.avg_pool, ((20, 70),), {"stride": (20, 1), "padding": (0, 30)}),
    ("global_pool", imfilter.global_pool, ("mean",), {}),
    ("resize, half", imfilter.resize, (), {"scale": 0.5}),
    ("resize, lanczos", imfilter.resize, (), {"scale": 1.4, "method": "lanczos"}),
    ("resize, cubic", imfilter.resize, (), {"scale": 0.7, "method": "cubic"}),
    ("butterworth", imfilter.butterworth, (0.1,), {}),
    ("clahe", imfilter.clahe, (9,), {"value_range": (0, 100)}),
]
FILTERS = [
    case
    for case in CASES + MORE
    if case[0] not in _JOINT
    and "channel_axis" in inspect.signature(case[1]).parameters
    and not case[0].startswith("match_template")
]
#: Filters of one axis.
LINES = [
    (imfilter.box, (2,), {}),
    (imfilter.box, (31,), {}),
    (imfilter.box, (48,), {}),
    (imfilter.box, (64,), {"mode": "wrap"}),
    (imfilter.gaussian, (2,), {}),
    (imfilter.gaussian, (5,), {"order": 1}),
    *[(imfilter.correlate, (_WEIGHTS[:n],), {}) for n in (2, 9, 32, 33, 64, 65, 100)],
    (imfilter.correlate, (_WEIGHTS[:40],), {"stride": 2}),
    (imfilter.correlate, (_WEIGHTS[:40],), {"dilation": 2}),
    (imfilter.correlate, (_WEIGHTS[:50],), {"dilation": 9, "mode": "edge"}),
    *[(imfilter.correlate, (_WEIGHTS[:n] * (np.arange(n) % 5 > 0),), {}) for n in (50, 90)],
    (imfilter.median, (5,), {}),
    (imfilter.avg_pool, (2,), {}),
    (imfilter.avg_pool, (3,), {"stride": 1}),
    (imfilter.avg_pool, (16,), {"padding": 5, "ceil_mode": True}),
    (imfilter.avg_pool, (20,), {}),
    (imfilter.avg_pool, (70,), {"padding": 30}),
    (imfilter.avg_pool, (70,), {"stride": 40, "dilation": 2}),
    (imfilter.avg_pool, (64,), {"count_padding": True, "padding": 9, "stride": 33}),
    (imfilter.global_pool, ("mean",), {}),
    (imfilter.resize, (), {"scale": 0.4}),
]


def image(dtype, shape, channels):
    return (np.random.default_rng(3).random((*shape, channels)) * 100).astype(dtype)


def agree(function, args, options, array, counts):
    """Whether channels of images with more and with fewer channels have the bits that they have alone."""
    single = {}
    for count in counts:
        found = function(np.ascontiguousarray(array[..., :count]), *args, channel_axis=-1, **options)
        for c in sorted({0, count // 2, count - 1}):
            if c not in single:
                single[c] = function(array[..., c].copy(), *args, **options)
            message = f"channel {c} of {count}, {options}"
            np.testing.assert_array_equal(found[..., c], single[c], err_msg=message, strict=True)


@pytest.mark.slow
@loop_over("dtype", ["float32", "float64", "uint8", "uint16"])
@loop_over(("function", "args", "options"), [case[1:] for case in FILTERS])
def test_filters_of_two_axes(function, args, options, dtype):
    array = image(dtype, (66, 71), max(COUNTS))
    agree(function, args, options, array, COUNTS)
    if "mode" in inspect.signature(function).parameters:
        for mode in ("wrap", "zero") if function is imfilter.butterworth else ("wrap", "shrink"):
            agree(function, args, {**options, "mode": mode}, array, (5, 33))


@pytest.mark.slow
@loop_over("dtype", ["float32", "float64", "uint8"])
@loop_over(("function", "args", "options"), [case[1:] for case in FILTERS if case[1] is not imfilter.generic])
def test_very_many_channels(function, args, options, dtype):
    shape = (66, 71) if "pool" in function.__name__ else (11, 13)
    agree(function, args, options, image(dtype, shape, max(MANY)), MANY)


@pytest.mark.slow
@loop_over("dtype", ["float32", "float64", "uint8"])
@loop_over(("function", "args", "options"), LINES)
def test_filters_of_one_axis(function, args, options, dtype):
    for length in (211, 700):
        agree(function, args, options, image(dtype, (length,), 1030), (*COUNTS, 1030))


@pytest.mark.slow
@loop_over("dtype", ["float32", "float64", "uint8"])
@loop_over("size", [3, 7, 31])
@loop_over("shape", [(37, 41), (211,)])
def test_absent_samples(shape, size, dtype):
    array, mask = image(dtype, shape, 100), np.random.default_rng(2).random(shape) > 0.2
    for function, args in ((imfilter.box, (size,)), (imfilter.gaussian, (size / 4,)), (imfilter.sobel, ())):
        agree(function, args, {"mask": mask}, array, (1, 3, 31, 33, 100))
    for long in (81, 100):
        if len(shape) == 1:
            agree(imfilter.box, (long,), {"mask": mask}, array, (1, 31, 33, 100))


def test_wide_samples_of_long_sums():
    """Samples whose sums are rounded: the order of running sums has no effect on float32 results."""
    array = (10.0 ** np.random.default_rng(5).uniform(-3, 3, (70, 90, 40))).astype("float32")
    agree(imfilter.box, (31,), {}, array, (1, 3, 5, 9, 33, 40))


@pytest.mark.parametrize("chunk", [1, 16, 31, 32])
def test_chunks_of_channels(chunk):
    da = pytest.importorskip("dask.array")
    for dtype in ("float32", "float64"):
        array = image(dtype, (40, 60), 33)
        lazy = da.from_array(array, chunks=(17, 60, chunk))
        for function, args in (
            (imfilter.box, (3,)),
            (imfilter.gaussian, (2,)),
            (imfilter.correlate, (_DENSE,)),
            (imfilter.sobel, ()),
            (imfilter.avg_pool, ((2, 20),)),
        ):
            whole = function(array, *args, channel_axis=-1)
            np.testing.assert_array_equal(function(lazy, *args, channel_axis=-1).compute(), whole)
        rows = da.from_array(array, chunks=(40, 13, chunk))
        for function, args in (
            (imfilter.correlate, (_WEIGHTS[:36],)),
            (imfilter.avg_pool, (16,)),
            (imfilter.avg_pool, (36,)),
        ):
            np.testing.assert_array_equal(
                function(rows, *args, axes=0).compute(), function(array, *args, axes=0)
            )


@pytest.mark.slow
@loop_over("dtype", ["float64", "uint8"])
@loop_over(("function", "args", "options"), [case[1:] for case in FILTERS])
def test_every_filter_in_chunks_of_channels(function, args, options, dtype):
    da = pytest.importorskip("dask.array")
    array = image(dtype, (40, 45), 33)
    lazy = function(da.from_array(array, chunks=(40, 45, 16)), *args, channel_axis=-1, **options)
    whole = function(array, *args, channel_axis=-1, **options)
    np.testing.assert_array_equal(lazy.compute(), whole, strict=True)
