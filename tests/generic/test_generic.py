"""`generic` against plain loops and SciPy: functions, borders, footprints, types, masks, layouts."""

import gc
import itertools
import math
import pickle
import weakref

import numpy as np
import pytest
import scipy.ndimage

import imfilter
from imfilter._filters.generic import functions
from tests.generic import user_functions as user
from tests.looping import loop_over
from tests.reference import naive

RNG = np.random.default_rng(7)
SCIPY = {
    "mirror": "mirror",
    "symmetric": "reflect",
    "edge": "nearest",
    "wrap": "wrap",
    "constant": "constant",
}
CROSS = np.array([[0, 1, 0], [1, 1, 1], [0, 1, 1]])
#: Windows of six samples, because a function is compiled for each number.
SHAPES = [((40,), 6), ((7, 35), (3, 2)), ((5, 33), (1, 6)), ((4, 5, 6), (3, 1, 2))]


def python(function):
    """The function as Python runs it."""
    return getattr(function, "py_func", function)


@pytest.mark.slow
@pytest.mark.parametrize("name", user.ONE)
@loop_over("mode", SCIPY)
def test_functions_are_those_of_scipy(name, mode):
    function, args = user.ONE[name]
    for shape, size in SHAPES:
        image = RNG.random(shape).round(1)
        found = imfilter.generic(image, function, size, args=args, mode=mode, cval=0.7)
        expected = scipy.ndimage.generic_filter(
            image, python(function), size, mode=SCIPY[mode], cval=0.7, extra_arguments=args
        )
        np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12, err_msg=f"{shape} {size}")


@pytest.mark.slow
@pytest.mark.parametrize("name", user.ONE)
def test_footprints_and_types(name):
    function, args = user.ONE[name]
    for dtype in ("u1", "i2", "u2", "i8", "f2", "f4", "f8", ">f4", "?", "g"):
        image = (RNG.random((12, 70)) * 3).astype(dtype)
        found = imfilter.generic(image, function, footprint=CROSS, args=args, mode="edge", dtype="f8")
        expected = scipy.ndimage.generic_filter(
            image.astype(np.float64), python(function), footprint=CROSS, mode="nearest", extra_arguments=args
        )
        np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12, err_msg=dtype)


def test_the_type_of_the_result():
    for dtype, wanted in (("u1", "f4"), ("f2", "f4"), ("f4", "f4"), ("i8", "f8"), ("f8", "f8")):
        image = np.arange(12).astype(dtype)
        assert imfilter.generic(image, user.total, 3).dtype == wanted
    image = np.arange(250, 262, dtype=np.int16)
    found = imfilter.generic(image, user.contrast, 2, dtype="u1", mode="edge")
    assert found.dtype == np.uint8
    assert imfilter.generic(image, user.total, 1, dtype="u1").tolist() == [*range(250, 256), *[255] * 6]
    assert imfilter.generic(image, lambda w: np.nan, 3, dtype="i4").tolist() == [0] * 12
    assert imfilter.generic(image, lambda w: len(w) > 2, 3).tolist() == [1.0] * 12
    assert imfilter.generic(image, lambda w: 7, 3).tolist() == [7.0] * 12


def test_several_results():
    image = RNG.random((9, 50))
    found = imfilter.generic(image, user.three, (3, 4), outputs=3)
    assert found.shape == (3, 9, 50)
    for place in range(3):
        expected = scipy.ndimage.generic_filter(
            image, lambda w, p=place: user.three(w)[p], (3, 4), mode="mirror"
        )
        np.testing.assert_allclose(found[place], expected, rtol=1e-14)
    slow = imfilter.generic(image, user.three, (3, 4), outputs=3, compile=False)
    np.testing.assert_allclose(slow, found, rtol=1e-14)
    out = np.empty((3, 9, 50), np.float32)
    assert imfilter.generic(image, user.three, (3, 4), outputs=3, out=out) is out
    np.testing.assert_array_equal(out, found.astype(np.float32))


def windows(image, inside, mode, cval, stride=1, there=None):
    """The samples of each window by plain indexing, and the index of its result."""
    before = [n // 2 for n in inside.shape]
    pairs = [(b, n - 1 - b) for b, n in zip(before, inside.shape, strict=True)]
    own = "zero" if mode == "shrink" else mode
    padded = naive.pad(image, before, [p[1] for p in pairs], own, cval)
    counts = np.ones(image.shape) if there is None else there.astype(float)
    beyond = 0.0 if mode == "shrink" else 1.0
    border = "constant" if own in ("zero", "constant") else own
    present = naive.pad(counts, before, [p[1] for p in pairs], border, beyond) > 0
    for index in np.ndindex(*(-(-n // stride) for n in image.shape)):
        part = tuple(slice(i * stride, i * stride + n) for i, n in zip(index, inside.shape, strict=True))
        yield index, padded[part][inside & present[part]]


@pytest.mark.parametrize("mode", [*naive.MODES, "shrink"])
@pytest.mark.parametrize("stride", [1, 3])
@pytest.mark.slow
def test_masks_against_plain_loops(mode, stride):
    function, inside, some = user.trimmed_mean, CROSS > 0, np.ones(6, bool)
    for shape, footprint in (((50,), some), ((9, 31), inside), ((5, 6, 7), some.reshape(1, 2, 3))):
        image, known = RNG.random(shape), RNG.random(shape) > 0.4
        for there in (known, np.zeros(shape, bool), RNG.random(shape) * known):
            for least in (0.0, 0.5):
                found = imfilter.generic(
                    np.where(there > 0, image, 1e300), function, footprint=footprint, mode=mode, cval=0.4,
                    mask=there, min_coverage=least, stride=stride,
                )  # fmt: skip
                for index, samples in windows(image, footprint, mode, 0.4, stride, there > 0):
                    enough = len(samples) and len(samples) >= least * footprint.sum()
                    expected = function(samples) if enough else math.nan
                    np.testing.assert_allclose(found[index], expected, rtol=1e-13, err_msg=str(index))


@pytest.mark.slow
def test_nan_is_a_sample_or_absent():
    image = RNG.random((8, 40))
    image[3, 10] = np.nan
    assert np.isnan(imfilter.generic(image, user.total, 3)).sum() == 9
    ignored = imfilter.generic(image, user.total, 3, nan="ignore")
    np.testing.assert_array_equal(ignored, imfilter.generic(image, user.total, 3, mask=~np.isnan(image)))
    count = imfilter.generic(image, lambda w: len(w), 3, nan="ignore")
    assert count[3, 10] == 8
    np.testing.assert_array_equal(
        imfilter.generic(image, user.spread, 3, nan="ignore", compile=False),
        imfilter.generic(image, user.spread, 3, nan="ignore"),
    )


def test_masked_arrays_and_full_masks():
    image, hidden = RNG.random((9, 40)), RNG.random((9, 40)) > 0.6
    masked = imfilter.generic(np.ma.MaskedArray(image, hidden), user.deviation, 2, min_coverage=0.75)
    plain = imfilter.generic(image, user.deviation, 2, mask=~hidden, min_coverage=0.75)
    np.testing.assert_array_equal(masked.filled(np.nan), plain)
    np.testing.assert_array_equal(masked.mask, np.isnan(plain))
    full = imfilter.generic(image, user.deviation, 5, mask=np.ones(image.shape, bool), nan="ignore")
    np.testing.assert_array_equal(full, imfilter.generic(image, user.deviation, 5))


@pytest.mark.parametrize("stride", [1, 2, (3, 5)])
@pytest.mark.parametrize("padding", ["same", "valid", 1, [(2, 0), (0, 3)]])
def test_strides_and_paddings_are_those_of_correlate(stride, padding):
    image = RNG.integers(0, 9, (17, 45)).astype(float)
    found = imfilter.generic(image, user.total, (3, 4), stride=stride, padding=padding, mode="wrap")
    expected = imfilter.correlate(image, np.ones((3, 4)), stride=stride, padding=padding, mode="wrap")
    np.testing.assert_array_equal(found, expected)
    some = imfilter.generic(image, user.with_branches, (3, 4), stride=stride, padding=padding, mode="wrap")
    slow = imfilter.generic(
        image, user.with_branches, (3, 4), stride=stride, padding=padding, mode="wrap", compile=False
    )
    np.testing.assert_array_equal(some, slow)


@pytest.mark.parametrize("name", ["deviation", "with_branches"])
def test_axes_layouts_and_workers_give_the_same_bits(name):
    function, args = user.ONE[name]
    image = RNG.random((4, 33, 70, 3))
    expected = imfilter.generic(image, function, 3, axes=(1, 2), args=args, workers=1)
    for batch, channel in itertools.product(range(4), range(3)):
        alone = imfilter.generic(image[batch, ..., channel].copy(), function, 3, args=args)
        np.testing.assert_array_equal(expected[batch, ..., channel], alone)
    for given in (np.asfortranarray(image), image[::-1][::-1], image.astype(">f8")):
        for workers in (1, 2, 5):
            found = imfilter.generic(given, function, 3, axes=(1, 2), args=args, workers=workers)
            np.testing.assert_array_equal(found, expected)
    swapped = imfilter.generic(image, function, 3, axes=(2, 1), args=args)
    assert swapped.shape == image.shape
    colour = imfilter.generic(image[0], function, 3, channel_axis=-1, args=args)
    np.testing.assert_array_equal(colour, expected[0])
    place = image.copy()
    assert imfilter.generic(place, function, 3, axes=(1, 2), args=args, out=place) is place
    np.testing.assert_array_equal(place, expected)
    mask = RNG.random(image.shape) > 0.5
    kept = mask.astype(np.float64)
    wanted = imfilter.generic(image, function, 3, axes=(1, 2), args=args, mask=mask)
    np.testing.assert_array_equal(
        imfilter.generic(image, function, 3, axes=(1, 2), args=args, mask=kept, out=kept), wanted
    )


@pytest.mark.parametrize("shape", [(1,), (1, 1), (2, 1), (1, 100), (3, 2, 1)])
def test_images_smaller_than_the_window(shape):
    image = RNG.random(shape)
    for mode in ("mirror", "symmetric", "edge", "wrap", "constant"):
        found = imfilter.generic(image, user.total, 5, mode=mode, cval=0.25)
        expected = scipy.ndimage.generic_filter(image, user.total, 5, mode=SCIPY[mode], cval=0.25)
        np.testing.assert_allclose(found, expected, rtol=1e-12)


@pytest.mark.parametrize("name", [n for n in user.ONE if n not in ("mode", "circular_mean", "with_branches")])
@pytest.mark.slow
def test_lanes_compute_what_one_window_computes(name):
    """To the last bit, also of NaN, infinities, zeros of both signs and ties."""
    function, args = user.ONE[name]
    image = RNG.choice([0.0, -0.0, 0.1, 0.5, 0.75, 1e300, -1e300, np.inf, -np.inf, np.nan, 3e-310], (30, 200))
    image[10:] = RNG.random((20, 200))
    for size in ((3, 2), (3, 7)):
        taps = int(np.prod(size if isinstance(size, tuple) else (size, size)))
        ready = functions.compiled(function, taps, args, 1)
        assert ready.in_lanes is not None, "this function is one of vectors"
        found = imfilter.generic(image, function, size, args=args)
        hidden = np.ones((30, 200), bool)
        hidden[0, 0] = False  # with an absent sample, one window is computed after the other
        slow = imfilter.generic(image, function, size, args=args, mask=hidden)
        np.testing.assert_array_equal(found[8:, 8:], slow[8:, 8:])


@pytest.mark.parametrize("name", ["mode", "circular_mean", "with_branches"])
def test_branches_on_samples_are_no_vectors(name):
    function, args = user.ONE[name]
    assert functions.compiled(function, 9, args, 1).in_lanes is None


def test_functions_are_compiled_once():
    image = RNG.random(50)
    before = len(functions._compiled)
    for _ in range(3):
        imfilter.generic(image, lambda w: w[0] - w[-1], 3)
    assert len(functions._compiled) <= before + 1
    for k in (1.0, 2.0, 3.0):  # a closure is a function of its own
        np.testing.assert_allclose(imfilter.generic(image, lambda w, k=k: k * w[0], 1), k * image)
    results = [imfilter.generic(image, _times(k), 1) for k in (1.0, 2.0, 3.0)]
    for k, result in zip((1.0, 2.0, 3.0), results, strict=True):
        np.testing.assert_allclose(result, k * image)


def _times(k):
    return lambda w: k * w[0]


def test_large_windows_and_many_samples():
    image = RNG.random((60, 60))
    for size in (25, 41):
        found = imfilter.generic(image, user.spread, size, mode="edge")
        wide = imfilter.maximum(image, size, mode="edge") - imfilter.minimum(image, size, mode="edge")
        np.testing.assert_array_equal(found, wide)
        middle = imfilter.generic(image, lambda w: np.sort(w)[len(w) // 2], size, mode="edge", stride=20)
        np.testing.assert_array_equal(middle, imfilter.median(image, size, mode="edge")[::20, ::20])


def test_python_is_an_answer_to_what_cannot_be_compiled():
    image = RNG.integers(0, 5, (6, 7)).astype(float)

    def entropy(window):
        return float(-sum(p * math.log2(p) for p in (np.unique(window, return_counts=True)[1] / len(window))))

    found = imfilter.generic(image, entropy, 3, compile=False)
    expected = scipy.ndimage.generic_filter(image, entropy, 3, mode="mirror")
    np.testing.assert_allclose(found, expected)
    assert imfilter.generic(image, np.ptp, 3, compile=False).shape == (6, 7)
    assert pickle.loads(pickle.dumps(found)).shape == (6, 7)


@pytest.mark.slow
def test_functions_do_not_stay_in_memory(monkeypatch):
    monkeypatch.setattr(functions, "_MOST", 1)
    known, image = weakref.WeakSet(), RNG.random(9)
    for k in (1.0, 2.0, 3.0):
        closed = _times(k)
        known.add(closed)
        np.testing.assert_array_equal(imfilter.generic(image, closed, 1), k * image)
    del closed
    gc.collect()
    assert len(known) == 1
