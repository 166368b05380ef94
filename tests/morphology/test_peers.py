"""Morphology, against SciPy, OpenCV and scikit-image where they define the same."""

import cv2
import numpy as np
import pytest
import scipy.ndimage
from skimage import morphology as skimage_morphology

from imfilter import morphology
from tests.looping import loop_over
from tests.reference.morphology import picture, same

NAMES = {
    "erosion": ("grey_erosion", cv2.MORPH_ERODE),
    "dilation": ("grey_dilation", cv2.MORPH_DILATE),
    "opening": ("grey_opening", cv2.MORPH_OPEN),
    "closing": ("grey_closing", cv2.MORPH_CLOSE),
    "white_tophat": ("white_tophat", cv2.MORPH_TOPHAT),
    "black_tophat": ("black_tophat", cv2.MORPH_BLACKHAT),
    "gradient": ("morphological_gradient", cv2.MORPH_GRADIENT),
}
BORDERS = {"mirror": "mirror", "symmetric": "reflect", "edge": "nearest", "wrap": "wrap"}


def elements(ndim, seed=0):
    """Elements of random shapes that contain their origin: even and lopsided ones, too."""
    rng = np.random.default_rng(seed)
    for _ in range(8):
        element = rng.random(rng.integers(1, 6 if ndim < 3 else 4, ndim)) < 0.7
        element[tuple(n // 2 for n in element.shape)] = True
        yield element


@loop_over("shape", [(40,), (15, 21), (6, 7, 8)])
@loop_over("mode", BORDERS)
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.slow
def test_scipy_with_footprints(name, mode, shape):
    theirs = getattr(scipy.ndimage, NAMES[name][0])
    for dtype in ("u1", "i4", "f4", "f8"):
        image = picture(dtype, shape)
        if "tophat" in name or name == "gradient":
            image = (image // 4).astype(dtype)  # SciPy does not saturate
        for element in elements(len(shape)):
            found = getattr(morphology, name)(image, element, mode=mode)
            expected = theirs(image, footprint=element, mode=BORDERS[mode])
            if name == "white_tophat" and image.dtype.kind == "u":
                # SciPy's differences wrap where an opening with a lopsided border exceeds the image.
                expected = np.where(expected > image, 0, expected)
            if name == "black_tophat" and image.dtype.kind == "u":
                closed = scipy.ndimage.grey_closing(image, footprint=element, mode=BORDERS[mode])
                expected = np.where(closed < image, 0, expected)
            np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("mode", BORDERS)
@pytest.mark.parametrize(("name", "theirs"), [("erosion", "grey_erosion"), ("dilation", "grey_dilation")])
def test_scipy_with_structures(name, theirs, mode):
    rng = np.random.default_rng(2)
    image = rng.integers(60, 190, (12, 17)).astype("u1")  # SciPy does not saturate
    for element in elements(2, 3):
        heights = rng.integers(0, 60, element.shape)
        found = getattr(morphology, name)(image, element, weights=heights, mode=mode)
        options = {"footprint": element, "structure": heights, "mode": BORDERS[mode]}
        np.testing.assert_array_equal(found, getattr(scipy.ndimage, theirs)(image, **options))


@pytest.mark.parametrize("shape", [(30,), (14, 19), (7, 6, 8)])
@pytest.mark.parametrize("iterations", [1, 2])
def test_scipy_binary(shape, iterations):
    image = np.random.default_rng(0).random(shape) < 0.7
    for element in elements(len(shape), 5):
        options = {"structure": element, "iterations": iterations}
        eroded = scipy.ndimage.binary_erosion(image, border_value=1, **options)
        same(morphology.erosion(image, element, iterations=iterations), eroded)
        dilated = scipy.ndimage.binary_dilation(image, **options)
        same(morphology.dilation(image, element, iterations=iterations), dilated)
        eroded = scipy.ndimage.binary_erosion(image, **options)
        same(morphology.erosion(image, element, iterations=iterations, mode="zero"), eroded)
    for connectivity in range(1, len(shape) + 1):
        element = scipy.ndimage.generate_binary_structure(len(shape), connectivity)
        expected = scipy.ndimage.binary_dilation(image, element)
        same(morphology.dilation(image, connectivity=connectivity), expected)


@pytest.mark.parametrize("name", NAMES)
def test_opencv(name):
    for dtype in ("u1", "u2", "i2", "f4"):
        image = picture(dtype, (33, 47))
        if dtype == "i2":
            image //= 4
        for element in (morphology.disk(1), morphology.disk(5), morphology.star(3), morphology.line(9, 20)):
            found = getattr(morphology, name)(image, element)
            kernel = np.asarray(element).astype(np.uint8)
            same(found, cv2.morphologyEx(image, NAMES[name][1], kernel))
        if "tophat" not in name and name != "gradient":
            found = getattr(morphology, name)(image, morphology.disk(2), iterations=3)
            kernel = np.asarray(morphology.disk(2)).astype(np.uint8)
            same(found, cv2.morphologyEx(image, NAMES[name][1], kernel, iterations=3))


def test_opencv_does_not_reflect():
    image, element = picture("u1", (20, 30)), np.tril(np.ones((3, 3), np.uint8))
    same(morphology.erosion(image, element), cv2.erode(image, element))
    same(morphology.dilation(image, element[::-1, ::-1]), cv2.dilate(image, element))


@pytest.mark.parametrize("name", [name for name in NAMES if name != "gradient"])
def test_scikit_image(name):
    """Elements of odd size: scikit-image has another origin in even ones. Its dilations do not reflect."""
    odd = [e for seed in (7, 8, 9) for e in elements(2, seed) if all(n % 2 for n in e.shape)]
    for dtype in ("u1", "f8"):
        image = picture(dtype, (18, 23))
        for element in [*odd, np.asarray(morphology.disk(3))]:
            reflects = name in ("dilation", "closing", "black_tophat")
            ours = element[::-1, ::-1] if reflects else element
            found = getattr(morphology, name)(image, ours)
            expected = getattr(skimage_morphology, name)(image, element.astype(np.uint8), mode="ignore")
            np.testing.assert_array_equal(found, expected)
