"""Functions of a window against SciPy: `python -m benchmarks.generic`.

A float64 image of 1920x1080, windows of 5x5. Columns: the time of `imfilter.generic` with one and with two
threads, and how many times as long `scipy.ndimage.generic_filter` takes with a callback that Numba has
compiled (`LowLevelCallable`), and with the Python function. SciPy runs in one thread. The Python function is
timed on a part of the image.
"""

import numpy as np

import imfilter
from tests.peers.windows import contrast, deviation, low_level, middle, spread

from . import measure, report

SHAPE, SIZE, PART = (1080, 1920), 5, 40
RUNS, PATIENCE = 7, 20.0


def main() -> None:
    """Print a line for each function."""
    from scipy import ndimage

    image = np.random.default_rng(0).random(SHAPE)
    out, part = np.empty(SHAPE), image[:PART, :PART].copy()
    for function in (deviation, spread, contrast, middle):
        callback = low_level(function)
        found = measure.race(
            {
                "one": lambda f=function: imfilter.generic(image, f, SIZE, out=out, workers=1),
                "two": lambda f=function: imfilter.generic(image, f, SIZE, out=out, workers=2),
                "callback": lambda f=callback: ndimage.generic_filter(
                    image, f, SIZE, output=out, mode="mirror"
                ),
                "python": lambda f=function: ndimage.generic_filter(part, f, SIZE, mode="mirror"),
            },
            runs=RUNS,
            patience=PATIENCE,
        )
        one, two = found["one"].median, found["two"].median
        callback_time, python = found["callback"].median, found["python"].median * image.size / part.size
        parts = [
            f"{function.__name__}: {report.ms(one * 1e3)} ms, two threads {report.ms(two * 1e3)} ms",
            f"callback {callback_time / one:.1f} and {callback_time / two:.1f} times as long",
            f"Python {python / one:.0f} and {python / two:.0f} times",
        ]
        print(", ".join(parts))


if __name__ == "__main__":
    main()
