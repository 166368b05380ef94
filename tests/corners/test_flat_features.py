"""Flat images have no edges, corners or orientations; those of a mirrored image are mirrored."""

import itertools

import numpy as np
import pytest

import imfilter
from imfilter.edges import _Smooth
from tests import photos
from tests.looping import loop_over

LEVELS = (0.3, 0.1, 123.456, -7.7, 1e-20, 3e15, 0.0)
MODES = ("mirror", "symmetric", "edge", "wrap", "zero")


@loop_over("dtype", ["float16", "float32", "float64", "uint8", "int64", "bool"])
@loop_over("sigma", [0, 0.5, 1, 2.3, (0, 4), 20])
@loop_over("shape", [(64, 64), (7, 300), (1, 9)])
@pytest.mark.slow
def test_flat_images_have_no_edges(shape, sigma, dtype):
    """Not one with a strength of 0, nor one that rounding makes."""
    mask = np.random.default_rng(1).random(shape) < 0.9
    for level in (0.3, 123.456, 1e-20):
        image = np.full(shape, level).astype(dtype)
        for norm, nms in itertools.product(("l1", "l2"), ("sector", "interpolated")):
            options = {"sigma": sigma, "norm": norm, "nms": nms}
            for mode in ("mirror", "wrap", "zero"):
                assert not imfilter.canny(image, 0, 0, mode=mode, **options).any()
            assert not imfilter.canny(image, 0, 0, mask=mask, **options).any()
    assert not imfilter.canny(image, mode="zero").any()  # thresholds that are found


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_flat_images_stay_flat_where_the_border_is_divided_out(dtype):
    for level, sigma in itertools.product(LEVELS, (0.5, 1.7, 9.0)):
        image = np.full((40, 50), level, dtype)
        for row in (0, 13):
            seen = imfilter.edges._level(image, (sigma, sigma), None, "zero")
            smooth = _Smooth(image, (sigma, sigma), None, "zero", 0.0, seen).rows(row, 40)
            np.testing.assert_array_equal(smooth, image[row:])


def test_other_samples_than_those_of_the_mask_do_not_count():
    """Flat where it counts, and anything elsewhere."""
    rng = np.random.default_rng(2)
    image, mask = rng.normal(size=(40, 50)), np.zeros((40, 50), bool)
    mask[3:30, 5:45] = True
    image[mask], image[0, 0] = 0.7, np.nan
    for nms, mode in itertools.product(("sector", "interpolated"), MODES):
        assert not imfilter.canny(image, 0, 0, mask=mask, nms=nms, mode=mode).any()
    image[10, 10] += 0.01
    assert imfilter.canny(image, 0, 0, mask=mask).any()


CORNERS = [
    *({"size": size, "aperture": aperture} for size in (1, 2, 3, 5, 25) for aperture in (3, 5, 7)),
    *({"window": "gaussian", "sigma": sigma, "aperture": a} for sigma in (0.4, 1, 6) for a in (3, 5, 7)),
]


@pytest.mark.parametrize("measure", ["harris", "shi_tomasi"])
@loop_over("options", CORNERS)
@pytest.mark.slow
def test_flat_images_have_no_corners(options, measure):
    for dtype, level in itertools.product((np.float32, np.float64), LEVELS):
        for shape in ((20, 35), (3, 2), (1, 1)):
            for mode in (*MODES[:4], "constant"):
                image = np.full(shape, level, dtype)
                response = getattr(imfilter, measure)(image, mode=mode, cval=float(image[0, 0]), **options)
                assert (response == 0).all()


def flips(image):
    """A mirrored image, and how to mirror a result."""
    for flip in (np.s_[::-1], np.s_[:, ::-1], np.s_[::-1, ::-1]):
        yield np.ascontiguousarray(image[flip]), flip


@pytest.mark.parametrize("measure", ["harris", "shi_tomasi"])
@loop_over("options", [o for o in CORNERS if o.get("size", 1) % 2])
@pytest.mark.slow
def test_mirrored_images_have_the_mirrored_bits(options, measure):
    """Of windows with a middle; those of even size reach further to one side."""
    rng = np.random.default_rng(3)
    for dtype, shape in itertools.product(("float32", "float64", "uint8"), ((41, 57), (1, 30), (4, 3))):
        image = (rng.random(shape) * 255).astype(dtype)
        for mode in (*MODES, "constant"):
            call = getattr(imfilter, measure)
            response = call(image, mode=mode, **options)
            for mirrored, flip in flips(image):
                np.testing.assert_array_equal(call(mirrored, mode=mode, **options), response[flip])
            transposed = call(np.ascontiguousarray(image.T), mode=mode, **options)
            scale = np.abs(response).max() + 1e-30
            tolerance = 1e-12 if dtype == "float64" else 1e-4  # sums go along rows first
            np.testing.assert_allclose(transposed.T, response, rtol=0, atol=tolerance * scale)


@pytest.mark.parametrize("aperture", [3, 5, 7])
def test_transposed_images_have_the_transposed_bits_without_a_window(aperture):
    for dtype in (np.float32, np.float64):
        image = np.random.default_rng(4).random((41, 57)).astype(dtype)
        response = imfilter.harris(image, size=1, aperture=aperture)
        transposed = imfilter.harris(np.ascontiguousarray(image.T), size=1, aperture=aperture)
        np.testing.assert_array_equal(transposed.T, response)


@pytest.mark.parametrize("even", [2, 4])
def test_even_windows_are_mirrored_one_sample_on(even):
    image = np.random.default_rng(5).random((30, 40)).astype(np.float32)
    response = imfilter.harris(image, size=even, mode="wrap")
    mirrored = imfilter.harris(np.ascontiguousarray(image[:, ::-1]), size=even, mode="wrap")
    np.testing.assert_array_equal(np.roll(mirrored[:, ::-1], 1, axis=1), response)


@pytest.mark.parametrize("norm", ["l1", "l2"])
@pytest.mark.parametrize("nms", ["sector", "interpolated"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_mirrored_edges(dtype, nms, norm):
    """Noise has no ties, at which one of two neighbours is an edge by OpenCV's rule."""
    image = np.random.default_rng(6).random((90, 131)).astype(dtype)
    options = {"sigma": 0, "norm": norm, "nms": nms}
    expected = imfilter.canny(image, 0.5, 2, **options)
    assert 200 < expected.sum() < expected.size / 2
    for mirrored, flip in flips(image):
        np.testing.assert_array_equal(imfilter.canny(mirrored, 0.5, 2, **options), expected[flip])
    if nms == "interpolated":  # OpenCV's two angles between sectors are not quite each other's complement
        transposed = imfilter.canny(np.ascontiguousarray(image.T), 0.5, 2, **options)
        np.testing.assert_array_equal(transposed.T, expected)


def test_interpolated_edges_are_mirrored_also_where_neighbours_are_alike():
    image = np.indices((60, 70)).sum(axis=0) // 7 * 10 + photos.photo("camera")[:60, :70]
    expected = imfilter.canny(image, 10, 30, sigma=0, nms="interpolated")
    assert expected.any()
    for mirrored, flip in flips(image):
        found = imfilter.canny(mirrored, 10, 30, sigma=0, nms="interpolated")
        np.testing.assert_array_equal(found, expected[flip])


@pytest.mark.parametrize("interpolate", [False, True])
@pytest.mark.parametrize("norm", ["L1", "L1-sqrt", "L2", "L2-Hys"])
def test_orientations(norm, interpolate):
    """None in a flat image; those of a mirrored image are mirrored, to the rounding of sums."""
    options = {"block_norm": norm, "interpolate": interpolate, "feature_vector": False}
    for dtype, level in itertools.product((np.float32, np.float64), LEVELS):
        assert (imfilter.hog(np.full((32, 40), level, dtype), **options) == 0).all()
    image = np.random.default_rng(7).random((48, 56))
    options["cells_per_block"] = (1, 1)
    expected = imfilter.hog(image, **options)
    for axis in (0, 1):
        mirrored = imfilter.hog(np.ascontiguousarray(np.flip(image, axis)), **options)
        # Blocks, and orientations, which are turned round. On the border gradients lie along an axis, where
        # the first orientation begins and the last one ends: there they stay in the first.
        turned = np.flip(mirrored, (axis, 4))
        np.testing.assert_allclose(turned[1:-1, 1:-1], expected[1:-1, 1:-1], rtol=0, atol=1e-12)
