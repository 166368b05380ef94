"""dask arrays against NumPy: every filter gives the same bits, for any chunks."""

import inspect

import numpy as np
import pytest

import imfilter
from imfilter import color, morphology
from tests.arrays.cases import CASES
from tests.looping import loop_over

da = pytest.importorskip("dask.array")
dask = pytest.importorskip("dask")

SHAPE = (24, 27)
#: From single rows to the whole; unequal; smaller than a halo.
CHUNKS = [(1, 27), (7, 10), ((10, 1, 2, 11), (3, 24)), SHAPE]
MODES = ("mirror", "symmetric", "edge", "wrap", "zero", "constant", "shrink")


@pytest.fixture(autouse=True)
def one_thread():
    with dask.config.set(scheduler="sync"):
        yield


def image(dtype, shape=SHAPE):
    values = np.random.default_rng(5).random(shape) * 100
    return values.astype(dtype)


def agree(lazy, whole):
    """Whether a lazy result has the shape, the type and the bits of a whole one."""
    assert isinstance(lazy, da.Array)
    assert lazy.shape == whole.shape
    assert lazy.dtype == whole.dtype
    # In one array, and from chunks that are joined.
    for found in (lazy.compute(), *dask.compute(lazy)):
        assert found.shape == whole.shape
        assert found.dtype == whole.dtype
        np.testing.assert_array_equal(found, whole)


NAMES = [name for name, *_ in CASES]


@pytest.mark.slow
@loop_over("dtype", ["u1", "f4"])
@loop_over(("function", "args", "options"), [case[1:] for case in CASES])
def test_every_filter(function, args, options, dtype):
    """With its own border, and with those that read the other end or nothing there."""
    array = image(dtype)
    has_mode = "mode" in inspect.signature(function).parameters
    cases = [({}, CHUNKS[1]), ({}, CHUNKS[2])]
    if has_mode:
        cases += [({"mode": "wrap"}, CHUNKS[1]), ({"mode": "shrink"}, CHUNKS[2])]
    for more, chunks in cases:
        whole = function(array, *args, **options, **more)
        agree(function(da.from_array(array, chunks=chunks), *args, **options, **more), whole)


@pytest.mark.slow
@loop_over("mode", MODES)
@loop_over("chunks", CHUNKS)
def test_all_borders(chunks, mode):
    """Among them halos that are larger than a chunk, and larger than the image."""
    array = image("f4")
    lazy = da.from_array(array, chunks=chunks)
    calls = [
        (imfilter.gaussian, (1.5,)),
        (imfilter.gaussian, (9,)),
        (imfilter.median, ((3, 9),)),
        (imfilter.correlate, (np.arange(1.0, 21).reshape(2, 10),)),
        (morphology.opening, (np.ones((3, 5)),)),
    ]
    for function, args in calls:
        options = {"mode": mode, "cval": 7.0}
        agree(function(lazy, *args, **options), function(array, *args, **options))
    array = image("u1")
    whole = imfilter.box(array, (40, 3), **options)
    agree(imfilter.box(da.from_array(array, chunks=chunks), (40, 3), **options), whole)


@pytest.mark.parametrize("dtype", ["?", "i2", "u2", "i4", "i8", "f2", "f8"])
def test_types(dtype):
    array = image(dtype) if dtype != "?" else image("f4") > 50
    lazy = da.from_array(array, chunks=(9, 11))
    for function, args in ((imfilter.gaussian, (2,)), (imfilter.box, (5,)), (imfilter.median, (3,))):
        agree(function(lazy, *args), function(array, *args))
    agree(imfilter.sobel(lazy, dtype="f8"), imfilter.sobel(array, dtype="f8"))


@pytest.mark.parametrize("lazy_mask", [False, True])
@pytest.mark.parametrize("graded", [False, True])
def test_masks(graded, lazy_mask):
    array, rng = image("f4"), np.random.default_rng(2)
    mask = rng.random(SHAPE) if graded else rng.random(SHAPE) > 0.3
    mask[:12, :12] = 1  # blocks in which all samples are present
    given = da.from_array(mask, chunks=(8, 27)) if lazy_mask else mask
    lazy = da.from_array(array, chunks=(7, 10))
    for function, args in ((imfilter.gaussian, (1.2,)), (imfilter.median, (3,)), (imfilter.sobel, ())):
        whole = function(array, *args, mask=mask, min_coverage=0.2)
        agree(function(lazy, *args, mask=given, min_coverage=0.2), whole)


@pytest.mark.parametrize(
    ("function", "args"), [(imfilter.harris, ()), (imfilter.shi_tomasi, ()), (imfilter.guided, (3, 50.0))]
)
def test_only_some_blocks_have_absent_samples(function, args):
    """Sums with and without absent samples are rounded differently."""
    array = np.random.default_rng(1).random((40, 52)) * 100
    mask = np.ones(array.shape, bool)
    mask[-3:, -3:] = False
    lazy = da.from_array(array, chunks=(8, 9))
    agree(function(lazy, *args, mask=mask), function(array, *args, mask=mask))


def test_a_mask_that_changes_nothing_is_dropped():
    array = image("f4")
    found = imfilter.gaussian(da.from_array(array, chunks=8), 2, mask=np.ones(SHAPE, bool))
    agree(found, imfilter.gaussian(array, 2))


def test_samples_that_are_not_finite():
    array = image("f4")
    array[3, 4], array[20, 20] = np.nan, np.inf
    lazy = da.from_array(array, chunks=(7, 10))
    for options in ({}, {"nan": "ignore"}, {"nan": "ignore", "min_coverage": 0.5}):
        for function, args in ((imfilter.gaussian, (1.5,)), (imfilter.box, (5,)), (imfilter.median, (3,))):
            with np.errstate(all="ignore"):
                agree(function(lazy, *args, **options), function(array, *args, **options))


def test_one_bad_sample_beside_kernels_with_zeros_and_kernels_longer_than_the_image():
    """Sums of samples that are not finite have other taps. Only one of the blocks has such a sample."""
    kernel = np.random.default_rng(1).random((9, 9)) - 0.5
    kernel[::2, ::3] = 0
    for value in (np.nan, -np.inf):
        array = np.random.default_rng(1).random((6, 200)).astype("f4")
        array[3, 5] = value
        for options in ({}, {"mode": "wrap"}, {"mode": "shrink"}):
            for function, args in (
                (imfilter.difference_of_gaussians, (3,)),
                (imfilter.hessian, (3,)),
                (imfilter.correlate, (kernel,)),
            ):
                whole = function(array, *args, **options)
                for chunks in ((6, 30), (2, 50)):
                    agree(function(da.from_array(array, chunks=chunks), *args, **options), whole)


def test_masked_arrays():
    array = np.ma.MaskedArray(image("f4"), image("f4") > 90)
    found = imfilter.gaussian(da.from_array(array, chunks=(7, 10)), 1).compute()
    whole = imfilter.gaussian(array, 1)
    np.testing.assert_array_equal(np.ma.getdata(found), np.ma.getdata(whole))
    np.testing.assert_array_equal(np.ma.getmaskarray(found), np.ma.getmaskarray(whole))


def test_channels():
    array = image("u1", (20, 22, 3))
    lazy = da.from_array(array, chunks=(7, 9, 3))
    apart = da.from_array(array, chunks=(7, 9, 1))
    for function, args in (
        (imfilter.gaussian, (1.2,)),
        (imfilter.bilateral, (1.0, 20.0)),
        (imfilter.guided, (2, 50.0)),
        (imfilter.hessian, (1.0,)),
        (imfilter.max_pool, (2,)),
    ):
        whole = function(array, *args, channel_axis=-1)
        agree(function(lazy, *args, channel_axis=-1), whole)
    agree(imfilter.gaussian(apart, 1.2, channel_axis=-1), imfilter.gaussian(array, 1.2, channel_axis=-1))
    with pytest.raises(ValueError, match=r"image must have one chunk along axes \(2,\) for bilateral"):
        imfilter.bilateral(apart, 1.0, 20.0, channel_axis=-1)
    mask = image("f4", (20, 22)) > 30
    whole = imfilter.median(array, 3, channel_axis=-1, mask=mask)
    agree(imfilter.median(lazy, 3, channel_axis=-1, mask=mask), whole)


def test_guides():
    array, guide, colour = image("f4"), image("u1")[::-1], image("u1", (*SHAPE, 3))
    lazy = da.from_array(array, chunks=(7, 10))
    whole = imfilter.guided(array, 2, 50.0, guide=guide)
    agree(imfilter.guided(lazy, 2, 50.0, guide=guide), whole)
    whole = imfilter.bilateral(array, 1.0, 20.0, guide=colour, channel_axis=-1)
    agree(imfilter.bilateral(lazy, 1.0, 20.0, guide=colour, channel_axis=-1), whole)


def test_volumes_and_batches():
    array = image("f4", (9, 14, 15))
    lazy = da.from_array(array, chunks=(2, 5, 15))
    for options in ({}, {"axes": (2, 0)}, {"axes": 1}, {"channel_axis": 0}):
        for function, args in ((imfilter.gaussian, (1.2,)), (imfilter.median, (3,)), (imfilter.sobel, ())):
            agree(function(lazy, *args, **options), function(array, *args, **options))


def test_colours():
    array = image("u1", (20, 22, 3))
    lazy = da.from_array(array, chunks=(7, 9, 3))
    agree(color.rgb_to_gray(lazy), color.rgb_to_gray(array))
    agree(color.rgb_to_lab(lazy), color.rgb_to_lab(array))
    lab = color.rgb_to_lab(array)
    agree(color.lab_to_rgb(da.from_array(lab, chunks=(9, 9, 3))), color.lab_to_rgb(lab))
    agree(color.lab_to_lch(da.from_array(lab, chunks=(9, 9, 3))), color.lab_to_lch(lab))


def test_algorithms_that_share_sums_are_left_out():
    """A wide Gaussian of floats: the plain call has cosines. Its bits depend on the rows of a task."""
    array = image("f4", (400, 500))
    assert imfilter.plan(array.shape, "f4", imfilter.gaussian, 12).algorithm == "cosines"
    lazy = imfilter.gaussian(da.from_array(array, chunks=(130, 500)), 12)
    agree(lazy, imfilter.gaussian(array, 12, method="separable"))
    assert abs(lazy.compute() - imfilter.gaussian(array, 12)).max() < 100 * 4e-6


@pytest.mark.slow
@loop_over("mode", MODES)
def test_kernels_longer_than_the_image(mode):
    """A kernel with gaps is folded onto the image. Its taps may be few, but a part folds them otherwise."""
    for length, taps, dilation in [(3, 4, 3), (3, 3, 4), (3, 5, 2), (4, 3, 6), (5, 4, 8), (2, 4, 3)]:
        kernel = np.arange(1.0, taps + 1)[None]
        array = image("f8", (4, length))
        whole = imfilter.correlate(array, kernel, dilation=(1, dilation), mode=mode)
        if mode == "wrap":
            places = np.arange(length)[:, None] + (
                np.arange(taps) * dilation - (taps - 1) * dilation // 2 - 1
            )
            places += 1 if (taps - 1) * dilation % 2 == 0 else 0
            naive = (array[:, places % length] * kernel[0]).sum(-1)
            np.testing.assert_allclose(whole, naive, rtol=1e-12)
        for chunks in [(1,) * length, (1, length - 1), (length - 1, 1)]:
            lazy = da.from_array(array, chunks=((2, 2), chunks))
            agree(imfilter.correlate(lazy, kernel, dilation=(1, dilation), mode=mode), whole)


@pytest.mark.slow
@loop_over("dtype", ["u1", ">i2", "f8"])
@loop_over(("function", "args", "options"), [case[1:] for case in CASES])
def test_a_given_dtype(function, args, options, dtype):
    """The type of a lazy result is known at once, also where a filter converts the result of another one."""
    if "dtype" not in inspect.signature(function).parameters or options.get("part") == "complex":
        return
    array = image("f4", (12, 13))
    try:
        whole = function(array, *args, dtype=dtype, **options)
    except (TypeError, ValueError):
        return
    agree(function(da.from_array(array, chunks=(5, 13)), *args, dtype=dtype, **options), whole)
