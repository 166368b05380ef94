"""Resizing of images of 3840x2160: `python -m benchmarks.resampling`.

The other libraries are OpenCV, and Pillow for Lanczos. Pillow has one thread.
"""

import functools
from collections.abc import Callable, Iterator
from typing import Any

import cv2
import numpy as np
from PIL import Image

import imfilter

from . import measure

SHAPE, THREADS, RUNS, PATIENCE = (2160, 3840), 2, 15, 20.0
#: Method, shape of the result, and the name in OpenCV or Pillow.
CASES = (
    ("area", (1080, 1920), cv2.INTER_AREA),
    ("area", (720, 1280), cv2.INTER_AREA),
    ("area", (800, 1333), cv2.INTER_AREA),
    ("linear", (800, 1333), cv2.INTER_LINEAR),
    ("linear", (4320, 7680), cv2.INTER_LINEAR),
    ("cubic", (4320, 7680), cv2.INTER_CUBIC),
    ("lanczos", (1080, 1920), None),
    ("lanczos", (4320, 7680), None),
)


def calls() -> Iterator[tuple[str, Callable[[], Any], Callable[[], Any]]]:
    """Yield a name, our call and the call of the other library."""
    noise = np.random.default_rng(1).random(SHAPE) * 255
    for dtype in ("uint8", "uint16", "float32"):
        image = noise.astype(dtype)
        for method, shape, name in CASES:
            if name is None and dtype == "uint16":
                continue  # Pillow has no Lanczos of 16 bits
            options: dict[str, Any] = {"method": method, "workers": THREADS}
            if name is None:
                options["mode"] = "shrink"
                picture = Image.fromarray(image)
                other: Callable[[], Any] = functools.partial(
                    picture.resize, shape[::-1], Image.Resampling.LANCZOS
                )
            else:
                options |= {"antialias": False, "cubic": -0.75}
                other = functools.partial(cv2.resize, image, shape[::-1], interpolation=name)
            text = f"{method} to {shape[1]}x{shape[0]}, {dtype}"
            yield text, functools.partial(imfilter.resize, image, shape, **options), other


def main() -> None:
    """Print a line for each case: milliseconds, and the time of the other library divided by them."""
    cv2.setNumThreads(THREADS)
    for name, ours, theirs in calls():
        found = measure.race({"ours": ours, "theirs": theirs}, runs=RUNS, patience=PATIENCE)
        ratio = found["theirs"].fastest / found["ours"].fastest
        print(f"{name:35} {1e3 * found['ours'].fastest:8.2f} ms {ratio:6.2f} times", flush=True)


if __name__ == "__main__":
    main()
