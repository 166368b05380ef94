"""Local statistics of images of 3840x2160: `python -m benchmarks.local_statistics`.

The other library for the standard deviation is OpenCV: the root of the mean of the squares minus the square
of the mean. For the entropy it is scikit-image, timed on a part of the image.
"""

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
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


def main() -> None:
    """Print a line for each filter: milliseconds, and the time of the other library divided by them."""
    rng = np.random.default_rng(1)
    noise = rng.random(SHAPE) * 255
    cv2.setNumThreads(THREADS)
    for dtype in ("uint8", "float32"):
        image = noise.astype(dtype)
        for size in (5, 15, 61):
            ours, theirs = timed(
                lambda image=image, size=size: imfilter.local_std(image, size, workers=THREADS),
                lambda image=image, size=size: opencv_std(image, size),
            )
            show(f"local_std {size}, {dtype}", ours, theirs)
    image, part = noise.astype("uint8"), noise[:270].astype("uint8")
    ours, theirs = timed(
        lambda: imfilter.local_entropy(image, footprint=disk(5), workers=THREADS),
        lambda: rank.entropy(part, disk(5)),
    )
    show("local_entropy of a disk of radius 5, uint8", ours, theirs * SHAPE[0] / len(part))


def timed(ours: Callable[[], Any], theirs: Callable[[], Any]) -> list[float]:
    """Return the best time of both calls in seconds."""
    found = measure.race({"ours": ours, "theirs": theirs}, runs=RUNS, patience=PATIENCE)
    return [found[name].fastest for name in ("ours", "theirs")]


def show(name: str, ours: float, theirs: float) -> None:
    """Print a line."""
    print(f"{name:45} {1e3 * ours:8.1f} ms {theirs / ours:6.1f} times", flush=True)


if __name__ == "__main__":
    main()
