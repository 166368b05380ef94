"""Filters that keep edges, of images of 3840x2160: `python -m benchmarks.edge_preserving`.

The other libraries for the bilateral filter are OpenCV and scikit-image, which is timed on a part of the
image. For the guided filter it is the composition of OpenCV's boxes and arithmetic.
"""

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
from skimage.restoration import denoise_bilateral

import imfilter

from . import measure

SHAPE, THREADS, RUNS, PATIENCE = (2160, 3840), 2, 9, 20.0


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


def main() -> None:
    """Print a line for each filter: milliseconds, and the times of the others divided by them."""
    rng = np.random.default_rng(1)
    noise = rng.random(SHAPE) * 255
    cv2.setNumThreads(THREADS)
    for dtype in ("uint8", "float32"):
        image, part = noise.astype(dtype), noise[:120, :160] / 255
        for window in ("box", "disc"):
            ours, opencv, scikit = timed(
                lambda image=image, window=window: imfilter.bilateral(
                    image, 2, 25, window=window, workers=THREADS
                ),
                lambda image=image: cv2.bilateralFilter(image, 17, 25, 2),
                lambda part=part: denoise_bilateral(part, 17, 25 / 255, 2),
            )
            show(f"bilateral 2, 25, {window}, {dtype}", ours, opencv, scikit * noise.size / part.size)
    image = noise.astype("float32")
    for radius in (2, 8, 30):
        for name, guide in (("itself", image), ("a guide", image[::-1].copy())):
            ours, opencv = timed(
                lambda radius=radius, guide=guide: imfilter.guided(
                    image, radius, 100, guide=None if guide is image else guide, workers=THREADS
                ),
                lambda radius=radius, guide=guide: opencv_guided(image, guide, radius, 100.0),
            )
            show(f"guided {radius}, 100, by {name}, float32", ours, opencv)


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
