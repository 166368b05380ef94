"""Local statistics of images of 3840x2160: `python -m benchmarks.local_statistics`.

The other libraries for the standard deviation are OpenCV and SciPy: the root of the mean of the squares minus
the square of the mean. For the entropy it is scikit-image, timed on a part of the image.
"""

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import scipy.ndimage as ndi
from skimage.filters import rank
from skimage.morphology import disk

import imfilter

from . import measure

SHAPE, THREADS, RUNS, PATIENCE = (2160, 3840), 2, 9, 20.0


def opencv_std(image: Any, size: int) -> Any:
    """Return the standard deviation by OpenCV."""
    border = {"borderType": cv2.BORDER_REFLECT_101}
    mean = cv2.boxFilter(image, cv2.CV_32F, (size, size), **border)
    squares = cv2.sqrBoxFilter(image, cv2.CV_32F, (size, size), **border)
    return cv2.sqrt(cv2.max(cv2.subtract(squares, cv2.multiply(mean, mean)), 0))


def scipy_std(image: Any, size: int) -> Any:
    """Return the standard deviation by SciPy."""
    values = image.astype(np.float64)
    mean, squares = (ndi.uniform_filter(part, size, mode="mirror") for part in (values, values * values))
    return np.sqrt(np.maximum(squares - mean * mean, 0))


def main() -> None:
    """Print a line for each filter: milliseconds, and the times of the others divided by them."""
    rng = np.random.default_rng(1)
    noise = rng.random(SHAPE) * 255
    cv2.setNumThreads(THREADS)
    for dtype in ("uint8", "uint16", "float32"):
        image = noise.astype(dtype)
        for size in (5, 15, 61):
            ours, *theirs = timed(
                lambda image=image, size=size: imfilter.local_std(image, size, workers=THREADS),
                lambda image=image, size=size: opencv_std(image, size),
                lambda image=image, size=size: scipy_std(image, size),
            )
            show(f"local_std {size}, {dtype}", ours, *theirs)
    image, part = noise.astype("uint8"), noise[:270].astype("uint8")
    ours, theirs = timed(
        lambda: imfilter.local_entropy(image, footprint=disk(5), workers=THREADS),
        lambda: rank.entropy(part, disk(5)),
    )
    show("local_entropy of a disk of radius 5, uint8", ours, theirs * SHAPE[0] / len(part))


def timed(*calls: Callable[[], Any]) -> list[float]:
    """Return the best time of each call in seconds."""
    found = measure.race({str(i): call for i, call in enumerate(calls)}, runs=RUNS, patience=PATIENCE)
    return [found[str(i)].fastest for i in range(len(calls))]


def show(name: str, ours: float, *theirs: float) -> None:
    """Print a line."""
    ratios = ", ".join(f"{time / ours:6.1f}" for time in theirs)
    print(f"{name:45} {1e3 * ours:8.1f} ms {ratios} times", flush=True)


if __name__ == "__main__":
    main()
