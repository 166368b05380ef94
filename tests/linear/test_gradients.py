"""The Farid and Roberts operators."""

import numpy as np
import pytest
import skimage.filters

import imfilter
from tests.orientation.test_hessian import MODES, image_of
from tests.orientation.test_structure import FARID
from tests.reference import missing, naive


def taps(name, axis, ndim):
    """The taps of each axis, for a correlation whose window of two begins at the sample."""
    difference, smoothing = FARID if name == "farid" else (np.array([0.0, -1, 1]), np.array([0.0, 1, 1]))
    return [difference if a == axis else smoothing for a in range(ndim)]


@pytest.mark.parametrize("name", ["farid", "roberts"])
@pytest.mark.parametrize("mode", MODES)
def test_definition(name, mode):
    function = getattr(imfilter, name)
    for shape in ((11,), (9, 8), (6, 7, 5)):
        image, ndim = image_of(shape), len(shape)
        border = {"mode": mode, "cval": 1.0 if mode == "constant" else 0.0}
        parts = [naive.separable(image, taps(name, a, ndim), **border) for a in range(ndim)]
        scale = 2.0 ** (1 - ndim) if name == "roberts" else 1.0
        for axis, part in enumerate(parts):
            np.testing.assert_allclose(function(image, axis=axis, **border), part, rtol=0, atol=1e-13)
        magnitude = np.sqrt(scale * sum(part**2 for part in parts))
        np.testing.assert_allclose(function(image, **border), magnitude, rtol=0, atol=1e-13)


def test_scikit_image():
    for image in (image_of((31, 33)), (image_of((31, 33)) * 20 + 50).astype("uint8")):
        theirs = image.astype(float)
        bound = 1e-14 if image.dtype == float else 2e-4
        found = imfilter.farid(image, mode="symmetric") / np.sqrt(2)
        np.testing.assert_allclose(found, skimage.filters.farid(theirs), rtol=0, atol=bound)
        found = imfilter.farid(image, axis=0, mode="symmetric")
        np.testing.assert_allclose(found, skimage.filters.farid_h(theirs), rtol=0, atol=bound)
        found = imfilter.roberts(image, normalize=True, mode="symmetric")
        np.testing.assert_allclose(found, skimage.filters.roberts(theirs), rtol=0, atol=bound)
        crosses = skimage.filters.roberts_pos_diag(theirs), skimage.filters.roberts_neg_diag(theirs)
        found = imfilter.roberts(image, mode="symmetric")
        np.testing.assert_allclose(found, np.hypot(*crosses), rtol=0, atol=bound)


@pytest.mark.parametrize("name", ["farid", "roberts"])
def test_ramps_and_spacing(name):
    function, ramp = getattr(imfilter, name), np.add.outer(3.0 * np.arange(12), 4.0 * np.arange(12))
    inner = (slice(3, -3),) * 2
    np.testing.assert_allclose(function(ramp, normalize=True)[inner], 5.0, rtol=1e-13)
    np.testing.assert_allclose(function(ramp, axis=1, normalize=True)[inner], 4.0, rtol=1e-13)
    found = function(ramp, normalize=True, spacing=(3.0, 4.0))[inner]
    np.testing.assert_allclose(found, np.sqrt(2), rtol=1e-13)
    for shape in ((9, 9), (5, 6, 7), (9,)):
        assert not function(np.full(shape, 0.3, np.float32)).any()
    with pytest.raises(ValueError, match="axis must be"):
        function(ramp, axis=2)


@pytest.mark.parametrize("name", ["farid", "roberts"])
def test_missing(name):
    image, present = image_of((16, 17)), np.random.default_rng(6).random((16, 17)) < 0.5
    function = getattr(imfilter, name)
    for axis in range(2):
        expected = missing.separable(image, present, taps(name, axis, 2), least=0.4)
        found = function(image, axis=axis, mask=present, min_coverage=0.4)
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)
    np.testing.assert_array_equal(function(image, mask=np.ones(image.shape)), function(image))
