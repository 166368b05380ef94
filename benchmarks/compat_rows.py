"""A call of each function of `imfilter.compat` for a small image, and the direct call of the same filter.

Where no function of `imfilter` is the same filter, the direct call has the same steps. `WITHOUT` has the
reasons of functions without a row.
"""

import functools

import cv2
import numpy as np

import imfilter
from imfilter import morphology
from imfilter.compat import cv2 as cv
from imfilter.compat import ndimage as ndi

from . import compat_rows_skimage
from .compat_rows_skimage import Rows

_ORIGINAL = "the original computes all calls"
_WEIGHTS = "it filters no image"
_ORDER = "its sums are in SciPy's order, in several steps, which no direct function has"
_CHOICE = "scikit-image chooses a bin of the histogram that is counted here"
#: Grey morphology of `scipy.ndimage`, and the same here.
_GREY = {
    "grey_erosion": morphology.erosion,
    "grey_dilation": morphology.dilation,
    "grey_opening": morphology.opening,
    "grey_closing": morphology.closing,
    "white_tophat": morphology.white_tophat,
    "black_tophat": morphology.black_tophat,
    "morphological_gradient": morphology.gradient,
}
#: Why functions have no row.
WITHOUT = {
    **dict.fromkeys(("ndimage.generic_filter1d", "cv2.cornerEigenValsAndVecs"), _ORIGINAL),
    **dict.fromkeys(
        (
            "filters.gabor_kernel",
            "restoration.denoise_bilateral",
            "restoration.denoise_nl_means",
            "restoration.denoise_tv_chambolle",
            "restoration.estimate_sigma",
            "exposure.equalize_adapthist",
        ),
        _ORIGINAL,
    ),
    **dict.fromkeys(("cv2.getGaborKernel", "cv2.getStructuringElement"), _WEIGHTS),
    **dict.fromkeys(
        (
            "filters.sato",
            "filters.frangi",
            "filters.meijering",
            "filters.hessian",
            "feature.blob_dog",
            "feature.blob_doh",
            "feature.blob_log",
            "feature.canny",
            "feature.corner_foerstner",
            "feature.corner_harris",
            "feature.corner_kitchen_rosenfeld",
            "feature.corner_shi_tomasi",
            "feature.shape_index",
        ),
        _ORDER,
    ),
    **dict.fromkeys(
        [
            f"filters.threshold_{n}"
            for n in ("otsu", "multiotsu", "yen", "isodata", "minimum", "triangle", "li")
        ],
        _CHOICE,
    ),
    "ndimage.generic_gradient_magnitude": "functions of the caller take most of the time",
    "ndimage.generic_laplace": "functions of the caller take most of the time",
    "transform.pyramid_gaussian": "it yields results of `pyramid_reduce`",
    "transform.pyramid_laplacian": "it yields differences of results of `resize` and `gaussian`",
}


def rows(grey: np.ndarray) -> Rows:
    """Return the calls for an image of bytes, or for the floats up to 1 or the truth values made of it."""
    image = grey.astype(np.float32) / 255
    return _ndimage(grey, image) | _cv2(grey, image) | compat_rows_skimage.rows(grey, image)


def _ndimage(grey: np.ndarray, image: np.ndarray) -> Rows:
    out, marks = np.empty_like(image), np.empty(image.shape, bool)
    through = functools.partial(functools.partial, output=out)
    direct = functools.partial(functools.partial, out=out, mode="symmetric")
    truth = functools.partial(functools.partial, output=marks)
    flat = functools.partial(functools.partial, out=marks, mode="constant")
    square, cross, binary = np.ones((5, 5), bool), morphology.diamond(1), grey > np.median(grey)
    kernel = np.random.default_rng(0).random((5, 5)) - 0.4
    line, plus = kernel[0], np.asarray(cross)

    def laplacian() -> object:
        return (
            morphology.dilation(image, square, mode="symmetric")
            - 2 * image
            + morphology.erosion(image, square, mode="symmetric")
        )

    return {
        "ndimage.correlate": (
            through(ndi.correlate, image, kernel),
            direct(imfilter.correlate, image, kernel),
        ),
        "ndimage.convolve": (through(ndi.convolve, image, kernel), direct(imfilter.convolve, image, kernel)),
        "ndimage.correlate1d": (
            through(ndi.correlate1d, image, line),
            direct(imfilter.correlate, image, line, axes=1),
        ),
        "ndimage.convolve1d": (
            through(ndi.convolve1d, image, line),
            direct(imfilter.convolve, image, line, axes=1),
        ),
        "ndimage.uniform_filter": (through(ndi.uniform_filter, image, 5), direct(imfilter.box, image, 5)),
        "ndimage.uniform_filter1d": (
            through(ndi.uniform_filter1d, image, 5),
            direct(imfilter.box, image, 5, axes=1),
        ),
        "ndimage.gaussian_filter": (
            through(ndi.gaussian_filter, image, 2),
            direct(imfilter.gaussian, image, 2),
        ),
        "ndimage.gaussian_filter1d": (
            through(ndi.gaussian_filter1d, image, 2),
            direct(imfilter.gaussian, image, 2, axes=1),
        ),
        "ndimage.gaussian_laplace": (
            through(ndi.gaussian_laplace, image, 2),
            direct(imfilter.laplacian_of_gaussian, image, 2),
        ),
        "ndimage.gaussian_gradient_magnitude": (
            through(ndi.gaussian_gradient_magnitude, image, 2),
            direct(imfilter.gaussian_gradient_magnitude, image, 2),
        ),
        "ndimage.sobel": (through(ndi.sobel, image, 1), direct(imfilter.sobel, image, axis=1)),
        "ndimage.prewitt": (through(ndi.prewitt, image, 1), direct(imfilter.prewitt, image, axis=1)),
        "ndimage.laplace": (through(ndi.laplace, image), direct(imfilter.laplacian, image)),
        "ndimage.minimum_filter": (through(ndi.minimum_filter, image, 5), direct(imfilter.minimum, image, 5)),
        "ndimage.maximum_filter": (through(ndi.maximum_filter, image, 5), direct(imfilter.maximum, image, 5)),
        "ndimage.minimum_filter1d": (
            through(ndi.minimum_filter1d, image, 5),
            direct(imfilter.minimum, image, 5, axes=1),
        ),
        "ndimage.maximum_filter1d": (
            through(ndi.maximum_filter1d, image, 5),
            direct(imfilter.maximum, image, 5, axes=1),
        ),
        "ndimage.median_filter": (through(ndi.median_filter, image, 5), direct(imfilter.median, image, 5)),
        "ndimage.percentile_filter": (
            through(ndi.percentile_filter, image, 30, 5),
            direct(imfilter.percentile, image, 30, 5),
        ),
        "ndimage.rank_filter": (
            through(ndi.rank_filter, image, 7, 5),
            direct(imfilter.percentile, image, 30, 5),
        ),
        "ndimage.generic_filter": (
            through(ndi.generic_filter, image, np.median, 5),
            direct(imfilter.median, image, 5),
        ),
        "ndimage.vectorized_filter": (
            functools.partial(ndi.vectorized_filter, image, np.median, size=5),
            functools.partial(imfilter.median, image, 5, mode="symmetric"),
        ),
        **{
            f"ndimage.{name}": (through(getattr(ndi, name), image, 5), direct(ours, image, square))
            for name, ours in _GREY.items()
        },
        "ndimage.morphological_laplace": (through(ndi.morphological_laplace, image, 5), laplacian),
        "ndimage.binary_erosion": (
            truth(ndi.binary_erosion, binary),
            flat(morphology.erosion, binary, cross),
        ),
        "ndimage.binary_dilation": (
            truth(ndi.binary_dilation, binary),
            flat(morphology.dilation, binary, cross),
        ),
        "ndimage.binary_opening": (
            truth(ndi.binary_opening, binary),
            flat(morphology.opening, binary, cross),
        ),
        "ndimage.binary_closing": (
            truth(ndi.binary_closing, binary),
            flat(morphology.closing, binary, cross),
        ),
        "ndimage.binary_hit_or_miss": (
            truth(ndi.binary_hit_or_miss, binary),
            functools.partial(morphology.hit_or_miss, binary, plus, ~plus, out=marks),
        ),
        "ndimage.binary_propagation": (
            functools.partial(ndi.binary_propagation, binary & (grey > 200), mask=binary),
            functools.partial(morphology.reconstruction, binary & (grey > 200), binary, connectivity=1),
        ),
        "ndimage.binary_fill_holes": (
            truth(ndi.binary_fill_holes, binary),
            functools.partial(morphology.fill_holes, binary, out=marks),
        ),
        "ndimage.distance_transform_edt": (
            functools.partial(ndi.distance_transform_edt, binary),
            functools.partial(morphology.distance, binary),
        ),
    }


def _cv2(grey: np.ndarray, image: np.ndarray) -> Rows:
    square, truth = np.ones((5, 5), np.uint8), np.ones((5, 5), bool)
    direct = functools.partial(functools.partial, mode="mirror")
    absent = functools.partial(functools.partial, mode="shrink")
    kernel = np.random.default_rng(0).random((5, 5)) - 0.4
    binomial = np.array([1.0, 4.0, 6.0, 4.0, 1.0]) / 16
    cross = np.array([[0.0, 1.0, 0.0], [1.0, -4.0, 1.0], [0.0, 1.0, 0.0]])
    call, template = functools.partial, image[4:12, 5:15]
    larger = (2 * image.shape[1], 2 * image.shape[0])

    def squares() -> object:
        return imfilter.box(np.square(image, dtype=np.float64), 5, mode="mirror")

    def above() -> object:
        return np.multiply(image > 0.5, np.float32(1), dtype=np.float32)

    def adaptive() -> object:
        return np.multiply(grey > imfilter.box(grey, 5, mode="edge").astype(np.int16) - 3, np.uint8(255))

    def totals() -> object:
        return np.pad(image.astype(np.float64).cumsum(0).cumsum(1), [(1, 0), (1, 0)])

    return {
        "cv2.blur": (call(cv.blur, image, (5, 5)), direct(imfilter.box, image, 5)),
        "cv2.boxFilter": (call(cv.boxFilter, image, -1, (5, 5)), direct(imfilter.box, image, 5)),
        "cv2.sqrBoxFilter": (call(cv.sqrBoxFilter, image, -1, (5, 5)), squares),
        "cv2.GaussianBlur": (
            call(cv.GaussianBlur, image, (9, 9), 1.5),
            direct(imfilter.gaussian, image, 1.5, radius=4),
        ),
        "cv2.filter2D": (call(cv.filter2D, image, -1, kernel), direct(imfilter.correlate, image, kernel)),
        "cv2.sepFilter2D": (
            call(cv.sepFilter2D, image, -1, binomial, binomial),
            direct(imfilter.correlate, image, (binomial, binomial)),
        ),
        "cv2.Sobel": (call(cv.Sobel, image, -1, 1, 0), direct(imfilter.sobel, image, axis=1)),
        "cv2.Scharr": (call(cv.Scharr, image, -1, 1, 0), direct(imfilter.scharr, image, axis=1)),
        "cv2.Laplacian": (call(cv.Laplacian, image, -1), direct(imfilter.correlate, image, cross)),
        "cv2.medianBlur": (call(cv.medianBlur, image, 5), call(imfilter.median, image, 5, mode="edge")),
        "cv2.bilateralFilter": (
            call(cv.bilateralFilter, image, 5, 0.2, 2.0),
            direct(imfilter.bilateral, image, 2.0, 0.2, radius=2, window="disc", norm="l1"),
        ),
        "cv2.erode": (call(cv.erode, image, square), absent(morphology.erosion, image, truth)),
        "cv2.dilate": (call(cv.dilate, image, square), absent(morphology.dilation, image, truth)),
        "cv2.morphologyEx": (
            call(cv.morphologyEx, image, cv2.MORPH_GRADIENT, square),
            absent(morphology.gradient, image, truth),
        ),
        "cv2.Canny": (
            call(cv.Canny, grey, 60, 120),
            call(imfilter.canny, grey, 60, 120, sigma=0, norm="l1", nms="sector", mode="edge"),
        ),
        "cv2.cornerHarris": (call(cv.cornerHarris, image, 2, 3, 0.04), direct(imfilter.harris, image)),
        "cv2.cornerMinEigenVal": (
            call(cv.cornerMinEigenVal, image, 2),
            direct(imfilter.shi_tomasi, image),
        ),
        "cv2.adaptiveThreshold": (
            call(cv.adaptiveThreshold, grey, 255, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY, 5, 3),
            adaptive,
        ),
        "cv2.threshold": (call(cv.threshold, image, 0.5, 1, cv2.THRESH_BINARY), above),
        "cv2.pyrDown": (
            call(cv.pyrDown, image),
            direct(imfilter.correlate, image, (binomial, binomial), stride=2),
        ),
        "cv2.pyrUp": (
            call(cv.pyrUp, image),
            direct(imfilter.resize, image, larger[::-1], method="linear"),
        ),
        "cv2.resize": (
            call(cv.resize, image, larger),
            call(imfilter.resize, image, larger[::-1], method="linear", antialias=False),
        ),
        "cv2.matchTemplate": (
            call(cv.matchTemplate, image, template, cv2.TM_CCORR),
            direct(imfilter.correlate, image, template, padding="valid"),
        ),
        "cv2.integral": (call(cv.integral, image), totals),
    }
