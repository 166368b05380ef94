"""Distances of images of 3840x2160, and thinning at 1024x1024: `python -m benchmarks.distance`.

The other libraries are SciPy and OpenCV for distances, and scikit-image for thinning. SciPy and scikit-image
have one thread.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from scipy import ndimage
from skimage import morphology as peers

from imfilter import morphology

from . import measure

SIZE, SMALL, VOLUME, THREADS, RUNS, PATIENCE = (3840, 2160), (1024, 1024), (128, 256, 256), 2, 9, 20.0
SAMPLES = Path(__file__).resolve().parents[1] / "samples"


def objects(size: tuple[int, int]) -> Iterator[tuple[str, Any]]:
    """Yield names and images of objects: a photograph, its background, and few and very few points of 0."""
    grey = cv2.imread(str(SAMPLES / "coins.png"), cv2.IMREAD_GRAYSCALE)
    large = cv2.resize(grey, size, interpolation=cv2.INTER_CUBIC)
    yield "coins", (large > 107).astype(np.uint8)
    yield "background of coins", (large <= 107).astype(np.uint8)
    rng = np.random.default_rng(1)
    for share in (0.01, 0.0001):
        yield f"{share:.2%} points", (rng.random(size[::-1]) >= share).astype(np.uint8)


def main() -> None:
    """Print a line for each image: milliseconds, and the times of the other libraries divided by them."""
    cv2.setNumThreads(THREADS)
    for name, image in objects(SIZE):
        show(
            f"distance, {name}",
            {
                "imfilter": lambda image=image: morphology.distance(image, workers=THREADS),
                "OpenCV": lambda image=image: cv2.distanceTransform(
                    image, cv2.DIST_L2, cv2.DIST_MASK_PRECISE
                ),
                "SciPy": lambda image=image: ndimage.distance_transform_edt(image),
            },
        )
    volume = np.random.default_rng(1).random(VOLUME) >= 0.001
    for spacing in (None, (3.0, 1.0, 1.0)):
        show(
            f"distance, volume, spacing {spacing}",
            {
                "imfilter": lambda s=spacing: morphology.distance(volume, spacing=s, workers=THREADS),
                "SciPy": lambda s=spacing: ndimage.distance_transform_edt(volume, sampling=s),
            },
        )
    for name, image in objects(SMALL):
        pairs = ("skeleton", peers.skeletonize), ("thin", peers.thin)
        for function, theirs in pairs if "0.01%" not in name else ():
            ours = getattr(morphology, function)
            show(
                f"{function}, {name}",
                {
                    "imfilter": lambda ours=ours, image=image: ours(image),
                    "scikit-image": lambda theirs=theirs, image=image: theirs(image),
                },
            )


def show(name: str, contestants: dict[str, Callable[[], Any]]) -> None:
    """Print a line."""
    found = measure.race(contestants, runs=RUNS, patience=PATIENCE)
    ours, *others = (found[key].fastest for key in contestants)
    ratios = ", ".join(f"{key} {t / ours:.1f}" for key, t in zip(list(contestants)[1:], others, strict=True))
    print(f"{name:45} {1e3 * ours:8.1f} ms; {ratios} times as long", flush=True)


if __name__ == "__main__":
    main()
