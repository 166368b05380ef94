"""Filters of images with missing data: `python -m benchmarks.missing`.

A fifth of the samples of a float32 image of 3840x2160 is absent. The columns are the time without a mask, and
relative to it: with a full mask, with ``nan="ignore"`` and no NaN, with a mask, with NaN. The last column is
SciPy's time for the same values, by a numerator and a denominator (one thread), divided by that with a mask.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

import imfilter

from . import measure, report

SHAPE, ABSENT, THREADS = (2160, 3840), 0.2, 2
RUNS, PATIENCE = 9, 20.0

Filter = Callable[..., Any]


def filters() -> dict[str, tuple[Filter, Filter | None]]:
    """Return each filter, and SciPy's filter for the numerator and the denominator if there is one."""
    from scipy import ndimage

    rng = np.random.default_rng(0)
    signed, positive = rng.normal(size=(7, 7)), rng.random((7, 7))
    return {
        "gaussian 2": (
            lambda a, **o: imfilter.gaussian(a, 2, **o),
            lambda a: ndimage.gaussian_filter(a, 2, mode="mirror"),
        ),
        "gaussian 10": (
            lambda a, **o: imfilter.gaussian(a, 10, **o),
            lambda a: ndimage.gaussian_filter(a, 10, mode="mirror"),
        ),
        "box 5": (
            lambda a, **o: imfilter.box(a, 5, **o),
            lambda a: ndimage.uniform_filter(a, 5, mode="mirror"),
        ),
        "correlate 7x7, weights of both signs": (lambda a, **o: imfilter.correlate(a, signed, **o), None),
        "correlate 7x7, weights of one sign": (
            lambda a, **o: imfilter.correlate(a, positive, **o),
            lambda a: ndimage.correlate(a, positive, mode="mirror"),
        ),
        "sobel": (imfilter.sobel, None),
        "median 5": (lambda a, **o: imfilter.median(a, 5, **o), None),
        "minimum 5": (lambda a, **o: imfilter.minimum(a, 5, **o), None),
    }


def main() -> None:
    """Print a line for each filter."""
    rng = np.random.default_rng(1)
    image = rng.normal(size=SHAPE).astype(np.float32)
    mask = rng.random(SHAPE) >= ABSENT
    holes, full = np.where(mask, image, np.float32(np.nan)), np.ones(SHAPE, bool)
    filled, counts, out = np.where(mask, image, 0).astype(np.float32), mask.astype(np.float32), image.copy()
    for name, (run, other) in filters().items():

        def ours(array: np.ndarray, run: Filter = run, **options: Any) -> None:
            run(array, out=out, workers=THREADS, **options)

        contestants: dict[str, Callable[[], object]] = {
            "plain": lambda: ours(image),
            "full": lambda: ours(image, mask=full),
            "no NaN": lambda: ours(image, nan="ignore"),
            "mask": lambda: ours(image, mask=mask),
            "NaN": lambda: ours(holes, nan="ignore"),
        }
        if other is not None:
            contestants["SciPy"] = lambda other=other: other(filled) / other(counts)
        found = measure.race(contestants, runs=RUNS, patience=PATIENCE)
        plain = found.pop("plain").median
        parts = [f"{name}: {report.ms(plain * 1e3)} ms"]
        scipy = found.pop("SciPy", None)
        parts += [f"{key} {timing.median / plain:.2f}" for key, timing in found.items()]
        if scipy is not None:
            parts.append(f"SciPy {scipy.median / found['mask'].median:.0f} times as long")
        print(", ".join(parts))


if __name__ == "__main__":
    main()
