"""Morphology of images of 3840x2160: `python -m benchmarks.morphology [PART ...]`.

Parts are flat, lines, pipelines, volumes, binary and replaced. The other library is OpenCV with the same
element, except for volumes, where it is SciPy, timed on a part. For truth values, it is both. Images that are
replaced by their results are compared with a new array.
"""

import functools
import math
import sys
import time
import tracemalloc
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import scipy.ndimage

import imfilter
from imfilter import morphology

from . import measure

SHAPE, THREADS, RUNS, PATIENCE = (2160, 3840), 2, 9, 20.0
DTYPES = ("uint8", "uint16", "float32")
PIPELINES = {
    "opening": cv2.MORPH_OPEN,
    "closing": cv2.MORPH_CLOSE,
    "gradient": cv2.MORPH_GRADIENT,
    "white_tophat": cv2.MORPH_TOPHAT,
    "black_tophat": cv2.MORPH_BLACKHAT,
}


def noise(dtype: str, shape: tuple[int, ...] = SHAPE) -> Any:
    """Return an image of noise."""
    return (np.random.default_rng(1).random(shape) * 255).astype(dtype)


def kernel(element: Any) -> Any:
    """Return an element as OpenCV wants it."""
    return np.asarray(element).astype(np.uint8)


def flat() -> None:
    """Compare erosions by discs and by a box."""
    ratios = []
    for dtype in DTYPES:
        image = noise(dtype)
        for name, element in [
            *((f"disk({r})", morphology.disk(r)) for r in (1, 3, 5, 10, 15, 31)),
            ("rectangle(25)", morphology.rectangle(25)),
        ]:
            ratio = compared(
                f"erosion {name} {dtype}",
                lambda image=image, element=element: morphology.erosion(image, element, workers=THREADS),
                lambda image=image, element=element: cv2.erode(image, kernel(element)),
            )
            if name not in ("disk(1)", "rectangle(25)"):
                ratios.append(ratio)
    mean = math.exp(sum(map(math.log, ratios)) / len(ratios))
    print(f"geometric mean of discs of radius 3 to 31: {mean:.1f} times", flush=True)


def lines() -> None:
    """Compare erosions by lines of 31 samples at several angles."""
    for dtype in DTYPES:
        image = noise(dtype)
        for angle in (0, 15, 30, 45, 60, 75, 90):
            element = morphology.line(31, angle)
            compared(
                f"erosion line(31, {angle}) {dtype}",
                lambda image=image, element=element: morphology.erosion(image, element, workers=THREADS),
                lambda image=image, element=element: cv2.erode(image, kernel(element)),
            )


def pipelines() -> None:
    """Compare openings, closings, gradients and top-hats."""
    for dtype in DTYPES:
        image = noise(dtype)
        for name, code in PIPELINES.items():
            for text, element in (
                ("disk(1)", morphology.disk(1)),
                ("disk(5)", morphology.disk(5)),
                ("disk(15)", morphology.disk(15)),
                ("rectangle(25)", morphology.rectangle(25)),
            ):
                compared(
                    f"{name} {text} {dtype}",
                    lambda image=image, element=element, name=name: getattr(morphology, name)(
                        image, element, workers=THREADS
                    ),
                    lambda image=image, element=element, code=code: cv2.morphologyEx(
                        image, code, kernel(element)
                    ),
                )


def volumes() -> None:
    """Compare erosions by balls with SciPy, which is timed on a sixteenth of the volume."""
    for dtype in DTYPES:
        volume = noise(dtype, (128, 256, 256))
        part = volume[:, :64, :64]
        for radius in (3, 7):
            element = morphology.ball(radius)
            compared(
                f"erosion ball({radius}) {dtype}",
                lambda volume=volume, element=element: morphology.erosion(volume, element, workers=THREADS),
                lambda part=part, element=element: scipy.ndimage.grey_erosion(
                    part, footprint=np.asarray(element)
                ),
                scale=volume.size / part.size,
            )


def binary() -> None:
    """Compare filters of truth values with OpenCV on bytes, and with SciPy, which is timed on an eighth."""
    image = noise("uint8") > 40
    seen, part = image.view(np.uint8), image[: SHAPE[0] // 8]
    print(f"{'ours, OpenCV on bytes, SciPy; ms':45} {'time':^23} {'processor time':^23}", flush=True)
    for name, radius in (*(("erosion", r) for r in (1, 3, 5, 15, 31)), ("opening", 5)):
        element = morphology.disk(radius)
        code = {"erosion": cv2.MORPH_ERODE, "opening": cv2.MORPH_OPEN}[name]
        calls = {
            "ours": lambda name=name, element=element: getattr(morphology, name)(
                image, element, workers=THREADS
            ),
            "OpenCV": lambda code=code, element=element: cv2.morphologyEx(seen, code, kernel(element)),
            "SciPy": lambda name=name, element=element: getattr(scipy.ndimage, f"binary_{name}")(
                part, np.asarray(element)
            ),
        }
        text = f"{name} disk({radius}) bool"
        for clock in (time.perf_counter, time.process_time):
            found = measure.race(calls, runs=RUNS, patience=PATIENCE, clock=clock)
            ms = [1e3 * found[who].fastest * (8 if who == "SciPy" else 1) for who in calls]
            text = f"{text:45} {ms[0]:6.2f} {ms[1]:7.2f} {ms[2]:8.1f}" + (
                f" ({ms[1] / ms[0]:.1f}, {ms[2] / ms[0]:.0f} times)"
            )
        print(text, flush=True)


def replaced() -> None:
    """Compare results in place of the image with those in a new array: time, and memory beside the image."""
    mask = noise("uint8") > 20
    for dtype in DTYPES:
        image = noise(dtype)
        for name in ("erosion", "opening", "gradient"):
            for text, options in (("", {}), ("mirror ", {"mode": "mirror"}), ("mask ", {"mask": mask})):
                call = functools.partial(
                    getattr(morphology, name), image, morphology.disk(5), workers=THREADS, **options
                )
                compared(f"{name} disk(5) {text}{dtype} in place", functools.partial(call, out=image), call)
                tracemalloc.start()
                call(out=image)
                print(
                    f"{'beside the image':45} {tracemalloc.get_traced_memory()[1] / 1e6:8.1f} MB", flush=True
                )
                tracemalloc.stop()


def compared(name: str, ours: Callable[[], Any], theirs: Callable[[], Any], scale: float = 1) -> float:
    """Print the best time of ours, and that of the other library divided by it. Return this ratio."""
    found = measure.race({"ours": ours, "theirs": theirs}, runs=RUNS, patience=PATIENCE)
    best, other = found["ours"].fastest, found["theirs"].fastest * scale
    print(f"{name:45} {1e3 * best:8.1f} ms {other / best:6.1f} times", flush=True)
    return other / best


def main() -> None:
    """Print a line for each filter."""
    cv2.setNumThreads(THREADS)
    imfilter.set_workers(THREADS)
    parts = {part.__name__: part for part in (flat, lines, pipelines, volumes, binary, replaced)}
    for name in sys.argv[1:] or parts:
        parts[name]()


if __name__ == "__main__":
    main()
