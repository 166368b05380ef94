"""Ridges, Gabor filters and determinants of Hessian matrices give every bit of scikit-image."""

import numpy as np
import pytest
import skimage.data
import skimage.feature
import skimage.filters

from imfilter.compat.skimage import feature, filters
from tests.compat.agreement import runs_here
from tests.looping import loop_over

PHOTOGRAPHS = ("camera", "coins", "moon", "page", "text")
RIDGES = ("sato", "frangi", "meijering", "hessian")


def agrees(name, *args, **options):
    runs_here("skimage.filters", filters, skimage.filters, name, *args, bound=0, **options)


def photograph(name, kind="uint8"):
    image = getattr(skimage.data, name)()[:61, :70]
    return (image / 255).astype(kind) if kind[0] == "f" else image.astype(kind)


@pytest.mark.parametrize("name", RIDGES)
@loop_over("photo", PHOTOGRAPHS)
@pytest.mark.slow
def test_ridges(name, photo):
    agrees(name, photograph(photo))
    agrees(name, photograph(photo, "float32"), [1, 2.5], black_ridges=False, mode="constant", cval=0.3)
    agrees(name, photograph(photo, "float64"), (0.8, np.float64(2)), mode="nearest")


@pytest.mark.parametrize("name", RIDGES)
def test_equal_eigenvalues(name):
    """Saddles and flat regions, where the signs of eigenvalues decide."""
    y, x = np.mgrid[-20.0:21, -20.0:21]
    for image in (x * y, x**2 - y**2, np.zeros((9, 12)), np.eye(30) + np.eye(30)[::-1]):
        agrees(name, image, (1, 3), mode="wrap")
    volume = np.random.default_rng(0).random((9, 10, 11))
    agrees(name, volume, (1, 2))
    agrees(name, volume.astype(np.float16), (2,))


@pytest.mark.parametrize("photo", PHOTOGRAPHS)
def test_gabor(photo):
    given = "skimage.filters", filters, skimage.filters, "gabor"
    for kind, bound in (("uint8", 0), ("int16", 0), ("float32", 4e-6), ("float64", 1e-11)):
        for options in ({}, {"theta": 0.7, "offset": 0.3, "mode": "constant", "cval": 2}, {"sigma_x": 1.5}):
            image = photograph(photo, kind)
            runs_here(*given, image, 0.2, bound=bound, **options)


@pytest.mark.parametrize("photo", PHOTOGRAPHS)
@pytest.mark.parametrize("kind", ["uint8", "float32", "float64"])
@pytest.mark.slow
def test_blobs_of_determinants(photo, kind):
    for args, options in (
        ((1, 8, 5), {}),
        ((2, 9, 4, None), {"threshold_rel": 0.2, "log_scale": True, "overlap": 0.2}),
        ((1, 3, 3, 10.0), {}),
    ):
        runs_here(
            "skimage.feature", feature, skimage.feature, "blob_doh", photograph(photo, kind), *args, **options
        )


CALLS = {
    "axes": lambda m: m.filters.sato(np.zeros(9)),
    "scales": lambda m: m.filters.sato(np.eye(9), [[1, 2]]),
    "mode": lambda m: m.filters.meijering(np.eye(9), mode="edge"),
    "frequency": lambda m: m.filters.gabor(np.eye(9), 0),
    "volume": lambda m: m.feature.blob_doh(np.zeros((5, 5, 5))),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_errors_are_scikit_images(call):
    import imfilter.compat.skimage as ours

    with pytest.raises(Exception) as theirs:  # noqa: PT011  # whatever it raises
        call(skimage)
    with pytest.raises(type(theirs.value)) as found:
        call(ours)
    assert str(found.value) == str(theirs.value)
