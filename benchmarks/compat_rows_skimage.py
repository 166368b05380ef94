"""The rows of `compat_rows` for functions of scikit-image."""

import functools
from collections.abc import Callable

import numpy as np

import imfilter
from imfilter import color, morphology, threshold
from imfilter.compat.skimage import color as sk_color
from imfilter.compat.skimage import feature, filters, restoration, transform
from imfilter.compat.skimage import morphology as sk_morphology

Call = Callable[[], object]
#: A call through `compat` and the direct one, by the name of the function.
Rows = dict[str, tuple[Call, Call]]


def rows(grey: np.ndarray, image: np.ndarray) -> Rows:
    """Return the calls for an image of bytes, and for one of floats."""
    return _filters(grey, image) | _regions(grey, image)


def _filters(grey: np.ndarray, image: np.ndarray) -> Rows:
    call = functools.partial
    direct = functools.partial(functools.partial, mode="symmetric")
    larger, colours = [2 * n for n in image.shape], np.stack([image, image[::-1], image[:, ::-1]], -1)
    real, half = image.astype(np.float64), [n // 2 for n in image.shape]
    blur = np.full((5, 5), 0.04)
    found: Rows = {}
    for name in ("sobel", "scharr", "prewitt", "farid"):
        ours = getattr(imfilter, name)
        found[f"filters.{name}"] = call(getattr(filters, name), image), direct(ours, image, normalize=True)
        for suffix, axis in (("h", 0), ("v", 1)):
            found[f"filters.{name}_{suffix}"] = (
                call(getattr(filters, f"{name}_{suffix}"), image),
                direct(ours, image, axis=axis, normalize=True),
            )
    diagonals = {"pos": np.array([[1.0, 0.0], [0.0, -1.0]]), "neg": np.array([[0.0, 1.0], [-1.0, 0.0]])}
    for name, kernel in diagonals.items():
        found[f"filters.roberts_{name}_diag"] = (
            call(getattr(filters, f"roberts_{name}_diag"), image),
            direct(imfilter.convolve, image, kernel),
        )

    def roberts() -> object:
        first, second = (imfilter.convolve(image, k, mode="symmetric") for k in diagonals.values())
        return np.sqrt(first * first + second * second) / np.sqrt(np.float32(2))

    def dog() -> object:
        return imfilter.gaussian(image, 1, mode="edge") - imfilter.gaussian(image, 2, mode="edge")

    def sharpened() -> object:
        return np.clip(image + 2 * (image - imfilter.gaussian(image, 1, mode="symmetric")), 0, 1)

    def gabor() -> object:
        kernel = filters.gabor_kernel(0.2, 0.3, offset=0.5, dtype=np.complex128)  # without weights near 0
        parts = np.real(kernel), np.imag(kernel)
        return [imfilter.convolve(real, part, mode="symmetric") for part in parts]

    def hysteresis() -> object:
        return imfilter.hysteresis_threshold(image, 0.4, 0.6)

    def reduced() -> object:
        return imfilter.resize(
            imfilter.gaussian(real, 2 / 3, mode="symmetric"), half, method="linear", antialias=False
        )

    def expanded() -> object:
        return imfilter.gaussian(
            imfilter.resize(real, larger, method="linear", antialias=False), 2 / 3, mode="symmetric"
        )

    return found | {
        "filters.roberts": (call(filters.roberts, image), roberts),
        "filters.laplace": (call(filters.laplace, image), direct(imfilter.laplacian, image)),
        "filters.gaussian": (
            call(filters.gaussian, image, 2),
            call(imfilter.gaussian, image, 2, mode="edge"),
        ),
        "filters.difference_of_gaussians": (call(filters.difference_of_gaussians, image, 1, 2), dog),
        "filters.unsharp_mask": (call(filters.unsharp_mask, image, 1, 2), sharpened),
        "filters.median": (call(filters.median, image), call(imfilter.median, image, 3, mode="edge")),
        "filters.gabor": (call(filters.gabor, real, 0.2, 0.3, offset=0.5), gabor),
        "filters.apply_hysteresis_threshold": (
            call(filters.apply_hysteresis_threshold, image, 0.4, 0.6),
            hysteresis,
        ),
        "filters.threshold_mean": (call(filters.threshold_mean, grey), call(threshold.mean, grey)),
        "filters.threshold_local": (
            call(filters.threshold_local, image, 5),
            direct(imfilter.gaussian, image, 4 / 6),
        ),
        "filters.threshold_niblack": (
            call(filters.threshold_niblack, real, 5),
            call(threshold.niblack, real, 5, 0.2, dtype=np.float64),
        ),
        "filters.threshold_sauvola": (
            call(filters.threshold_sauvola, real, 5),
            call(threshold.sauvola, real, 5, 0.2, 1.0, dtype=np.float64),
        ),
        "transform.resize": (
            call(transform.resize, image, larger),
            call(imfilter.resize, image, larger, method="linear", antialias=False),
        ),
        "transform.rescale": (
            call(transform.rescale, image, 2),
            call(imfilter.resize, image, scale=2, method="linear", antialias=False),
        ),
        "transform.pyramid_reduce": (call(transform.pyramid_reduce, real), reduced),
        "transform.pyramid_expand": (call(transform.pyramid_expand, real), expanded),
        "color.rgb2gray": (call(sk_color.rgb2gray, colours), call(color.rgb_to_gray, colours)),
        "color.rgb2lab": (call(sk_color.rgb2lab, colours), call(color.rgb_to_lab, colours)),
        "color.lab2rgb": (
            call(sk_color.lab2rgb, color.rgb_to_lab(colours)),
            call(color.lab_to_rgb, color.rgb_to_lab(colours)),
        ),
        "restoration.wiener": (
            call(restoration.wiener, real, blur, 0.1),
            call(imfilter.wiener, real, blur, balance=0.1, mode="wrap"),
        ),
        "restoration.richardson_lucy": (
            call(restoration.richardson_lucy, real, blur, 2),
            call(imfilter.richardson_lucy, real, blur, 2, mode="zero"),
        ),
        "restoration.rolling_ball": (
            call(restoration.rolling_ball, image, radius=5),
            call(imfilter.rolling_ball, image, 5, method="erosion", mode="shrink"),
        ),
    }


def _regions(grey: np.ndarray, image: np.ndarray) -> Rows:
    call, binary = functools.partial, grey > np.median(grey)
    direct = functools.partial(functools.partial, mode="symmetric")
    cross, real = morphology.diamond(1), image.astype(np.float64)
    found: Rows = {}
    for name in ("erosion", "dilation", "opening", "closing", "white_tophat", "black_tophat"):
        found[f"morphology.{name}"] = (
            call(getattr(sk_morphology, name), image),
            direct(getattr(morphology, name), image, cross),
        )
    for name in ("local_maxima", "local_minima"):
        found[f"morphology.{name}"] = (
            call(getattr(sk_morphology, name), image),
            call(getattr(morphology, name), image, connectivity=2, allow_borders=True),
        )
    for name in ("h_maxima", "h_minima"):
        found[f"morphology.{name}"] = (
            call(getattr(sk_morphology, name), grey, 20),
            call(getattr(morphology, name), grey, 20),
        )
    for name in ("area_opening", "area_closing"):
        found[f"morphology.{name}"] = (
            call(getattr(sk_morphology, name), grey, 8),
            call(getattr(morphology, name), grey, 8, connectivity=1),
        )

    def eroded(of: np.ndarray) -> np.ndarray:
        return morphology.distance(of) > 2

    def dilated(of: np.ndarray) -> np.ndarray:
        return morphology.distance(~of) <= 2

    def tensor() -> object:
        down, across = (imfilter.sobel(image, axis=a, normalize=True, mode="zero") for a in (0, 1))
        products = down * down, down * across, across * across
        return [imfilter.gaussian(each, 1, mode="zero") for each in products]

    def hessian() -> object:
        smoothed = imfilter.gaussian(image, 1, mode="zero")
        slopes = [np.gradient(smoothed, axis=a) for a in (0, 1)]
        return [np.gradient(slopes[a], axis=b) for a, b in ((0, 0), (0, 1), (1, 1))]

    def peaks() -> object:
        return imfilter.corner_peaks(image, min_distance=1, metric="chebyshev")

    elements = feature.structure_tensor(real, 1)
    return found | {
        "morphology.reconstruction": (
            call(sk_morphology.reconstruction, real * 0.8, real),
            call(morphology.reconstruction, real * 0.8, real, connectivity=2),
        ),
        "morphology.isotropic_erosion": (
            call(sk_morphology.isotropic_erosion, binary, 2),
            call(eroded, binary),
        ),
        "morphology.isotropic_dilation": (
            call(sk_morphology.isotropic_dilation, binary, 2),
            call(dilated, binary),
        ),
        "morphology.isotropic_opening": (
            call(sk_morphology.isotropic_opening, binary, 2),
            lambda: dilated(eroded(binary)),
        ),
        "morphology.isotropic_closing": (
            call(sk_morphology.isotropic_closing, binary, 2),
            lambda: eroded(dilated(binary)),
        ),
        "morphology.skeletonize": (
            call(sk_morphology.skeletonize, binary),
            call(morphology.skeleton, binary),
        ),
        "morphology.thin": (call(sk_morphology.thin, binary), call(morphology.thin, binary)),
        "feature.structure_tensor": (call(feature.structure_tensor, image), tensor),
        "feature.structure_tensor_eigenvalues": (
            call(feature.structure_tensor_eigenvalues, elements),
            call(imfilter.structure_tensor_eigenvalues, real),
        ),
        "feature.hessian_matrix": (
            call(feature.hessian_matrix, image, use_gaussian_derivatives=False),
            hessian,
        ),
        "feature.hessian_matrix_eigvals": (
            call(feature.hessian_matrix_eigvals, elements),
            call(imfilter.structure_tensor_eigenvalues, real),
        ),
        "feature.peak_local_max": (call(feature.peak_local_max, image), peaks),
        "feature.corner_peaks": (call(feature.corner_peaks, image), peaks),
        "feature.hog": (
            call(feature.hog, grey, pixels_per_cell=(4, 4)),
            call(imfilter.hog, grey, pixels_per_cell=(4, 4)),
        ),
        "feature.match_template": (
            call(feature.match_template, grey, grey[4:12, 5:15]),
            call(imfilter.match_template, grey, grey[4:12, 5:15], padding="valid", dtype=np.float64),
        ),
    }
