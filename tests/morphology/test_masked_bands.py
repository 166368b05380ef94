"""Large images with missing data are cut into bands: the same bits, and little memory."""

import tracemalloc
from functools import partial

import numpy as np
import pytest

import imfilter
from imfilter import morphology
from imfilter._base import bands
from imfilter._filters.morphology import apply, weighed
from tests.looping import loop_over

OPERATIONS = "erosion", "dilation", "opening", "closing", "white_tophat", "black_tophat", "gradient"
MODES = "shrink", "mirror", "symmetric", "edge", "wrap", "constant"


@pytest.fixture
def whole_and_cut(monkeypatch):
    """A function that compares the results of a call without bands and in bands."""

    def compare(call):
        monkeypatch.setattr(bands, "_BYTES", 1 << 30)
        monkeypatch.setattr(apply, "_WIDE", 1 << 30)
        for name in ("_AT_ONCE", "_PERIODIC", "_OTHERS"):
            monkeypatch.setattr(bands, name, 1 << 40)
        expected = call()
        monkeypatch.setattr(bands, "_BYTES", 3000)
        for name in ("_AT_ONCE", "_PERIODIC", "_OTHERS"):
            monkeypatch.setattr(bands, name, 600)
        found = call()
        if isinstance(expected, np.ma.MaskedArray):
            np.testing.assert_array_equal(np.ma.getmaskarray(found), np.ma.getmaskarray(expected))
            found, expected = found.filled(0), expected.filled(0)
        assert found.dtype == expected.dtype
        np.testing.assert_array_equal(found, expected)
        monkeypatch.setattr(apply, "_WIDE", 3)  # the border apart, where nothing is missing
        np.testing.assert_array_equal(call(), expected)
        return found

    return compare


@loop_over("mode", MODES)
@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.slow
def test_operations(whole_and_cut, operation, mode):
    rng = np.random.default_rng(1)
    image = rng.integers(0, 200, (61, 23)).astype("u1")
    mask = rng.random(image.shape) > 0.6
    mask[20:29] = False
    element = np.array([[1, 1, 0], [0, 1, 1]], bool)
    function = getattr(morphology, operation)
    cval = 7 if mode == "constant" else 0
    whole_and_cut(lambda: function(image, element, mask=mask, mode=mode, cval=cval))
    whole_and_cut(lambda: function(image, element, iterations=2, mask=mask, mode=mode, min_coverage=0.5))
    whole_and_cut(lambda: function(image, element, iterations=2, mode=mode, cval=cval))
    whole_and_cut(lambda: function(image.T, element, mode=mode, cval=cval))


@pytest.mark.parametrize("mode", MODES)
def test_extremes_in_large_windows(whole_and_cut, mode):
    rng = np.random.default_rng(2)
    image = rng.standard_normal((80, 31)).astype("f4")
    image[rng.random(image.shape) < 0.2] = np.nan
    mask = rng.random(image.shape) > 0.4
    for function in (imfilter.minimum, imfilter.maximum):
        whole_and_cut(lambda function=function: function(image, (7, 9), mask=mask, mode=mode))
        whole_and_cut(lambda function=function: function(image, 9, nan="ignore", mode=mode, min_coverage=0.8))
        whole_and_cut(lambda function=function: function(image, 9, nan="ignore", mode=mode, workers=3))


@pytest.mark.parametrize("mode", ["mirror", "symmetric", "edge", "wrap"])
@pytest.mark.parametrize("dtype", ["?", "u1", "i2", "f4"])
@pytest.mark.slow
def test_borders_apart(whole_and_cut, mode, dtype):
    rng = np.random.default_rng(6)
    image = (rng.standard_normal((5, 40, 50)) * 50).astype(dtype)
    element = np.array([[0, 1, 1, 0, 1], [1, 1, 0, 1, 1], [0, 0, 1, 0, 0]], bool)
    for operation in OPERATIONS:
        function = getattr(morphology, operation)
        whole_and_cut(lambda f=function: f(image, element, mode=mode, channel_axis=0))
        whole_and_cut(lambda f=function: f(image[0], element, mode=mode, iterations=2, workers=3))
        whole_and_cut(lambda f=function: f(image.T, element, mode=mode, axes=(0, 1)))
    image[2, 20, 7] = np.nan if dtype == "f4" else 1
    whole_and_cut(lambda: morphology.opening(image[2], element, mode=mode))


def test_axes_channels_and_masked_arrays(whole_and_cut):
    rng = np.random.default_rng(3)
    image = rng.integers(0, 999, (3, 47, 29)).astype("u2")
    mask = rng.random(image.shape) > 0.3
    masked = np.ma.MaskedArray(image, ~mask)
    whole_and_cut(lambda: morphology.opening(image, np.ones((5, 5)), mask=mask, channel_axis=0))
    whole_and_cut(lambda: morphology.gradient(image.T, np.ones((3, 5)), mask=mask.T, axes=(0, 1)))
    whole_and_cut(lambda: morphology.closing(masked, np.ones((1, 3, 3))))
    whole_and_cut(lambda: imfilter.minimum(masked, (3, 5, 5), min_coverage=0.9))


def test_output_in_place_of_the_image(whole_and_cut):
    rng = np.random.default_rng(4)
    image = rng.integers(0, 200, (90, 20)).astype("u1")
    mask = rng.random(image.shape) > 0.3

    def in_place(function, element):
        found = image.copy()
        function(found, element, mask=mask, out=found)
        return found

    whole_and_cut(lambda: in_place(morphology.opening, np.ones((3, 3))))
    whole_and_cut(lambda: morphology.opening(found := image.copy(), np.ones((3, 3)), mode="edge", out=found))
    whole_and_cut(lambda: in_place(imfilter.maximum, 9))


@loop_over("mode", MODES)
@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.slow
def test_images_replaced_by_their_results(whole_and_cut, operation, mode):
    rng = np.random.default_rng(7)
    element = np.array([[0, 1, 1, 0, 1], [1, 1, 0, 1, 1], [0, 0, 1, 0, 0]], bool)
    cval = 3 if mode == "constant" else 0

    def replaced(image, element=element, **options):
        found = image.copy(order="K")
        result = getattr(morphology, operation)(found, element, mode=mode, cval=cval, out=found, **options)
        assert result is found
        return found.copy()

    for dtype in ("?", "u1", "f4"):
        image = (rng.standard_normal((65, 14)) * 50).astype(dtype)
        mask = rng.random(image.shape) > 0.4
        mask[30:41] = False
        for options in ({}, {"mask": mask}, {"mask": mask, "min_coverage": 0.6}, {"iterations": 2}):
            whole_and_cut(lambda image=image, options=options: replaced(image, **options))
        whole_and_cut(lambda image=image, mask=mask: replaced(image.T, mask=mask.T, workers=3))
        volume = np.stack([image, image[::-1], image * 0])
        whole_and_cut(lambda volume=volume: replaced(volume, channel_axis=0))
        whole_and_cut(lambda volume=volume: replaced(volume.transpose(1, 2, 0), channel_axis=2))
    image[rng.random(image.shape) < 0.1] = np.nan
    for nan in ("propagate", "ignore"):
        whole_and_cut(lambda nan=nan: replaced(image, nan=nan))


@loop_over("mode", MODES)
@loop_over("dtype", ["u1", "i4", "f4", "f8", "i8"])
def test_weights(whole_and_cut, dtype, mode):
    rng = np.random.default_rng(11)
    # Rows of wide types need more bands, and each takes a millisecond. These rows are still cut.
    image = rng.integers(0, 200, (61 if dtype == "u1" else 37, 13)).astype(dtype)
    mask = rng.random(image.shape) > 0.4
    element, weights = np.array([[1, 1, 0], [0, 1, 1]], bool), np.array([[3, -1, 0], [0, 0, 2]])
    cval = 7 if mode == "constant" else 0
    for number, operation in enumerate(("erosion", "dilation", "opening", "gradient")):
        if dtype == "i8" and number:  # takes long
            break
        own = {"weights": weights / 4 if number % 2 else weights, "mode": mode, "cval": cval}
        function = partial(getattr(morphology, operation), element=element, **own)
        whole_and_cut(lambda function=function: function(image, workers=3))
        whole_and_cut(lambda function=function: function(found := image.copy(), out=found))
        whole_and_cut(lambda function=function: function(found := image.copy(), mask=mask, out=found))


def test_parts_of_memory_replaced_by_their_results(whole_and_cut):
    """Rows in reverse, every second row, and an output that overlaps the image but is not the image."""
    rng = np.random.default_rng(8)
    memory, element = rng.integers(0, 200, (120, 20)).astype("u1"), np.ones((3, 5))
    for rows, out in (
        (slice(None, None, -1), slice(None, None, -1)),
        (slice(None, None, 2), slice(None, None, 2)),
        (slice(0, 110), slice(10, 120)),
        (slice(None), slice(None, None, -1)),
    ):

        def replaced(rows=rows, out=out):
            own = memory.copy()
            morphology.opening(own[rows], element, out=own[out])
            return own

        expected = memory.copy()
        expected[out] = morphology.opening(memory[rows], element)
        np.testing.assert_array_equal(whole_and_cut(replaced), expected)


@loop_over("mode", MODES)
@loop_over("odd", [np.nan, -0.0, 0.5])
def test_small_images_replaced_by_their_results(mode, odd):
    """They are copied. A pass that ends at NaN or -0.0 must not have overwritten the image."""
    memory, element = np.random.default_rng(3).random((110, 80)).astype("f4"), morphology.disk(2)
    memory[50, 40] = odd
    for name in OPERATIONS:
        function = partial(getattr(morphology, name), element=element, mode=mode)
        for rows, out in ((slice(None), slice(None)), (slice(0, 100), slice(10, 110))):
            expected, found = function(memory[rows].copy()), memory.copy()
            function(found[rows], out=found[out])
            np.testing.assert_array_equal(found[out], expected)


def test_the_other_threads_end_after_an_error(monkeypatch):
    monkeypatch.setattr(bands, "_OTHERS", 100_000)  # 125 bands
    image, computed = np.ones((3000, 500), "f4"), []

    def compute(samples, band):
        computed.append(band)
        if len(computed) == 3:
            raise MemoryError
        return samples, None

    with pytest.raises(MemoryError):
        bands.replace_by_results(image, (2, 2), compute, 2, periodic=False, at_once=False, wanted=False)
    assert len(computed) < 40


def test_masks_replaced_by_results(whole_and_cut):
    truth = np.random.default_rng(9).random((90, 20)) > 0.3
    data = np.random.default_rng(9).integers(0, 200, (90, 20)).astype("u1")

    def itself():
        found = truth.copy()
        return morphology.dilation(found, np.ones((3, 3)), mask=found, out=found)

    def masked():
        found = np.ma.MaskedArray(data.copy(), ~truth)
        return morphology.erosion(found, np.ones((3, 1)), min_coverage=0.5, out=found.data)

    expected = morphology.dilation(truth, np.ones((3, 3)), mask=truth.copy())
    np.testing.assert_array_equal(whole_and_cut(itself), expected)
    whole_and_cut(masked)


def peak_of(call):
    """The memory that a call takes. Where it takes much, that of another one, which compiles nothing."""
    for _ in range(2):
        tracemalloc.start()
        call()
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        if peak < 8 << 20:
            break
    return peak


@pytest.mark.slow
@loop_over("replaced", [False, True])
@loop_over("mode", ["shrink", "wrap"])
@loop_over("weights", [[[1, 0, 2]], [[0.5, 0, 0.25]]])
@loop_over("dtype", ["u1", "u2", "f4", "f8"])
def test_memory_with_weights(dtype, weights, mode, replaced):
    image = np.random.default_rng(5).integers(0, 200, (1300, 2000)).astype(dtype)
    out = image if replaced else np.empty_like(image)
    for function in (morphology.erosion, morphology.closing, morphology.gradient):
        call = partial(function, element=np.ones((1, 3)), weights=weights, mode=mode, workers=1)
        call(image[:60])
        assert peak_of(lambda call=call: call(image, out=out)) < 8 << 20, function


@pytest.mark.slow
@loop_over("replaced", [False, True])
@loop_over(("mode", "masked"), [("shrink", True), ("wrap", True), ("mirror", False)])
@loop_over("dtype", ["u1", "f8"])
@loop_over("radius", [1, 25])
def test_memory_beside_input_and_output(radius, dtype, mode, masked, replaced):
    image = np.random.default_rng(5).integers(0, 200, (1300, 2000)).astype(dtype)
    mask = image % 7 > 0 if masked else None
    out = image if replaced else np.empty_like(image)
    for function in (morphology.erosion, morphology.closing, morphology.gradient):
        call = partial(function, element=morphology.disk(radius), mode=mode, workers=1)
        call(image[:60], mask=mask if mask is None else mask[:60])
        assert peak_of(lambda call=call: call(image, mask=mask, out=out)) < 8 << 20, function


def test_programs_of_borders_that_are_equal_or_nan():
    """0.0 equals -0.0, and NaN not even itself."""
    image, element, weights = np.full((8, 8), 5, "f4"), np.ones((3, 3)), np.zeros((3, 3))
    eroded = partial(morphology.erosion, image, element, weights=weights, mode="constant")
    weighed._program.cache_clear()
    for cval in (0.0, -0.0, 0.0):
        assert np.signbit(eroded(cval=cval)[0, 0]) == np.signbit(cval)
    before = weighed._program.cache_info()
    for _ in range(3):
        assert eroded(cval=np.nan)[0, 0] == 5  # NaN sorts last
    after = weighed._program.cache_info()
    assert (after.misses - before.misses, after.hits - before.hits) == (1, 2)
