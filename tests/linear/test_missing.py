"""Linear filters of images with missing data, against the definition."""

import functools
import itertools
import re
import tracemalloc
from functools import partial

import numpy as np
import pytest

import imfilter
from imfilter._filters.linear import normalized
from tests.linear.missing_cases import FILTERS, KERNELS, MODES, SHAPES, absences, close, picture
from tests.looping import loop_over


@pytest.mark.slow
@loop_over("mode", MODES)
@loop_over("n", [1, 2, 3])
@pytest.mark.parametrize("name", FILTERS)
def test_definition(name, n, mode):
    """Every filter, border and number of axes, with every kind of absence, in float64."""
    run, definition = FILTERS[name]
    image = picture("float64", SHAPES[n])
    for mask in absences(image.shape).values():
        expected = definition(image, mask, mode=mode, **({"cval": 3.0} if mode == "constant" else {}))
        result = run(image, mask=mask, mode=mode, cval=3.0)
        close(result, expected, image, mask, "float64")


@loop_over("dtype", ["float32", "uint8", "uint16"])
@pytest.mark.parametrize("name", FILTERS)
def test_types(name, dtype):
    run, definition = FILTERS[name]
    image = picture(dtype, SHAPES[2])
    for mask in absences(image.shape).values():
        close(run(image, mask=mask), definition(image, mask), image, mask, "float32")


@loop_over("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", FILTERS)
def test_confidences_and_nan(name, dtype):
    """Numbers as a mask, NaN as absent samples, and both together; also where little is present."""
    run, definition = FILTERS[name]
    rng, image = np.random.default_rng(3), picture(dtype, SHAPES[2])
    trust = np.where(rng.random(image.shape) < 0.3, 0.0, rng.random(image.shape) * 2)
    close(run(image, mask=trust), definition(image, trust), image, trust, dtype)
    holes = np.where(rng.random(image.shape) < 0.3, np.nan, image).astype(dtype)
    there = ~np.isnan(holes)
    for least in (0.0, 0.5, 1.0):
        result = run(holes, nan="ignore", min_coverage=least)
        close(result, definition(holes, there, least=least), image, there, dtype)
    both = run(holes, nan="ignore", mask=trust)
    close(both, definition(holes, trust * there), image, trust * there, dtype)


@pytest.mark.parametrize("name", FILTERS)
def test_what_is_under_the_mask_changes_nothing(name):
    run, _ = FILTERS[name]
    for n in (1, 2, 3):
        image, mask = picture("float64", SHAPES[n]), absences(SHAPES[n])["random"]
        expected = run(image, mask=mask)
        for value in (1e300, np.nan, np.inf, -np.inf):
            np.testing.assert_array_equal(run(np.where(mask, image, value), mask=mask), expected)


@pytest.mark.parametrize("name", FILTERS)
def test_nothing_absent_gives_the_same_bits(name):
    run, _ = FILTERS[name]
    for dtype in ("float32", "uint8"):
        image = picture(dtype, SHAPES[2])
        expected = run(image)
        for options in (
            {"mask": np.ones(image.shape, bool)},
            {"mask": np.ones(image.shape, np.float32)},
            {"nan": "ignore"},
            {"min_coverage": 1.0},
        ):
            np.testing.assert_array_equal(run(image, **options), expected)


@pytest.mark.parametrize("name", FILTERS)
def test_bits_do_not_depend_on_workers_or_layout(name):
    run, _ = FILTERS[name]
    image, mask = picture("float32", (700, 901)), np.random.default_rng(0).random((700, 901)) < 0.7
    expected = run(image, mask=mask, workers=1)
    np.testing.assert_array_equal(run(image, mask=mask, workers=3), expected)
    np.testing.assert_array_equal(run(np.asfortranarray(image), mask=mask, workers=2), expected)
    turned = run(image[::-1, ::-1].copy()[::-1, ::-1], mask=np.asfortranarray(mask))
    np.testing.assert_array_equal(turned, expected)
    holes = np.where(mask, image, np.float32(np.nan))
    np.testing.assert_array_equal(run(holes, nan="ignore"), expected)
    np.testing.assert_array_equal(run(np.ma.masked_array(image, ~mask)).filled(np.nan), expected)


@pytest.mark.parametrize("mode", ["mirror", "edge", "zero", "constant"])
def test_bits_do_not_depend_on_the_layout_of_small_volumes(mode):
    """A kernel longer than an axis, or a border constant: alone, in a stack, and in any order in memory."""
    rng = np.random.default_rng(0)
    for shape in ((3, 9, 7), (15, 2, 12), (13, 5)):
        image, mask = rng.random(shape), rng.random(shape) < 0.7
        axes = tuple(range(1, image.ndim + 1))
        for run in (
            functools.partial(imfilter.laplacian_of_gaussian, sigma=1.6, mode=mode, cval=3.0),
            functools.partial(imfilter.gaussian, sigma=2.5, mode=mode, cval=3.0),
        ):
            expected = run(image, mask=mask)
            for order in itertools.permutations(range(image.ndim)):
                given = image.transpose(order).copy().transpose(np.argsort(order))
                np.testing.assert_array_equal(run(given, mask=mask), expected, err_msg=str(order))
            stack, masks = np.stack([image] * 3), np.stack([mask] * 3)
            np.testing.assert_array_equal(run(stack, mask=masks, axes=axes)[1], expected)
            last = run(np.stack([image] * 3, -1), mask=np.stack([mask] * 3, -1), channel_axis=-1)
            np.testing.assert_array_equal(last[..., 1], expected)


@pytest.mark.parametrize("mode", ["mirror", "symmetric", "edge", "wrap", "zero", "constant", "shrink"])
@loop_over("order", ["C", "F"])
def test_pieces_have_the_bits_of_the_whole(monkeypatch, mode, order):
    """Small pieces, also where a border constant is in the first and the last one."""
    rng = np.random.default_rng(0)
    image, mask = np.asarray(rng.random((70, 9, 64)), order=order), rng.random((70, 9, 64)) < 0.7
    border = {"mode": mode, "cval": 3.0, "mask": mask}
    signed, long = rng.standard_normal((5, 3, 4)), rng.standard_normal((13, 3, 4))
    runs = [
        functools.partial(imfilter.gaussian, image, 1.5, **border),
        functools.partial(imfilter.laplacian_of_gaussian, image, 1.0, **border),
        functools.partial(imfilter.unsharp_mask, image, 1.0, **border),
        functools.partial(imfilter.box, image, 7, axes=(0, 2), **border),
        functools.partial(imfilter.correlate, image, signed, padding=(4, 2, 3), **border),
        functools.partial(imfilter.correlate, image, signed, padding=(30, 0, 1), stride=2, **border),
        functools.partial(imfilter.correlate, image, long, padding=(12, 2, 3), **border),
        functools.partial(imfilter.correlate, image, signed, dilation=(2, 1, 3), **border),
    ]
    for number, run in enumerate(runs):
        expected = run()
        with monkeypatch.context() as small:
            small.setattr(normalized, "_PIECE", 1)
            np.testing.assert_array_equal(run(), expected, err_msg=str(number))


@pytest.mark.parametrize("name", ["correlate", "correlate large", "gaussian", "sobel", "unsharp_mask"])
def test_parts_with_a_halo_are_the_whole(name):
    run, _ = FILTERS[name]
    image, mask = picture("float32", (300, 200)), np.random.default_rng(0).random((300, 200)) < 0.7
    expected = run(image, mask=mask)
    for first, stop in ((0, 130), (130, 131), (131, 300)):
        low, high = max(first - 20, 0), min(stop + 20, 300)
        part = run(image[low:high], mask=mask[low:high])
        np.testing.assert_array_equal(part[first - low : stop - low], expected[first:stop])


#: Filters whose arguments do not depend on the number of axes of the image.
PLANAR = {
    "correlate": lambda a, **o: imfilter.correlate(a, KERNELS[2], **o),
    "gaussian": lambda a, **o: imfilter.gaussian(a, (1.0, 1.4), **o),
    "gaussian wide": lambda a, **o: imfilter.gaussian(a, 7, **o),
    "sobel": imfilter.sobel,
    "laplacian": imfilter.laplacian,
}


@loop_over("axis", [0, 1, 2, -1])
@pytest.mark.parametrize("name", PLANAR)
def test_channels_and_batches(name, axis):
    """Each channel by itself, with a mask of the spatial shape and with one for each channel."""
    run = PLANAR[name]
    for channels in (3, 40):
        image = np.moveaxis(picture("float32", (channels, 21, 26)), 0, axis)
        mask = np.random.default_rng(5).random((21, 26)) < 0.6
        every = np.moveaxis(np.random.default_rng(6).random((channels, 21, 26)) < 0.6, 0, axis)
        result = np.moveaxis(run(image, mask=mask, channel_axis=axis), axis, 0)
        other = np.moveaxis(run(image, mask=every, channel_axis=axis), axis, 0)
        for c, plane in enumerate(np.moveaxis(image, axis, 0)):
            np.testing.assert_allclose(result[c], run(plane, mask=mask), rtol=0, atol=1e-5)
            own = np.moveaxis(every, axis, 0)[c]
            np.testing.assert_allclose(other[c], run(plane, mask=own), rtol=0, atol=1e-5)


def test_masked_arrays():
    image = np.ma.masked_array(np.arange(40.0).reshape(5, 8), False)
    image[1, 2:5] = np.ma.masked
    image[:, 6:] = np.ma.masked
    result = imfilter.box(image, 3, mode="shrink")
    plain = imfilter.box(image.data, 3, mask=~image.mask, mode="shrink")
    assert isinstance(result, np.ma.MaskedArray)
    np.testing.assert_array_equal(result.mask, np.isnan(plain))
    assert result.mask[:, 7].all()
    assert not result.mask[:, :6].any()
    np.testing.assert_array_equal(result.filled(np.nan), plain)
    whole = imfilter.box(np.ma.masked_array(np.ones((3, 3))), 3)
    assert isinstance(whole, np.ma.MaskedArray)
    assert not whole.mask.any()
    integers = imfilter.box(np.ma.masked_array(np.full((4, 4), 9, np.uint8), [[0, 1, 1, 1]] * 4), 1)
    np.testing.assert_array_equal(integers.mask, [[0, 1, 1, 1]] * 4)
    assert integers.dtype == np.uint8
    assert (integers.data == [9, 0, 0, 0]).all()


@pytest.mark.parametrize("name", ["gaussian", "correlate large", "sobel"])
def test_out_may_be_the_image(name):
    run, _ = FILTERS[name]
    image, mask = picture("float32", (300, 400)), np.random.default_rng(0).random((300, 400)) < 0.7
    expected = run(image, mask=mask)
    here = image.copy()
    assert run(here, mask=mask, out=here) is here
    np.testing.assert_array_equal(here, expected)
    trust = mask.astype(np.float32)
    assert run(image, mask=trust, out=trust) is trust
    np.testing.assert_array_equal(trust, expected)


def test_a_constant_stays_a_constant():
    """A derivative of a constant is 0, whatever is absent."""
    image, mask = np.full((20, 30), 7.25), np.random.default_rng(0).random((20, 30)) < 0.5
    for run in (imfilter.sobel, imfilter.laplacian, lambda a, **o: imfilter.gaussian(a, 1.5, order=1, **o)):
        result = run(image, mask=mask)
        assert np.nanmax(np.abs(result)) < 1e-13
    np.testing.assert_allclose(imfilter.gaussian(image, 2, mask=mask), 7.25, rtol=1e-14)


def test_large_samples_stay_in_their_windows():
    """The fill value of a raster, and infinity that is present."""
    image, mask = picture("float32", (40, 60)), np.ones((40, 60), bool)
    image[20, 30], mask[3, 3] = np.inf, False
    result = imfilter.gaussian(image, 1.0, mask=mask)
    assert np.isposinf(result[16:25, 26:35]).all()
    assert np.isfinite(result[:, :26]).all()
    assert np.isnan(imfilter.sobel(np.where(mask, 1.0, np.nan), mask=np.ones_like(mask))).sum() == 8


NUMBERS = "mask must contain truth values or finite numbers of at least 0, got"
WRONG = (
    ({"mask": np.ones((3, 4))}, "mask must have shape (4, 5), got (3, 4)"),
    ({"mask": -np.ones((4, 5))}, NUMBERS + " -1.0"),
    (
        {"mask": np.full((4, 5), np.nan)},
        NUMBERS + " nan",
    ),
    (
        {"mask": np.full((4, 5), np.inf)},
        NUMBERS + " inf",
    ),
    ({"min_coverage": 1.5}, "min_coverage must be from 0 to 1, got 1.5"),
    ({"min_coverage": -0.1}, "min_coverage must be from 0 to 1, got -0.1"),
    ({"nan": "drop"}, "nan must be one of 'propagate', 'ignore', got 'drop'"),
    ({"mode": "shrunk", "mask": np.zeros((4, 5))}, "mode must be one of"),
    ({"out": np.zeros((4, 4)), "mask": np.zeros((4, 5))}, "out must have shape (4, 5), got (4, 4)"),
)


@loop_over(("options", "message"), WRONG)
@pytest.mark.parametrize("name", ["gaussian", "correlate large", "sobel"])
def test_errors(name, options, message):
    run, _ = FILTERS[name]
    with pytest.raises(ValueError, match=re.escape(message)) as error:
        run(np.ones((4, 5)), **options)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"min_coverage": False}, "min_coverage must be a number, got False"),
        ({"min_coverage": np.zeros(1)}, "min_coverage must be a number, got ndarray of shape (1,)"),
        ({"nan": np.array(["propagate"] * 2)}, "nan must be one of 'propagate', 'ignore', got ndarray"),
    ],
)
@pytest.mark.parametrize("run", [imfilter.sobel, imfilter.harris, partial(imfilter.gabor, frequency=0.2)])
def test_types_are_checked_even_if_equal_to_the_default(run, options, message):
    with pytest.raises(TypeError, match=re.escape(message)):
        run(np.ones((8, 8)), **options)


@pytest.mark.parametrize("zero", [0, -0.0, np.float32(0), np.array(0.0)])
@pytest.mark.parametrize("run", [imfilter.sobel, imfilter.harris, partial(imfilter.gabor, frequency=0.2)])
def test_every_zero_asks_for_no_coverage(run, zero):
    image = np.random.default_rng(5).random((20, 30), np.float32)
    np.testing.assert_array_equal(run(image, min_coverage=zero), run(image))


def test_a_mask_of_complex_numbers_is_refused():
    with pytest.raises(TypeError, match="mask must contain real numbers"):
        imfilter.box(np.ones(5), 3, mask=np.ones(5, complex))


def test_of_astropy():
    """`astropy.convolution.convolve` with ``nan_treatment="interpolate"``, by its own formula."""
    image = np.array([1.0, np.nan, 3.0, 4.0, np.nan])
    kernel = np.array([0.25, 0.5, 0.25])
    expected = [
        1.0,
        (0.25 * 1 + 0.25 * 3) / 0.5,
        (0.5 * 3 + 0.25 * 4) / 0.75,
        (0.25 * 3 + 0.5 * 4) / 0.75,
        4.0,
    ]
    result = imfilter.correlate(image, kernel, nan="ignore", mode="shrink")
    np.testing.assert_allclose(result, expected)


@pytest.mark.parametrize("dtype", ["?", "int8", "int64", "uint64", "float16", "longdouble", ">f4", ">u2"])
def test_every_type_of_image_and_mask(dtype):
    """Any image gives what its samples give as float64, and any mask what its numbers give."""
    rng, dtype = np.random.default_rng(1), np.dtype(dtype)
    image = (rng.integers(0, 2 if dtype.kind == "b" else 100, (14, 19))).astype(dtype)
    mask = rng.random(image.shape) < 0.6
    for name in ("correlate", "correlate large", "box", "sobel"):
        run, _ = FILTERS[name]
        expected = run(image.astype(np.float64), mask=mask)
        result = run(image, mask=mask)
        if result.dtype.kind == "f":
            exact = 1e-3 if result.dtype == np.float16 else 2e-5
            np.testing.assert_allclose(result, expected, rtol=exact, atol=exact * np.nanmax(np.abs(expected)))
        else:
            assert np.abs(result.astype(np.float64) - np.nan_to_num(expected)).max() <= 0.5 + 1e-9
        counts = (mask * rng.integers(1, 4, image.shape)).astype(dtype)
        trusted = run(image.astype(np.float64), mask=counts if dtype.kind == "b" else counts.astype(float))
        np.testing.assert_allclose(
            run(image.astype(np.float64), mask=counts),
            trusted,
            rtol=1e-6,
            atol=1e-6 * np.nanmax(np.abs(trusted)),
        )


def test_masks_of_any_layout():
    rng = np.random.default_rng(2)
    image, mask = rng.normal(size=(40, 50)), rng.random((40, 50)) < 0.6
    wide = np.zeros((80, 150), bool)
    wide[::2, ::3] = mask
    for name in ("correlate", "correlate large", "sobel"):
        run, _ = FILTERS[name]
        expected = run(image, mask=mask)
        for other in (wide[::2, ::3], mask.T.copy().T, mask[::-1, ::-1].copy()[::-1, ::-1], mask.tolist()):
            np.testing.assert_array_equal(run(image, mask=other), expected)
        np.testing.assert_array_equal(
            run(image[::-1], mask=mask[::-1]), run(image[::-1].copy(), mask=mask[::-1])
        )


def test_long_signals_take_little_memory():
    rng = np.random.default_rng(4)
    signal, mask, out = rng.normal(size=3_000_000), rng.random(3_000_000) < 0.7, np.empty(3_000_000)
    for run in (
        lambda a, **o: imfilter.gaussian(a, 2, **o),
        lambda a, **o: imfilter.correlate(a, [1, -2, 1], **o),
    ):
        run(signal[:9], mask=mask[:9])
        tracemalloc.start()
        try:
            run(signal, mask=mask, out=out, workers=1)
            assert tracemalloc.get_traced_memory()[1] < signal.nbytes / 2
        finally:
            tracemalloc.stop()
        part = run(signal[1_000_000:1_001_000], mask=mask[1_000_000:1_001_000])
        np.testing.assert_array_equal(out[1_000_020:1_000_980], part[20:-20])


@pytest.mark.slow
def test_tiny_images():
    for shape in ((1,), (1, 1), (2, 1), (1, 1, 1)):
        for mode in MODES:
            for name in ("gaussian", "sobel", "box", "unsharp_mask", "correlate", "gaussian wide"):
                run, definition = FILTERS[name]
                image = np.full(shape, 3.5)
                for mask in (np.zeros(shape, bool), np.full(shape, 0.25)):
                    found, expected = run(image, mask=mask, mode=mode), definition(image, mask, mode=mode)
                    close(found, expected, image, mask, "float64")


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(8))
def test_hunt(seed):
    """Any filter, type, border, number of axes, mask and least coverage together, seeded."""
    rng = np.random.default_rng(seed)
    for _ in range(60):
        name, n = rng.choice(list(FILTERS)), int(rng.integers(1, 4))
        dtype, mode = rng.choice(["float64", "float32", "uint8", "uint16"]), str(rng.choice(MODES))
        run, definition = FILTERS[name]
        shape = tuple(int(k) for k in rng.integers(1, (60, 20, 9)[n - 1], n))
        if name == "correlate valid":
            shape = tuple(k + 5 for k in shape)
        image, options = picture(dtype, shape), {}
        mask = list(absences(shape).values())[rng.integers(7)] if min(shape) > 1 else rng.random(shape) < 0.7
        counts = mask * rng.choice([0.25, 1.0, 1.5], shape) if rng.random() < 0.5 else mask
        options["mask"], least = counts, float(rng.choice([0.0, 0.3, 1.0]))
        if np.dtype(dtype).kind == "f" and rng.random() < 0.5:
            holes = rng.random(shape) < 0.2
            image, options["nan"] = np.where(holes, np.nan, image).astype(dtype), "ignore"
            counts = counts * ~holes
        border = {"cval": 2.0} if mode == "constant" else {}
        expected = definition(image, counts, mode=mode, least=least, **border)
        result = run(image, mode=mode, min_coverage=least, **border, **options)
        close(result, expected, np.nan_to_num(image), counts, "float64" if dtype == "float64" else "float32")
