"""The rows of the tables of times in the pages of the guide, which `benchmarks.figures` measures and writes.

A table is a function that yields rows. It makes its images when it is called.
"""

import functools
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import cv2
import numpy as np
import skimage.data
import skimage.feature
import skimage.filters
import skimage.restoration
from PIL import Image

import imfilter

from . import denoising

THREADS = 2
LARGE, MIDDLE, VOLUME = (2160, 3840), (1080, 1920), (128, 256, 256)
SCALES = (1.0, 2.0, 3.0, 4.0, 5.0)
#: The word for the size of an image in a row.
SIZES = {LARGE: "3840x2160", MIDDLE: "1920x1080", VOLUME: "128x256x256"}


class Row(NamedTuple):
    """A row: its text, our call, the calls of others, and what the times of some are multiplied by."""

    text: str
    ours: Callable[[], Any]
    others: dict[str, Callable[[], Any]]
    factors: Mapping[str, float] = MappingProxyType({})  # a library that is slow gets a part of the image


def noise(shape: tuple[int, ...], dtype: str = "float32", high: float = 255) -> Any:
    """Return uniform noise from 0 to `high`."""
    return (np.random.default_rng(1).random(shape) * high).astype(dtype)


def ours(name: str, *args: Any, workers: int = THREADS, **options: Any) -> Callable[[], Any]:
    """Return a call of this library."""
    return functools.partial(getattr(imfilter, name), *args, workers=workers, **options)


def opencv_guided(image: Any, guide: Any, radius: int, eps: float) -> Any:
    """Return the result of a guided filter by OpenCV's boxes."""
    size = (2 * radius + 1, 2 * radius + 1)

    def box(x: Any) -> Any:
        return cv2.blur(x, size, borderType=cv2.BORDER_REFLECT_101)

    mean_guide = box(guide)
    variance = cv2.subtract(box(cv2.multiply(guide, guide)), cv2.multiply(mean_guide, mean_guide))
    mean, covariance = mean_guide, variance
    if guide is not image:
        mean = box(image)
        covariance = cv2.subtract(box(cv2.multiply(guide, image)), cv2.multiply(mean_guide, mean))
    slope = cv2.divide(covariance, cv2.add(variance, eps))
    constant = cv2.subtract(mean, cv2.multiply(slope, mean_guide))
    return cv2.add(cv2.multiply(box(slope), guide), box(constant))


def edge_preserving() -> Iterator[Row]:
    """Yield filters that keep edges. scikit-image gets a part of the image."""
    part = noise((120, 160), "float64", 1.0)
    factor = LARGE[0] * LARGE[1] / part.size
    for dtype in ("float32", "uint8"):
        image = noise(LARGE, dtype)
        for window, option in (("box", ""), ("disc", ', window="disc"')):
            others = {
                "OpenCV": functools.partial(cv2.bilateralFilter, image, 17, 25, 2),
                "scikit-image": functools.partial(
                    skimage.restoration.denoise_bilateral, part, 17, 25 / 255, 2
                ),
            }
            text = f"`bilateral(x, 2, 25{option})`, {dtype}"
            found = Row(
                text, ours("bilateral", image, 2, 25, window=window), others, {"scikit-image": factor}
            )
            yield found
    image = noise(LARGE)
    guide = image[::-1].copy()
    for radius in (2, 8, 30):
        for option, own in (("", image), (", guide=g", guide)):
            yield Row(
                f"`guided(x, {radius}, 100{option})`, float32",
                ours("guided", image, radius, 100, guide=None if own is image else own),
                {"OpenCV": functools.partial(opencv_guided, image, own, radius, 100.0)},
            )


def sampled() -> Iterator[Row]:
    """Yield both methods of the bilateral filter, one thread. The exact one gets a part of the image."""
    rng = np.random.default_rng(1)
    photo = cv2.resize(skimage.data.camera().astype(np.float32), MIDDLE[::-1])
    image = photo + rng.normal(0, 10, MIDDLE).astype(np.float32)
    part = np.ascontiguousarray(image[:270])
    for sigma in (2, 4, 8, 16, 32):
        yield Row(
            f"{sigma}",
            ours("bilateral", image, sigma, 25, method="sampled", workers=1),
            {'`method="exact"`': ours("bilateral", part, sigma, 25, workers=1)},
            {'`method="exact"`': 4.0},
        )


def denoise() -> Iterator[Row]:
    """Yield filters that remove noise from a photograph."""
    x = denoising.noisy(np.asarray(skimage.data.camera(), np.float32), 20.0)
    b = np.clip(np.rint(x), 0, 255).astype(np.uint8)
    means, variation = ours("non_local_means", x, patch=7, noise=20), ours("total_variation", x, 20)
    chambolle = functools.partial(skimage.restoration.denoise_tv_chambolle, x, 20)
    yield Row(
        "`non_local_means(x, patch=7)`, float32",
        means,
        {"scikit-image": lambda: denoising.scikit_means(7)(x, 20.0)},
    )
    yield Row(
        "`non_local_means(x, patch=7)`, uint8",
        ours("non_local_means", b, patch=7, noise=20),
        {"OpenCV": functools.partial(cv2.fastNlMeansDenoising, b, None, 14.0, 7, 21)},
    )
    yield Row("`total_variation(x, 20)`, float32", variation, {"scikit-image": chambolle})
    exact = functools.partial(chambolle, eps=1e-6, max_num_iter=500)
    yield Row("the same; scikit-image with `eps=1e-6`", variation, {"scikit-image": exact})
    yield Row("`anisotropic_diffusion(x, 20, 40)`, float32", ours("anisotropic_diffusion", x, 20, 40), {})
    yield Row("`estimate_noise(x)`, float32", ours("estimate_noise", x), {})


def _eigenvalues(image: Any) -> Any:
    matrix = skimage.feature.hessian_matrix(image, 2.0, mode="mirror", use_gaussian_derivatives=True)
    return skimage.feature.hessian_matrix_eigvals(matrix)


def _tensor(image: Any) -> Any:
    return skimage.feature.structure_tensor_eigenvalues(
        skimage.feature.structure_tensor(image, 2.0, mode="mirror")
    )


def orientation() -> Iterator[Row]:
    """Yield Hessian matrices, ridges and Gabor filters. scikit-image gets a part of the volume."""
    for shape, slices in ((VOLUME, 24), (MIDDLE, MIDDLE[0])):
        image = noise(shape, high=1.0)
        part, size = image[:slices], SIZES[shape]
        factors = {"scikit-image": shape[0] / slices}
        values = functools.partial(_eigenvalues, part)
        yield Row(
            f"`hessian_eigenvalues(x, 2)`, {size}",
            ours("hessian_eigenvalues", image, 2.0),
            {"scikit-image": values},
            factors,
        )
        for name in ("frangi", "sato"):
            other = functools.partial(getattr(skimage.filters, name), part, SCALES, mode="mirror")
            yield Row(
                f"`{name}` of five scales, {size}",
                ours(name, image, SCALES),
                {"scikit-image": other},
                factors,
            )
    yield Row(
        f"`structure_tensor_eigenvalues(x, 2)`, {size}",
        ours("structure_tensor_eigenvalues", image, 2.0),
        {"scikit-image": functools.partial(_tensor, image)},
    )
    yield Row(
        f"`gabor(x, 0.1, 0.6)`, {size}",
        ours("gabor", image, 0.1, 0.6),
        {"scikit-image": functools.partial(skimage.filters.gabor, image, 0.1, 0.6, mode="mirror")},
    )


#: Method, shape of the result, and the name in OpenCV; None: Pillow.
RESIZED = (
    ("area", (1080, 1920), cv2.INTER_AREA),
    ("area", (720, 1280), cv2.INTER_AREA),
    ("area", (800, 1333), cv2.INTER_AREA),
    ("linear", (800, 1333), cv2.INTER_LINEAR),
    ("linear", (4320, 7680), cv2.INTER_LINEAR),
    ("cubic", (4320, 7680), cv2.INTER_CUBIC),
    ("lanczos", (1080, 1920), None),
    ("lanczos", (4320, 7680), None),
)


def resampling() -> Iterator[Row]:
    """Yield resizing beside OpenCV, and beside Pillow for Lanczos."""
    for dtype in ("uint8", "uint16", "float32"):
        image = noise(LARGE, dtype)
        for method, shape, name in RESIZED:
            size, text = shape[::-1], f"`{method}` to {shape[1]}x{shape[0]}, {dtype}"
            if name is not None:
                call = ours("resize", image, shape, method=method, antialias=False, cubic=-0.75)
                yield Row(
                    text, call, {"OpenCV": functools.partial(cv2.resize, image, size, interpolation=name)}
                )
            elif dtype != "uint16":  # Pillow has no Lanczos of 16 bits
                call = ours("resize", image, shape, method=method, mode="shrink")
                other = functools.partial(Image.fromarray(image).resize, size, Image.Resampling.LANCZOS)
                yield Row(text, call, {"Pillow": other})


def contrast() -> Iterator[Row]:
    """Yield contrast of bytes and of 16 bits, for which OpenCV has 65536 bins."""
    large = (np.random.default_rng(1).random(LARGE) ** 2 * 255).astype(np.uint8)
    for image in (large, large.astype(np.uint16) * 257):
        other = functools.partial(cv2.createCLAHE(2.0, (8, 8)).apply, image)
        yield Row(f"`clahe(x)`, 3840x2160, {image.dtype}", ours("clahe", image), {"OpenCV": other})


def detection() -> Iterator[Row]:
    """Yield templates and blobs."""
    image, small = noise(LARGE), noise((512, 512))
    template = image[500:564, 700:764].copy()
    yield Row(
        '`match_template(x, t, padding="valid")`, 64x64 in 3840x2160',
        ours("match_template", image, template, padding="valid"),
        {"OpenCV": functools.partial(cv2.matchTemplate, image, template, cv2.TM_CCOEFF_NORMED)},
    )
    for method in ("log", "dog", "doh"):
        yield Row(
            f'`blobs(x, 2, 8, method="{method}")`, 512x512',
            ours("blobs", small, 2.0, 8.0, method=method),
            {"scikit-image": functools.partial(getattr(skimage.feature, f"blob_{method}"), small, 2, 8)},
        )


def restoration() -> Iterator[Row]:
    """Yield background and deconvolution."""
    small = noise((512, 512))
    for method in ("erosion", "opening"):
        yield Row(
            f'`rolling_ball(x, 25, method="{method}")`, 512x512, float32',
            ours("rolling_ball", small, 25, method=method),
            {"scikit-image": functools.partial(skimage.restoration.rolling_ball, small, radius=25)},
        )
    image, kernel = noise((1024, 1024), "float64", 1.0), np.full((9, 9), 1 / 81)
    known = skimage.restoration
    for mode in ("mirror", "wrap"):
        yield Row(
            f'`wiener(x, k, mode="{mode}")`, 1024x1024, float64',
            ours("wiener", image, kernel, mode=mode),
            {"scikit-image": functools.partial(known.wiener, image, kernel, 0.01, clip=False)},
        )
    yield Row(
        "`richardson_lucy(x, k, 10)`, 1024x1024, float64",
        ours("richardson_lucy", image, kernel, 10),
        {"scikit-image": functools.partial(known.richardson_lucy, image, kernel, 10, clip=False)},
    )


def frequency() -> Iterator[Row]:
    """Yield filters of the spectrum."""
    image = noise((1024, 1024), "float64", 1.0)
    for mode in ("mirror", "wrap"):
        yield Row(
            f'`butterworth(x, 0.1, mode="{mode}")`, 1024x1024, float64',
            ours("butterworth", image, 0.1, mode=mode),
            {"scikit-image": functools.partial(skimage.filters.butterworth, image, 0.1, False)},
        )
