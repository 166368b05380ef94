"""Thresholds and those of scikit-image: `python -m benchmarks.threshold`.

Each line has the time for an image of 3840x2160 with one thread and with two, and the time of scikit-image,
which has one thread, divided by that with two.
"""

from collections.abc import Callable

import numpy as np

from imfilter import threshold

from . import measure, report

SHAPE = (2160, 3840)
RUNS, PATIENCE = 7, 20.0
GLOBAL = ("otsu", "li", "yen", "triangle", "isodata", "mean")


def main() -> None:
    """Print a line for each function and type."""
    from skimage import filters

    rng = np.random.default_rng(0)
    grey = np.clip(rng.normal(120, 40, SHAPE), 0, 255)
    deep = (grey * 256 + rng.integers(0, 256, SHAPE)).astype(np.uint16)
    images = {"uint8": grey.astype(np.uint8), "uint16": deep, "float32": grey.astype(np.float32)}
    for name in (*GLOBAL, "niblack", "sauvola"):
        for kind, image in images.items():
            if name == "li" and kind == "float32":
                continue  # scikit-image sorts all samples
            ours, theirs = getattr(threshold, name), getattr(filters, f"threshold_{name}")
            contestants: dict[str, Callable[[], object]] = {
                "1": lambda ours=ours, image=image: ours(image, workers=1),
                "2": lambda ours=ours, image=image: ours(image, workers=2),
                "scikit-image": lambda theirs=theirs, image=image: theirs(image),
            }
            found = measure.race(contestants, runs=RUNS, patience=PATIENCE)
            one, two, other = (found[key].median for key in contestants)
            print(
                f"{name} {kind}: {report.ms(one * 1e3)} ms, {report.ms(two * 1e3)} ms, "
                f"scikit-image {other / two:.1f} times as long"
            )


if __name__ == "__main__":
    main()
