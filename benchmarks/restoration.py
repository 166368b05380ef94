"""Contrast, background and deconvolution beside other libraries: `python -m benchmarks.restoration`."""

import functools
from collections.abc import Callable, Iterator
from typing import Any

import cv2
import numpy as np
import skimage.filters
import skimage.restoration

import imfilter

from . import measure

THREADS, RUNS, PATIENCE = 2, 7, 20.0


def calls() -> Iterator[tuple[str, Callable[[], Any], Callable[[], Any]]]:
    """Yield a name, our call and the call of the other library."""
    rng = np.random.default_rng(1)
    ours: dict[str, Any] = {"workers": THREADS}
    large = (rng.random((2160, 3840)) ** 2 * 255).astype(np.uint8)
    yield (
        "clahe of 3840x2160, uint8; OpenCV",
        functools.partial(imfilter.clahe, large, **ours),
        functools.partial(cv2.createCLAHE(2.0, (8, 8)).apply, large),
    )
    wide = large.astype(np.uint16) * 257
    yield (
        "clahe of 3840x2160, uint16; OpenCV with 65536 bins",
        functools.partial(imfilter.clahe, wide, **ours),
        functools.partial(cv2.createCLAHE(2.0, (8, 8)).apply, wide),
    )
    small = (rng.random((512, 512)) * 255).astype(np.float32)
    for method in ("erosion", "opening"):
        yield (
            f"rolling_ball 25 of 512x512, {method}; scikit-image",
            functools.partial(imfilter.rolling_ball, small, 25, method=method, **ours),
            functools.partial(skimage.restoration.rolling_ball, small, radius=25),
        )
    image, kernel = rng.random((1024, 1024)), np.full((9, 9), 1 / 81)
    for mode in ("mirror", "wrap"):
        yield (
            f"wiener of 1024x1024, {mode}; scikit-image",
            functools.partial(imfilter.wiener, image, kernel, mode=mode, **ours),
            functools.partial(skimage.restoration.wiener, image, kernel, 0.01, clip=False),
        )
        yield (
            f"butterworth of 1024x1024, {mode}; scikit-image",
            functools.partial(imfilter.butterworth, image, 0.1, mode=mode, **ours),
            functools.partial(skimage.filters.butterworth, image, 0.1, False),
        )
    yield (
        "richardson_lucy of 1024x1024, 10 times; scikit-image",
        functools.partial(imfilter.richardson_lucy, image, kernel, 10, **ours),
        functools.partial(skimage.restoration.richardson_lucy, image, kernel, 10, clip=False),
    )


def main() -> None:
    """Print a line for each case: milliseconds, and the time of the other library divided by them."""
    cv2.setNumThreads(THREADS)
    for name, ours, theirs in calls():
        found = measure.race({"ours": ours, "theirs": theirs}, runs=RUNS, patience=PATIENCE)
        ratio = found["theirs"].fastest / found["ours"].fastest
        print(f"{name:55} {1e3 * found['ours'].fastest:8.2f} ms {ratio:6.2f} times", flush=True)


if __name__ == "__main__":
    main()
