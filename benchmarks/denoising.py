"""Denoising: quality on ten photographs beside scikit-image: `python -m benchmarks.denoising`.

The quality is the peak signal-to-noise ratio (PSNR) in dB, the mean over crops of ten photographs of
scikit-image with noise of 10, 20 and 40. Each filter has one rule for its strength, which knows the standard
deviation of the noise, for all photographs. "best" is the best of several strengths for each photograph, as
for the Gaussian. Then follow a volume and uint16 photographs, for a noise of 20 of 255.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import skimage.color
import skimage.data
from skimage import restoration

import imfilter

PHOTOS = ("camera", "coins", "page", "moon", "astronaut", "chelsea", "coffee", "brick", "grass", "gravel")
NOISES, CROP = (10.0, 20.0, 40.0), 128
WIDTHS = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0)
Image = npt.NDArray[np.float32]

Filter = Callable[[Image, float], Image]


def steps(x: Image, s: float) -> int:
    """Return a number of steps of diffusion for a noise."""
    white = 65535 if x.dtype == np.uint16 else 255
    return round(4 + 25.5 * s / white)


def twice_guided(x: Image, s: float) -> Image:
    """Return a guided filter whose guide is the result of another one."""
    return imfilter.guided(x, 2, (0.7 * s) ** 2, guide=imfilter.guided(x, 1, (2.5 * s) ** 2))


def scikit_bilateral(x: Image, s: float) -> Image:
    """Return the bilateral filter of scikit-image, which refuses samples below 0."""
    least = x.min()
    return restoration.denoise_bilateral(x - least, 13, 2.5 * s, 1.5, bins=1000, mode="edge") + least


def scikit_means(patch: int, distance: int = 10) -> Filter:
    """Return the non-local means of scikit-image, in the fast mode and with its recommended strength."""
    return lambda x, s: restoration.denoise_nl_means(x, patch, distance, h=0.8 * s, sigma=s, fast_mode=True)


#: By filter: ours, and the same of scikit-image or None; functions of an image and its noise.
FILTERS: dict[str, tuple[Filter, Filter | None]] = {
    "non_local_means": (lambda x, s: imfilter.non_local_means(x, noise=s), scikit_means(5)),
    "non_local_means, noise estimated": (lambda x, s: imfilter.non_local_means(x), None),
    "non_local_means, patch 7": (
        lambda x, s: imfilter.non_local_means(x, patch=7, noise=s),
        scikit_means(7),
    ),
    "total_variation": (
        lambda x, s: imfilter.total_variation(x, 0.7 * s),
        lambda x, s: restoration.denoise_tv_chambolle(x, 0.7 * s),
    ),
    "anisotropic_diffusion": (
        lambda x, s: imfilter.anisotropic_diffusion(x, steps(x, s), s, function="rational"),
        None,
    ),
    "bilateral by a Gaussian": (
        lambda x, s: imfilter.bilateral(x, 2, s, guide=imfilter.gaussian(x, 0.7)),
        None,
    ),
    "bilateral": (lambda x, s: imfilter.bilateral(x, 1.5, 2.5 * s, mode="edge"), scikit_bilateral),
    "guided by guided": (twice_guided, None),
    "guided": (lambda x, s: imfilter.guided(x, 1, (2 * s) ** 2), None),
}
#: Filters of several strengths, of which each photograph has the best.
BEST: dict[str, list[Filter]] = {
    "gaussian": [lambda x, s, w=w: imfilter.gaussian(x, w) for w in WIDTHS],
    "bilateral": [
        lambda x, s, w=w, k=k: imfilter.bilateral(x, w, k * s)
        for w in (0.7, 1.0, 1.5, 2.0)
        for k in (2, 3, 4, 6)
    ],
    "guided": [
        lambda x, s, r=r, k=k: imfilter.guided(x, r, (k * s) ** 2)
        for r in (1, 2)
        for k in (1.5, 2, 2.5, 3, 4, 6)
    ],
}
#: The same filters for volumes.
VOLUME: dict[str, tuple[Filter, Filter | None]] = {
    "non_local_means": (
        lambda x, s: imfilter.non_local_means(x, patch=3, search=7, noise=s),
        scikit_means(3, 3),
    ),
    "total_variation": (
        lambda x, s: imfilter.total_variation(x, 0.5 * s),
        lambda x, s: restoration.denoise_tv_chambolle(x, 0.5 * s),
    ),
    **{
        name: FILTERS[name]
        for name in ("anisotropic_diffusion", "bilateral by a Gaussian", "guided by guided")
    },
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


def best(name: str, x: Image, image: Image, sigma: float) -> float:
    """Return the PSNR of the best of several strengths."""
    return max(psnr(run(x, sigma), image) for run in BEST[name])


def volume(planes: int = 16, size: int = 64) -> Image:
    """Return a volume: windows of a photograph that move with depth."""
    image = np.asarray(skimage.data.camera(), np.float32)
    parts = [image[150 + z : 150 + z + size, 180 + 2 * z : 180 + 2 * z + size] for z in range(planes)]
    return np.stack(parts)


def quality(photos: tuple[str, ...] = PHOTOS, noises: tuple[float, ...] = NOISES) -> dict[Any, float]:
    """Return the mean PSNR by filter, library and noise."""
    found: dict[Any, float] = {}
    for sigma in noises:
        pairs = [(noisy(image, sigma), image) for image in map(photograph, photos)]
        for name in BEST:
            found[f"{name}, best", "imfilter", sigma] = float(
                np.mean([best(name, *pair, sigma) for pair in pairs])
            )
        for name, both in FILTERS.items():
            for library, run in zip(("imfilter", "scikit-image"), both, strict=True):
                if run is not None:
                    each = [psnr(run(x, sigma), image) for x, image in pairs]
                    found[name, library, sigma] = float(np.mean(each))
    return found


def quality_of_volumes(sigma: float = 20.0) -> dict[Any, float]:
    """Return the PSNR of a volume with noise by filter and library."""
    image = volume()
    x = noisy(image, sigma)
    found = {("gaussian, best", "imfilter"): best("gaussian", x, image, sigma)}
    for name, both in VOLUME.items():
        for library, run in zip(("imfilter", "scikit-image"), both, strict=True):
            if run is not None:
                found[name, library] = psnr(run(x, sigma), image)
    return found


def quality_of_words(photos: tuple[str, ...] = PHOTOS, sigma: float = 20.0) -> dict[str, float]:
    """Return the mean PSNR of uint16 photographs, in units of 1/257: their noise is cut off at the ends."""
    pairs = []
    for image in map(photograph, photos):
        x = np.clip(np.rint(257 * noisy(image, sigma)), 0, 65535).astype(np.uint16)
        pairs.append((x, image))
    found = {
        "gaussian, best": [
            max(psnr(run(x, 257 * sigma) / 257.0, image) for run in BEST["gaussian"]) for x, image in pairs
        ]
    }
    for name, (run, _) in FILTERS.items():
        found[name] = [psnr(run(x, 257 * sigma) / 257.0, image) for x, image in pairs]
    return {name: float(np.mean(each)) for name, each in found.items()}


def show_quality() -> None:
    """Print the tables of quality."""
    found = quality()
    for name in (*(f"{name}, best" for name in BEST), *FILTERS):
        for library in ("imfilter", "scikit-image"):
            if (name, library, NOISES[0]) in found:
                row = "  ".join(f"{found[name, library, s]:6.2f}" for s in NOISES)
                print(f"{name:35} {library:13} {row}", flush=True)
    for (name, library), value in quality_of_volumes().items():
        print(f"volume: {name:35} {library:13} {value:6.2f}", flush=True)
    for name, value in quality_of_words().items():
        print(f"uint16: {name:35} {value:6.2f}", flush=True)


if __name__ == "__main__":
    show_quality()
