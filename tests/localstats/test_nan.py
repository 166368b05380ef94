"""All results that are NaN have the same bits, whatever NaN or infinity is the cause."""

import numpy as np
import pytest

import imfilter
from imfilter import threshold

SIGNED = np.array([np.nan, -np.nan, np.inf, -np.inf])
WINDOWS = [
    pytest.param({"size": 3}, id="box"),
    pytest.param({"size": (9, 12)}, id="large box"),
    pytest.param({"window": "gaussian", "sigma": 0.8}, id="gaussian"),
    pytest.param({"footprint": np.array([[0, 1, 1], [1, 1, 0]])}, id="footprint"),
]


def image_of(dtype, shape, seed):
    """An image with NaN of both signs and infinity, and windows whose sums lack digits."""
    rng = np.random.default_rng(seed)
    image = rng.normal(size=shape)
    image[:, shape[1] // 2 :] = 1000 + 1e-3 * image[:, shape[1] // 2 :]
    at = tuple(rng.integers(0, n, 12) for n in shape)
    image[at] = np.tile(SIGNED, 3)
    return image.astype(dtype)


def check(found):
    """Compare the bits of all results that are NaN with those of NumPy's."""
    bits = found.view(f"u{found.itemsize}")
    wrong = np.isnan(found)
    assert wrong.any()
    assert not wrong.all()
    assert (bits[wrong] == np.array(np.nan, found.dtype).view(bits.dtype)).all()


@pytest.mark.parametrize("function", [imfilter.local_std, imfilter.local_variance])
@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize("options", WINDOWS)
def test_nan_of_spreads(function, dtype, options):
    for seed, shape in enumerate([(60, 7), (60, 31), (70, 90)]):
        image = image_of(dtype, shape, seed)
        mask = np.random.default_rng(seed).random(shape) < 0.9
        for more in ({}, {"mask": mask, "min_coverage": 0.8}, {"nan": "ignore"}):
            check(function(image, **options, **more))


@pytest.mark.parametrize("function", [threshold.niblack, threshold.sauvola])
@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_nan_of_niblack_and_sauvola(function, dtype):
    options = {"r": 1.0} if function is threshold.sauvola else {}
    for seed, shape in enumerate([(60, 7), (70, 90)]):
        check(function(image_of(dtype, shape, seed), 5, **options))


@pytest.mark.parametrize("parameters", [{"k": 1e200, "r": 1e-200}, {"k": 1e308, "r": 1e-300}])
def test_nan_of_parameters_that_overflow(parameters):
    image = np.random.default_rng(0).choice([-1.0, 1.0], (40, 64)).astype("f4")
    with np.errstate(all="ignore"):
        for size in (2, (2, 4), 6):
            check(threshold.sauvola(image, size, **parameters))
