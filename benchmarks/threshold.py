"""Thresholds and those of scikit-image: `python -m benchmarks.threshold`.

Each line has the time for an image with one thread and with two, and the time of scikit-image, which has one
thread, divided by each. The images have 3840x2160 samples, and for global thresholds 512x512, too.
"""

from collections.abc import Callable

import numpy as np

from imfilter import threshold

from . import measure, report

LARGE, SMALL = (2160, 3840), (512, 512)
RUNS, PATIENCE = 7, 20.0
GLOBAL = ("otsu", "li", "yen", "triangle", "isodata", "mean")


def main() -> None:
    """Print a line for each function, size and type."""
    compare(LARGE, (*GLOBAL, "niblack", "sauvola"))
    compare(SMALL, GLOBAL)


def compare(shape: tuple[int, int], names: tuple[str, ...]) -> None:
    """Print a line for each function and type."""
    from skimage import filters

    rng = np.random.default_rng(0)
    grey = np.clip(rng.normal(120, 40, shape), 0, 255)
    deep = (grey * 256 + rng.integers(0, 256, shape)).astype(np.uint16)
    images = {"uint8": grey.astype(np.uint8), "uint16": deep, "float32": grey.astype(np.float32)}
    for name in names:
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
                f"{name} {kind} {shape[1]}x{shape[0]}: {report.ms(one * 1e3)} ms, {report.ms(two * 1e3)} ms, "
                f"scikit-image {other / one:.1f} and {other / two:.1f} times as long",
                flush=True,
            )


if __name__ == "__main__":
    main()
