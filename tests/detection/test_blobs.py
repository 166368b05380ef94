"""Blobs: discs and balls of known size, scikit-image, overlaps, options and errors."""

import itertools
import tracemalloc
import warnings

import numpy as np
import pytest
import skimage.feature

import imfilter
from imfilter import blob_detection
from imfilter._filters.detection import pruning
from imfilter._filters.detection.pruning import pruned
from tests.looping import loop_over
from tests.reference import detection as loops

METHODS = ("log", "dog", "doh")
RNG = np.random.default_rng(6)


def scene(shape, balls, spacing=1.0):
    """Balls of given centres and radii, with smooth edges."""
    grid = np.indices(shape).reshape(len(shape), -1).T * np.ones(len(shape)) * spacing
    image = np.zeros(len(grid))
    for *centre, radius in balls:
        distance = np.sqrt(((grid - np.array(centre) * spacing) ** 2).sum(1))
        image = np.maximum(image, np.clip(radius + 0.5 - distance, 0, 1))
    return image.reshape(shape)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("dtype", ["uint8", "float32", "float64"])
def test_discs_are_found_with_their_sizes(method, dtype):
    discs = [(40, 50, 10.0), (90, 160, 5.0), (120, 60, 16.0), (25, 170, 3.0)]
    image = (scene((150, 200), discs) * 200).astype(dtype)
    found = imfilter.blobs(image, 1.5, 20, method=method, relative=0.3)
    assert found.shape == (4, 3)
    found = found[np.lexsort(found[:, :2].T)]
    expected = np.array(sorted(discs, key=lambda d: d[1]))
    np.testing.assert_allclose(found[:, :2], expected[:, :2], rtol=0, atol=0.2)
    np.testing.assert_allclose(found[:, 2] * np.sqrt(2), expected[:, 2], rtol=0.04)


@pytest.mark.parametrize("method", METHODS)
def test_signals_and_volumes(method):
    line = scene((200,), [(60, 8.0), (140, 4.0)])
    found = imfilter.blobs(line, 2, 15, method=method, relative=0.3)
    np.testing.assert_allclose(np.sort(found[:, 0]), [60, 140], atol=0.3)
    volume = scene((40, 50, 46), [(20, 25, 23, 6.0)])
    ((*place, sigma),) = imfilter.blobs(volume, 2, 6, method=method, relative=0.5, sigma_ratio=1.3)
    np.testing.assert_allclose(place, (20, 25, 23), atol=0.2)
    assert abs(sigma * np.sqrt(3) - 6) < 0.3


def test_spacing():
    image = scene((60, 150), [(30, 75, 12.0)], np.array([1.0, 0.5]))
    ((y, x, sigma),) = imfilter.blobs(image, 3, 15, spacing=(1.0, 0.5), relative=0.5)
    np.testing.assert_allclose((y, x), (30, 75), atol=0.2)
    assert abs(sigma * np.sqrt(2) - 12) < 0.5


def test_scikit_image_finds_the_same_blobs():
    image = imfilter.gaussian(RNG.random((80, 90)), 3)
    image = (image - image.min()) / np.ptp(image)
    scales = 2 * 1.2 ** np.arange(10)
    found = imfilter.blobs(image, scales[0], scales[-1], relative=0, threshold=0.05, overlap=1, refine=False)
    stack = np.stack(responses(image, scales, "log", 1.2))
    peaks = skimage.feature.peak_local_max(
        stack, threshold_abs=0.05, footprint=np.ones((3, 3, 3)), exclude_border=False
    )
    expected = {(y, x, round(scales[s], 6)) for s, y, x in peaks.tolist()}
    assert {(int(y), int(x), round(s, 6)) for y, x, s in found.tolist()} == expected
    assert len(expected) > 5


def responses(image, sigmas, method, ratio, **options):
    """The response at each scale, by filters of one scale."""
    if method == "log":
        parts = [imfilter.hessian(image, s, **options) * s**2 for s in sigmas]
        return [-(yy + xx) for yy, xy, xx in parts]
    if method == "dog":
        pairs = [
            (
                imfilter.gaussian(image, s / ratio**0.5, **options),
                imfilter.gaussian(image, s * ratio**0.5, **options),
            )
            for s in sigmas
        ]
        return [(narrow - wide) / (ratio - 1) for narrow, wide in pairs]
    found = []
    for s in sigmas:
        yy, xy, xx = s**2 * imfilter.hessian(image, s, **options)
        found.append(np.where(yy + xx < 0, yy * xx - xy**2, np.where(np.isnan(yy), np.nan, 0)))
    return found


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("graded", [False, True], ids=["bool", "graded"])
@pytest.mark.parametrize("least", [0.0, 0.2])
@pytest.mark.slow
def test_absent_samples(method, graded, least):
    """The responses are those of the filters with the same mask. No blob is centred on an absent sample."""
    image = imfilter.gaussian(RNG.random((40, 44)), 2.5)
    image -= image.mean()
    mask = RNG.random(image.shape) * (imfilter.gaussian(RNG.random(image.shape), 3) > 0.5)
    mask = mask if graded else mask > 0
    image -= image[mask > 0].mean()
    sigmas, ratio = 1.5 * 1.3 ** np.arange(6), 1.3
    options = {"mask": mask, "min_coverage": least}
    found = imfilter.blobs(
        image,
        sigmas[0],
        sigmas[-1],
        method=method,
        sigma_ratio=ratio,
        relative=0,
        overlap=1,
        refine=False,
        **options,
    )
    stack = responses(image, sigmas, method, ratio, **options)
    expected = loops.peaks(stack, mask > 0, 1e-10 * np.abs(image[mask > 0]).max())
    assert {(int(y), int(x), round(np.log(s / 1.5) / np.log(1.3))) for y, x, s in found.tolist()} == expected
    assert len(expected) > 3
    assert (mask[tuple(found[:, :2].astype(int).T)] > 0).all()


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.slow
def test_absent_samples_in_signals_and_volumes(method):
    line = scene((200,), [(60, 8.0), (140, 4.0)])
    there = np.ones(200, bool)
    there[101:180:2] = False
    ((*_, sigma),) = imfilter.blobs(
        line, 2, 15, method=method, relative=0.3, mask=there & (np.arange(200) < 100)
    )
    assert abs(sigma - 8) < 0.5
    found = imfilter.blobs(np.where(there, line, np.nan), 2, 15, method=method, relative=0.3, nan="ignore")
    np.testing.assert_allclose(np.sort(found[:, 0]), [60, 140], atol=1)
    volume = scene((40, 50, 46), [(20, 25, 23, 6.0), (10, 10, 10, 4.0)])
    there = RNG.random(volume.shape) < 0.7
    there[:16, :16, :16] = False
    there[20, 25, 23] = True
    ((*place, sigma),) = imfilter.blobs(
        volume, 2, 6, method=method, relative=0.5, sigma_ratio=1.3, mask=there, refine=False
    )
    np.testing.assert_allclose(place, (20, 25, 23), atol=2)
    assert abs(sigma * np.sqrt(3) - 6) < 1


@pytest.mark.parametrize("method", METHODS)
def test_flat_regions_have_no_blobs(method):
    """Also at scales below a sample, where the sampled taps of a second derivative do not sum to 0."""
    spot = np.zeros((40, 60))
    spot[:, 30:] = 100
    spot[20, 12] = 50
    for sigma in (0.3, 0.5, 0.8):
        found = imfilter.blobs(spot, sigma, 3, method=method, relative=0.01)
        assert (found[:, 1] < 36).all(), sigma
        assert (np.abs(found[:, :2] - (20, 12)).max(1) < 0.01).any(), sigma


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("shape", [(90,), (40, 44), (14, 15, 16)], ids=len)
def test_the_unit_of_the_values_does_not_matter(method, shape):
    """The product of two or three second derivatives of small or large values is far from 1."""
    for dtype in (np.float32, np.float64):
        image = imfilter.gaussian(RNG.random(shape), 1.5, dtype=dtype)
        options = {"method": method, "mode": "constant", "cval": 0.5, "relative": 0.2}
        expected = imfilter.blobs(image, 1, 3, **options)
        assert len(expected)
        (last,) = imfilter.blobs(image, 1, 3, count=1, **options)[-1:]
        degree = len(shape) if method == "doh" else 1
        for exponent in (-100, -40, -10, 40, 100, *([-900, 900] if dtype == np.float64 else [])):
            moved = np.ldexp(image, exponent)
            options["cval"] = float(np.ldexp(0.5, exponent))
            np.testing.assert_array_equal(imfilter.blobs(moved, 1, 3, **options), expected, str(exponent))
            if abs(exponent * degree) < 1000:
                low, high = (float(np.ldexp(t, exponent * degree)) for t in (1e-9, 1e9))
                found = imfilter.blobs(moved, 1, 3, threshold=low, **options)
                np.testing.assert_array_equal(found[0], last)
                assert not len(imfilter.blobs(moved, 1, 3, threshold=high, **options))


@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_absent_samples_in_other_words(dtype):
    image = (scene((60, 70), [(20, 20, 5.0), (40, 50, 4.0)]) * 100).astype(dtype)
    there = np.ones(image.shape, bool)
    there[34:47, 44:] = False
    expected = imfilter.blobs(image, 2, 8, mask=there)
    assert len(expected) == 1
    hidden = np.where(there, image, image.dtype.type(77))
    others = [
        imfilter.blobs(hidden, 2, 8, mask=there, workers=1),
        imfilter.blobs(np.ma.array(hidden, mask=~there), 2, 8),
    ]
    if image.dtype.kind == "f":
        others.append(imfilter.blobs(np.where(there, image, np.float32(np.nan)), 2, 8, nan="ignore"))
        others.append(imfilter.blobs(np.where(there, image, np.float32(np.inf)), 2, 8, mask=there))
    for found in others:
        np.testing.assert_array_equal(found, expected)
    whole = imfilter.blobs(image, 2, 8)
    np.testing.assert_array_equal(imfilter.blobs(image, 2, 8, mask=np.ones(image.shape), nan="ignore"), whole)
    assert len(whole) == 2
    assert imfilter.blobs(image, 2, 8, mask=np.zeros(image.shape)).shape == (0, 3)


@pytest.mark.slow
def test_overlaps():
    """The shared part, by counting samples, in one to three axes."""
    for ndim, (large, small) in itertools.product((1, 2, 3), ((9.0, 5.0), (6.0, 6.0))):
        for distance in (0.0, 2.0, 4.5, 7.0, 11.0, 15.0):
            steps = (np.arange(-120, 121) / 20,) * ndim if ndim < 3 else (np.arange(-60, 61) / 10,) * 3
            grid = np.stack(np.meshgrid(*steps, indexing="ij"), -1).reshape(-1, ndim)
            grid = grid[(grid**2).sum(1) <= small**2] if small == 6 else grid[(grid**2).sum(1) <= 25]
            moved = grid + np.eye(ndim)[0] * distance
            share = ((moved**2).sum(1) <= large**2).mean()
            centres = np.array([[0.0] * ndim, [distance] + [0.0] * (ndim - 1)])
            for most in (max(share - 0.03, 0.0), share + 0.03):
                stay = pruned(centres, np.array([large, small]), most)
                assert len(stay) == (1 if share > most and share > 0 else 2), (ndim, distance, share, most)


def kept(centres, radii, most):
    """Return which blobs are kept, in 1-D, by looking at them one after the other."""
    gone = set()
    order = sorted(range(len(radii)), key=lambda i: (-radii[i], i))
    for place, large in enumerate(order):
        for small in order[place + 1 :] if large not in gone else ():
            low = max(centres[large, 0] - radii[large], centres[small, 0] - radii[small])
            high = min(centres[large, 0] + radii[large], centres[small, 0] + radii[small])
            if (high - low) / (2 * radii[small]) > most:
                gone.add(small)
    return [i for i in range(len(radii)) if i not in gone]


@pytest.mark.parametrize("pairs", [1, 40, 1 << 16])
def test_pruning_of_many_is_that_of_one_after_the_other(pairs, monkeypatch):
    monkeypatch.setattr(pruning, "_PAIRS", pairs)
    rng = np.random.default_rng(3)
    for number, length in ((0, 1), (1, 1), (30, 10), (300, 200), (300, 5000)):
        centres, radii = rng.integers(0, length, (number, 1)) * 1.0, rng.integers(1, 12, number) / 2
        for most in (0.0, 0.37, 1.0):
            np.testing.assert_array_equal(pruned(centres, radii, most), kept(centres, radii, most))


def test_pruning_keeps_the_largest_and_then_the_strongest():
    image = scene((80, 80), [(40, 40, 12.0)])
    image[40, 40] += 3  # a small bright spot on a large disc
    both = imfilter.blobs(image, 1, 15, overlap=1.0, relative=0.2)
    one = imfilter.blobs(image, 1, 15, overlap=0.5, relative=0.2)
    assert len(both) > len(one) == 1
    assert one[0, 2] > 5


def test_options():
    image = scene((100, 120), [(30, 30, 4.0), (60, 90, 6.0), (3, 60, 3.0)])
    image[60, 90:] *= 0.9
    everything = imfilter.blobs(image, 1.5, 8)
    assert len(imfilter.blobs(image, 1.5, 8, count=2)) == 2
    np.testing.assert_array_equal(imfilter.blobs(image, 1.5, 8, count=2), everything[:2])
    assert (imfilter.blobs(image, 1.5, 8, exclude_border=10)[:, 0] >= 10).all()
    plain = imfilter.blobs(image, 1.5, 8, refine=False)
    np.testing.assert_array_equal(plain[:, :2], np.rint(plain[:, :2]))
    np.testing.assert_allclose(np.log(plain[:, 2] / 1.5) / np.log(1.2), np.rint(
        np.log(plain[:, 2] / 1.5) / np.log(1.2)), atol=1e-9)  # fmt: skip
    for workers in (1, 3):
        np.testing.assert_array_equal(imfilter.blobs(image, 1.5, 8, workers=workers), everything)
    assert imfilter.blobs(image, 1.5, 8, threshold=1e9).shape == (0, 3)
    assert imfilter.blobs(np.full((20, 30), 7, np.uint8)).shape == (0, 3)
    assert imfilter.blobs(np.zeros((1, 1))).shape == (0, 3)


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"min_sigma": 0}, ValueError, "min_sigma must be positive"),
        ({"max_sigma": 0.5}, ValueError, "max_sigma must be at least min_sigma"),
        ({"sigma_ratio": 1}, ValueError, "sigma_ratio must be greater than 1"),
        ({"sigma_ratio": 1.0001}, ValueError, "sigma_ratio must give at most"),
        ({"method": "hog"}, ValueError, "method must be one of"),
        ({"relative": 2}, ValueError, "relative must be from 0 to 1"),
        ({"overlap": -1}, ValueError, "overlap must be from 0 to 1"),
        ({"count": 0}, ValueError, "count must be at least 1"),
        ({"refine": 1}, TypeError, "refine must be True or False"),
        ({"spacing": 0}, ValueError, "spacing must be positive"),
        ({"image": np.array([1.0, np.nan])}, ValueError, "image must be finite"),
        ({"mask": np.ones((5, 5))}, ValueError, "mask must have shape"),
        ({"nan": "skip"}, ValueError, "nan must be one of"),
        ({"min_coverage": 2}, ValueError, "min_coverage must be from 0 to 1"),
        ({"image": np.zeros((2, 2, 2, 2))}, ValueError, "image must have 1 to 3 axes"),
    ],
    ids=str,
)
def test_errors(options, error, words):
    with pytest.raises(error, match=words):
        imfilter.blobs(**{"image": np.zeros((5, 6)), **options})


@pytest.mark.parametrize("method", METHODS)
def test_thresholds_and_borders_far_from_the_values(method):
    """What overflows in the unit of the values is infinite, and tells nothing."""
    image = imfilter.gaussian(np.random.default_rng(4).random((14, 15, 16)), 1.5)
    options = {"min_sigma": 1, "max_sigma": 2, "method": method}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert not len(imfilter.blobs(image * 1e-200, threshold=0.1, **options))
        assert not len(imfilter.blobs(image, threshold=1e308, **options))
        for dtype, factor, cval in (("float32", 1e-30, 1.0), ("float64", 1e-300, 1e20)):
            small = (image * factor).astype(dtype)
            found = imfilter.blobs(small, mode="constant", cval=cval, **options)
            assert np.isfinite(found).all()


@loop_over("method", ["log", "dog", "doh"])
@loop_over("shape", [(90,), (40, 31), (14, 12, 13)])
def test_strips_of_rows_change_nothing(method, shape, monkeypatch):
    image = RNG.random(shape) ** 8
    image[5:7] = image.max()  # equal neighbours in two strips
    inside = RNG.random(shape) < 0.95
    for options in ({}, {"mask": inside, "exclude_border": 2}, {"refine": False, "mode": "wrap"}):
        whole = imfilter.blobs(image, 1, 2.5, method=method, **options)
        assert len(whole)
        for rows in (1, 6):
            monkeypatch.setattr(blob_detection, "_STRIP", 1)
            monkeypatch.setattr(blob_detection, "_LEAST", rows)
            np.testing.assert_array_equal(imfilter.blobs(image, 1, 2.5, method=method, **options), whole)
        monkeypatch.undo()


@pytest.mark.parametrize(("method", "most"), [("log", 16), ("dog", 20), ("doh", 30)])
def test_two_scales_are_in_memory(method, most):
    """And the image as floats; with 'doh', its second derivatives; with 'dog', a smoothed image."""
    image = (RNG.random((1500, 1000)) ** 8 * 255).astype(np.uint8)
    options = {"method": method, "relative": 0.9, "workers": 1}
    imfilter.blobs(image[:100], 2, 4, **options)
    tracemalloc.start()
    try:
        imfilter.blobs(image, 2, 4, **options)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < most * image.size
