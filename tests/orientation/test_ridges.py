"""Filters of ridges: their definitions, other libraries, and tubes of known width."""

import numpy as np
import pytest
import scipy.ndimage as ndi
import skimage.filters

import imfilter
from imfilter._filters.orientation import family
from tests.orientation.test_hessian import image_of
from tests.reference import orientation as reference

NAMES = ("frangi", "sato", "meijering")
EVERY = pytest.mark.parametrize("name", NAMES)


def call(name, *args, **options):
    return getattr(imfilter, name)(*args, **options)


@EVERY
@pytest.mark.parametrize("shape", [(12, 14), (8, 9, 7)])
@pytest.mark.parametrize("black", [True, False])
def test_definition(name, shape, black):
    image = ndi.gaussian_filter(image_of(shape), 0.7)
    sigmas = (0.5, 1.0)
    expected, scale = reference.ridges(name, image, sigmas, black)
    found, scales = call(name, image, sigmas, black_ridges=black, return_scale=True)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)
    np.testing.assert_array_equal(scales, scale)
    np.testing.assert_array_equal(call(name, image, sigmas, black_ridges=black), found)
    np.testing.assert_allclose(call(name, -image, sigmas, black_ridges=not black), found, rtol=0, atol=1e-15)
    narrow = call(name, image.astype(np.float32), sigmas, black_ridges=black)
    assert narrow.dtype == np.float32
    np.testing.assert_allclose(narrow, expected, rtol=0, atol=3e-5)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("frangi", {"alpha": 0.3, "beta": 0.8, "gamma": 0.5}),
        ("frangi", {"spacing": (2.0, 1.0, 2.0)}),
        ("meijering", {"alpha": 0.2}),
        ("sato", {"spacing": 1.0, "mode": "constant", "cval": 3.0}),
    ],
)
def test_options(name, options):
    image = image_of((8, 9, 7))
    expected, _ = reference.ridges(name, image, (1.0,), **options)
    np.testing.assert_allclose(call(name, image, 1.0, **options), expected, rtol=0, atol=1e-12)


@EVERY
@pytest.mark.parametrize("ndim", [2, 3])
def test_scikit_image(name, ndim):
    """One scale, far from the border. There, two derivatives follow each other in scikit-image."""
    image = ndi.gaussian_filter(image_of((40,) * ndim), 1.0)
    inner = (slice(12, -12),) * ndim
    options = {"alpha": 1 / (ndim + 1)} if name == "meijering" else {}
    if name == "frangi":
        options = {"gamma": 0.1 * 1.5**2}
    for black in (True, False):
        theirs = {"gamma": 0.1} if name == "frangi" else {}
        expected = getattr(skimage.filters, name)(image, [1.5], black_ridges=black, mode="nearest", **theirs)
        found = call(name, image, 1.5, black_ridges=black, mode="edge", **options)[inner]
        expected = expected[inner]
        if name == "meijering":  # the largest is near the border
            found, expected = found / found.max(), expected / expected.max()
        np.testing.assert_allclose(found, expected, rtol=0, atol=0.02 * expected.max())


def tube(radius, ndim, dark):
    """A straight tube along the first axis, sampled without aliasing."""
    side = 61 if ndim == 2 else 41
    distance = np.abs(np.arange(side) - side // 2.0)
    if ndim == 3:
        distance = np.hypot(*np.meshgrid(distance, distance, indexing="ij"))
    profile = np.clip(radius + 0.5 - distance, 0, 1)
    image = np.broadcast_to(profile, (side, *profile.shape))
    return 1 - image if dark else image


@EVERY
@pytest.mark.slow
@pytest.mark.parametrize("ndim", [2, 3])
@pytest.mark.parametrize("dark", [True, False])
def test_tubes_answer_most_at_their_scale(name, ndim, dark):
    """The largest response of a bar of half width r is at sigma r, of a cylinder at r divided by root 2."""
    sigmas = (0.5, 1.0, 3.0)
    middle = (30, 30) if ndim == 2 else (20, 20, 20)
    for wanted in sigmas[1:]:
        radius = wanted if ndim == 2 else wanted * np.sqrt(2)
        image = tube(radius, ndim, dark).astype(np.float32)
        found, scale = call(name, image, sigmas, black_ridges=dark, return_scale=True)
        assert scale[middle] == wanted
        assert found[middle] > 0.9 * found[middle[0]].max()
        away = (*middle[:-1], 3)
        assert found[away] < 0.2 * found[middle]
        assert call(name, image, sigmas, black_ridges=not dark)[middle] == 0


@EVERY
@pytest.mark.parametrize("dtype", ["float32", "float64", "uint8"])
def test_flat_images_give_0(name, dtype):
    for shape in ((17, 19), (9, 8, 7)):
        for value in (0.1, 200.7):
            image = np.full(shape, value).astype(dtype)
            found, scale = call(name, image, (0.5, 1.0), return_scale=True)
            assert not found.any()
            assert not scale.any()


@EVERY
@pytest.mark.parametrize("shape", [(90, 100), (16, 21, 19)])
def test_neither_workers_nor_cuts_change_a_bit(name, shape, monkeypatch):
    image = image_of(shape).astype(np.float32)
    expected = call(name, image, (0.5, 1.0), workers=1, return_scale=True)
    monkeypatch.setattr(family, "_PIECE", 1000)
    for workers in (1, 3):
        found = call(name, image, (0.5, 1.0), workers=workers, return_scale=True)
        np.testing.assert_array_equal(found, expected)
    for axis in range(len(shape)):
        mirrored = call(name, np.flip(image, axis), (0.5, 1.0), return_scale=True)
        np.testing.assert_array_equal([np.flip(part, axis) for part in mirrored], expected)


@EVERY
def test_batches_and_channels_are_apart(name):
    image = image_of((3, 15, 16, 2)) * np.array([1.0, 9.0])
    found = call(name, image, (0.5, 1.0), axes=(1, 2))
    for a in range(3):
        for c in range(2):
            expected = call(name, image[a, :, :, c], (0.5, 1.0))
            np.testing.assert_array_equal(found[a, :, :, c], expected)
    channels = call(name, image[0], (0.5, 1.0), channel_axis=-1)
    np.testing.assert_array_equal(channels, found[0])


@EVERY
def test_types(name):
    image = (image_of((20, 21)) * 20 + 60).astype("uint8")
    expected = call(name, image.astype(float), (0.5, 1.0))
    found = call(name, image, (0.5, 1.0))
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, rtol=0, atol=3e-5 * expected.max())
    whole = call(name, image, (0.5, 1.0), dtype="uint8")
    assert np.abs(whole - np.rint(expected)).max() <= (name == "sato")
    out = np.empty((2, 20, 21), np.float32)
    both = call(name, image, (0.5, 1.0), return_scale=True, out=out)
    assert both[0].base is out or np.shares_memory(both[0], out)
    np.testing.assert_array_equal(out[0], found)
    assert set(np.unique(out[1])) <= {np.float32(0), np.float32(0.5), np.float32(1)}
    own = image.astype(np.float32)
    np.testing.assert_array_equal(call(name, own, (0.5, 1.0), out=own), found)
    np.testing.assert_array_equal(call(name, image, np.array([0.5, 1.0])), found)
    np.testing.assert_array_equal(call(name, image, range(1, 2)), call(name, image, (1.0,)))


@EVERY
def test_missing(name):
    image, present = image_of((30, 32)), np.ones((30, 32), bool)
    present[5:22, 8:28] = False
    found, scale = call(name, np.ma.array(image, mask=~present), (0.5, 1.0), return_scale=True)
    assert found.mask.any()
    np.testing.assert_array_equal(found.mask, np.isnan(found.data))
    np.testing.assert_array_equal(scale.mask, found.mask)
    given = np.where(present, image, np.nan)
    np.testing.assert_array_equal(call(name, given, (0.5, 1.0), nan="ignore"), found.data)
    holes = [np.isnan(imfilter.hessian(given, s, nan="ignore")).any(0) for s in (0.5, 1.0)]
    np.testing.assert_array_equal(found.mask, holes[0] | holes[1])
    full = call(name, image, (0.5, 1.0), mask=np.ones(image.shape))
    np.testing.assert_array_equal(full, call(name, image, (0.5, 1.0)))


@EVERY
def test_nan_stays_in_its_windows(name):
    image = image_of((40, 40))
    image[20, 20] = np.nan
    found = call(name, image, 1.0)
    expected = np.zeros(image.shape, bool)
    expected[16:25, 16:25] = True
    np.testing.assert_array_equal(np.isnan(found), expected)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"sigmas": 0}, "sigmas must be greater than 0, got 0.0"),
        ({"sigmas": ()}, "sigmas must contain at least one number, got none"),
        ({"beta": 0.0}, "beta must be greater than 0, got 0.0"),
        ({"gamma": -1.0}, "gamma must be greater than 0, got -1.0"),
        ({"axes": 0}, "image must have 2 or 3 axes for frangi, got 1"),
    ],
)
def test_wrong_values(options, message):
    with pytest.raises(ValueError, match=message):
        imfilter.frangi(np.zeros((9, 9)), **options)


def test_wrong_types():
    for options in ({"black_ridges": 1}, {"return_scale": "yes"}, {"alpha": "0.5"}, {"sigmas": "12"}):
        with pytest.raises(TypeError, match=next(iter(options))):
            imfilter.frangi(np.zeros((9, 9)), **options)
