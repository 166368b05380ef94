"""Denoising: quality on ten photographs, and times beside other libraries: `python -m benchmarks.denoising`.

The quality is the peak signal-to-noise ratio (PSNR) in dB, the mean over crops of ten photographs of
scikit-image with noise of 10, 20 and 40. Each filter has one rule for its strength, which knows the standard
deviation of the noise, for all photographs. The Gaussian has the best of several widths for each photograph.
"""

import sys
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import skimage.color
import skimage.data
from skimage import restoration

import imfilter

from . import measure

PHOTOS = ("camera", "coins", "page", "moon", "astronaut", "chelsea", "coffee", "brick", "grass", "gravel")
NOISES, CROP, THREADS, RUNS, PATIENCE = (10.0, 20.0, 40.0), 128, 2, 5, 10.0
WIDTHS = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0)
Image = npt.NDArray[np.float32]

#: By filter: ours, and the same of scikit-image or None; functions of an image and its noise.
FILTERS: dict[str, tuple[Callable[[Image, float], Image], Callable[[Image, float], Image] | None]] = {
    "non_local_means": (
        lambda x, s: imfilter.non_local_means(x, noise=s),
        lambda x, s: restoration.denoise_nl_means(x, 7, 10, h=0.8 * s, sigma=s, fast_mode=True),
    ),
    "non_local_means, noise estimated": (lambda x, s: imfilter.non_local_means(x), None),
    "non_local_means, patch 5": (lambda x, s: imfilter.non_local_means(x, patch=5, noise=s), None),
    "total_variation": (
        lambda x, s: imfilter.total_variation(x, 0.7 * s),
        lambda x, s: restoration.denoise_tv_chambolle(x, 0.7 * s),
    ),
    "anisotropic_diffusion": (
        lambda x, s: imfilter.anisotropic_diffusion(x, round(4 + s / 10), s, function="rational"),
        None,
    ),
}


def photograph(name: str, size: int = CROP) -> Image:
    """Return the middle of a photograph, in grey levels from 0 to 255."""
    image = getattr(skimage.data, name)()
    if image.ndim == 3:
        image = 255 * skimage.color.rgb2gray(image)
    y, x = ((n - size) // 2 for n in image.shape)
    return np.asarray(image[y : y + size, x : x + size], np.float32)


def noisy(image: Image, sigma: float) -> Image:
    """Return an image with noise, the same in each call."""
    return image + np.random.default_rng(1).normal(0, sigma, image.shape).astype(np.float32)


def psnr(found: Any, image: Image) -> float:
    """Return the peak signal-to-noise ratio for values up to 255."""
    return float(10 * np.log10(255**2 / np.mean((np.asarray(found, np.float64) - image) ** 2)))


def best_gaussian(x: Image, image: Image) -> float:
    """Return the PSNR of the best Gaussian."""
    return max(psnr(imfilter.gaussian(x, width), image) for width in WIDTHS)


def quality(photos: tuple[str, ...] = PHOTOS, noises: tuple[float, ...] = NOISES) -> dict[Any, float]:
    """Return the mean PSNR by filter, library and noise."""
    found: dict[Any, float] = {}
    for sigma in noises:
        pairs = [(noisy(image, sigma), image) for image in map(photograph, photos)]
        found["gaussian", "imfilter", sigma] = float(np.mean([best_gaussian(*pair) for pair in pairs]))
        for name, both in FILTERS.items():
            for library, run in zip(("imfilter", "scikit-image"), both, strict=True):
                if run is not None:
                    each = [psnr(run(x, sigma), image) for x, image in pairs]
                    found[name, library, sigma] = float(np.mean(each))
    return found


def show_quality() -> None:
    """Print the table of quality."""
    found = quality()
    for name in ("gaussian", *FILTERS):
        for library in ("imfilter", "scikit-image"):
            if (name, library, NOISES[0]) in found:
                row = "  ".join(f"{found[name, library, s]:6.2f}" for s in NOISES)
                print(f"{name:35} {library:13} {row}", flush=True)


def show_times() -> None:
    """Print milliseconds, and the times of the other libraries divided by them."""
    cv2.setNumThreads(THREADS)
    x = noisy(np.asarray(skimage.data.camera(), np.float32), 20.0)
    b = np.clip(np.rint(x), 0, 255).astype(np.uint8)
    run = {"workers": THREADS}
    rows: dict[str, dict[str, Callable[[], Any]]] = {
        "non_local_means 7, 21, 512x512 float32": {
            "imfilter": lambda: imfilter.non_local_means(x, noise=20, **run),
            "scikit-image, fast": lambda: FILTERS["non_local_means"][1](x, 20.0),
        },
        "non_local_means 7, 21, 512x512 uint8": {
            "imfilter": lambda: imfilter.non_local_means(b, noise=20, **run),
            "OpenCV": lambda: cv2.fastNlMeansDenoising(b, None, 14.0, 7, 21),
        },
        "total_variation 20, 512x512 float32": {
            "imfilter": lambda: imfilter.total_variation(x, 20, **run),
            "scikit-image": lambda: restoration.denoise_tv_chambolle(x, 20),
            "scikit-image, eps 1e-6": lambda: restoration.denoise_tv_chambolle(
                x, 20, eps=1e-6, max_num_iter=500
            ),
        },
        "anisotropic_diffusion 20, 512x512 float32": {
            "imfilter": lambda: imfilter.anisotropic_diffusion(x, 20, 40, **run)
        },
        "estimate_noise, 512x512 float32": {"imfilter": lambda: imfilter.estimate_noise(x)},
    }
    for name, contestants in rows.items():
        found = measure.race(contestants, runs=RUNS, patience=PATIENCE)
        ours, *others = (found[key].fastest for key in contestants)
        pairs = zip(list(contestants)[1:], others, strict=True)
        print(f"{name:45} {1e3 * ours:8.1f} ms", *(f"; {key} {t / ours:.1f}" for key, t in pairs), flush=True)


if __name__ == "__main__":
    if sys.argv[1:] != ["times"]:
        show_quality()
    if sys.argv[1:] != ["quality"]:
        show_times()
