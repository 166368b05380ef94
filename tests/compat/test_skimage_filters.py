"""Edges and smoothing of compat.skimage.filters give scikit-image's results."""

import inspect

import numpy as np
import pytest
import skimage.data
import skimage.filters

import imfilter
from imfilter.compat.skimage import filters
from tests.compat.agreement import equal, runs_here

MODES = ("reflect", "constant", "nearest", "mirror", "wrap")
KINDS = ("uint8", "int16", "uint16", "float32", "float64", "float16", "bool", "int8")
GRADIENTS = ("sobel", "scharr", "prewitt", "farid")
PHOTOGRAPHS = ("camera", "coins", "moon", "page", "text")


def agrees(name, *args, **options):
    runs_here("skimage.filters", filters, skimage.filters, name, *args, **options)


def images(rng, ndim=None):
    ndim = ndim or int(rng.integers(1, 4))
    shape = tuple(map(int, rng.integers(3, [60, 20, 9][ndim - 1], ndim)))
    kind = np.dtype(str(rng.choice(KINDS)))
    if kind.kind == "f":
        return (rng.random(shape) * 2 - 0.7).astype(kind)
    return (rng.random(shape) < 0.5) if kind.kind == "b" else rng.integers(0, np.iinfo(kind).max, shape, kind)


def border(rng):
    return {"mode": str(rng.choice(MODES)), "cval": float(rng.integers(0, 3))}


@pytest.mark.parametrize("name", GRADIENTS)
def test_gradients(name):
    rng = np.random.default_rng(1)
    for _ in range(25):
        image = images(rng)
        mask = (rng.random(image.shape) < 0.9) if rng.random() < 0.4 else None
        axes = [int(a) for a in rng.permutation(image.ndim)[: rng.integers(1, image.ndim + 1)]]
        axis = (None, axes[0], tuple(axes))[rng.integers(3)]
        agrees(name, image, mask, axis=axis, **border(rng))
        plane = images(rng, 2)
        for side in ("h", "v"):
            agrees(f"{name}_{side}", plane, mask=rng.random(plane.shape) < 0.9)
            agrees(f"{name}_{side}", plane)


@pytest.mark.parametrize("name", ["roberts", "roberts_pos_diag", "roberts_neg_diag", "laplace"])
def test_small_kernels(name):
    rng = np.random.default_rng(2)
    for _ in range(25):
        image = images(rng, None if name == "laplace" else 2)
        agrees(name, image)
        agrees(name, image, mask=(rng.random(image.shape) < 0.9).astype(np.uint8))
    if name == "laplace":
        agrees(name, rng.random((12, 13)), 5)


def test_gaussians():
    rng = np.random.default_rng(3)
    for _ in range(25):
        image, sigma = images(rng), float(rng.random() * 2 + 0.2)
        keep = bool(rng.integers(2))
        agrees("gaussian", image, sigma, preserve_range=keep, truncate=3.0, **border(rng))
        agrees("difference_of_gaussians", image, sigma, **border(rng))
        if image.ndim > 1:
            axis = int(rng.integers(-image.ndim, image.ndim))
            agrees("gaussian", image, [sigma] * (image.ndim - 1), channel_axis=axis)
            agrees("gaussian", image, sigma, channel_axis=axis, out=np.empty(image.shape, np.float32))
            agrees("difference_of_gaussians", image, sigma, [sigma * 2] * (image.ndim - 1), channel_axis=axis)
    agrees("gaussian", images(rng), 0)


def test_unsharp_masks():
    rng = np.random.default_rng(4)
    for _ in range(30):
        image, keep = images(rng), bool(rng.integers(2))
        agrees("unsharp_mask", image, float(rng.random() * 2), float(rng.random() * 3 - 1), keep)
        if image.ndim > 1:
            agrees("unsharp_mask", image, 1.0, 2, keep, channel_axis=int(rng.integers(image.ndim)))


def test_unsharp_masks_with_a_negative_channel_axis():
    """Scikit-image 0.26 returns memory that it has not written."""
    image = skimage.data.astronaut()[:90, :80]
    for keep in (False, True):
        for axis in range(3):
            expected = filters.unsharp_mask(image, 2, 1.5, keep, channel_axis=axis)
            np.testing.assert_array_equal(
                filters.unsharp_mask(image, 2, 1.5, keep, channel_axis=axis - 3), expected
            )
            with imfilter.patch("skimage.filters", smallest=0):
                found = skimage.filters.unsharp_mask(image, [1, 2], 1.5, keep, channel_axis=axis - 3)
            expected = skimage.filters.unsharp_mask(image, [1, 2], 1.5, keep, channel_axis=axis)
            np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9)
    for axis in (3, -4):
        with pytest.raises(IndexError):
            filters.unsharp_mask(image, 2, channel_axis=axis)


def test_unsharp_masks_with_nan():
    image = np.linspace(-1, 1, 30).reshape(5, 6)
    image[4, 5] = np.nan
    for sign in (1, -1):
        agrees("unsharp_mask", sign * image, 0.5, 2.0)
        agrees("unsharp_mask", np.abs(image), 0.5, 2.0)


def test_medians():
    rng = np.random.default_rng(5)
    for _ in range(25):
        image = images(rng, int(rng.integers(2, 4)))
        image = image.astype(np.float32) if image.dtype == np.float16 else image
        footprint = rng.random((3,) * image.ndim) < 0.7
        footprint.flat[0] = True
        agrees("median", image)
        agrees("median", image, footprint, np.empty_like(image), mode=str(rng.choice(MODES)), cval=1.0)


def test_hysteresis():
    rng = np.random.default_rng(6)
    for _ in range(25):
        image = images(rng)
        low, high = np.sort(np.quantile(image.astype(float), [0.6, 0.9]))
        agrees("apply_hysteresis_threshold", image, low, high)
        agrees("apply_hysteresis_threshold", image, high, low)
        agrees("apply_hysteresis_threshold", image, np.full(image.shape, low), high)


@pytest.mark.parametrize("photograph", PHOTOGRAPHS)
@pytest.mark.slow
def test_photographs(photograph):
    image = getattr(skimage.data, photograph)()
    for name in ("sobel", "scharr", "prewitt", "farid", "roberts", "laplace", "gaussian", "unsharp_mask"):
        agrees(name, image)
        agrees(name, skimage.util.img_as_float32(image))
    agrees("difference_of_gaussians", image, 2, 5)
    agrees("median", image, np.ones((5, 5)))
    agrees("apply_hysteresis_threshold", skimage.filters.sobel(image), 0.1, 0.35)


def test_colours():
    image = skimage.data.astronaut()
    agrees("gaussian", image, 2, channel_axis=-1)
    agrees("unsharp_mask", image, 2, 1.5, channel_axis=2)
    agrees("sobel", image)


def test_not_finite():
    image = np.arange(16 * 18.0).reshape(16, 18)
    image[2, 3], image[4, 5], image[11, 12] = np.nan, np.inf, -np.inf
    with np.errstate(all="ignore"):
        for name in (*GRADIENTS, "sobel_h", "roberts", "laplace", "gaussian"):
            agrees(name, image)


@pytest.mark.parametrize("name", filters.__all__)
def test_signatures(name):
    """Every parameter has scikit-image's name, kind and default."""
    ours, theirs = (inspect.signature(getattr(m, name)).parameters for m in (filters, skimage.filters))
    assert [(p.name, p.kind, p.default) for p in ours.values()] == [
        (p.name, p.kind, p.default) for p in theirs.values()
    ]


CALLS = {
    "a list": lambda m: m.sobel([[1.0, 2.0], [3.0, 4.0]]),
    "three axes": lambda m: m.sobel_h(np.ones((4, 4, 4))),
    "empty": lambda m: m.roberts(np.ones((0, 4))),
    "a border": lambda m: m.sobel(np.ones((4, 4)), mode="nothing"),
    "no axis": lambda m: m.prewitt(np.ones((4, 4)), axis=7),
    "sigma": lambda m: m.gaussian(np.ones((4, 4)), -1),
    "sigmas": lambda m: m.difference_of_gaussians(np.ones((4, 4)), 3, 2),
    "out": lambda m: m.gaussian(np.ones((4, 4)), out=np.ones((4, 4), int)),
    "kernel": lambda m: m.laplace(np.ones((4, 4)), 2),
    "radii": lambda m: m.unsharp_mask(np.ones((4, 4)), [1, 2, 3]),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_errors_are_scikit_images(call):
    with pytest.raises(Exception) as theirs:  # noqa: PT011  # whatever it raises
        call(skimage.filters)
    with pytest.raises(type(theirs.value)) as ours:
        call(filters)
    assert str(ours.value) == str(theirs.value)


def test_unusual_calls():
    """What runs in scikit-image has its result: negative axes, masked arrays, ranks, wide numbers."""
    image = np.random.default_rng(7).random((12, 13))
    for call in (
        lambda m: m.sobel(image, axis=-1),
        lambda m: m.unsharp_mask(image, amount=np.float64(2)),
        lambda m: m.sobel(image.astype(np.longdouble)),
        lambda m: m.median(skimage.util.img_as_ubyte(image), np.ones((3, 3), np.uint8), behavior="rank"),
    ):
        equal(np.asarray(call(filters)), np.asarray(call(skimage.filters)))


@pytest.mark.parametrize("name", GRADIENTS[:2])
def test_steps(name):
    """The magnitude of a step of height 1 is as exact as scikit-image's."""
    image = np.repeat([[0.0] * 5 + [1.0] * 6], 11, axis=0)
    np.testing.assert_array_equal(getattr(filters, name)(image), getattr(skimage.filters, name)(image))
