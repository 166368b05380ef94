"""Hessian matrices, ridges and Gabor filters beside scikit-image: `python -m benchmarks.orientation`.

The volume is 128x256x256 samples, the image 1920x1080. scikit-image takes minutes for the volume. So it gets
a part of it, once. The memory is the peak of a new process beside the image and the result, on Linux only.
"""

import math
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import skimage.feature
import skimage.filters

import imfilter

VOLUME, IMAGE, THREADS, RUNS, PART = (128, 256, 256), (1080, 1920), 2, 3, 24
SCALES = (1.0, 2.0, 3.0, 4.0, 5.0)

CHILD = """
import sys
import numpy as np
import imfilter

def resident(field):
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith(field))

call = eval(sys.argv[1], {"imfilter": imfilter, "np": np})
image = np.random.default_rng(0).random((128, 256, 256), dtype=np.float32)
call(image[:48, :48, :48])
before = resident("VmRSS")
with open("/proc/self/clear_refs", "w") as marks:
    marks.write("5")
result = call(image)
print(resident("VmHWM") - before - result.nbytes // 1024)
"""


def eigenvalues_by_skimage(image: Any) -> Any:
    """Return the eigenvalues of the Hessian matrix by scikit-image."""
    matrix = skimage.feature.hessian_matrix(image, 2.0, mode="mirror", use_gaussian_derivatives=True)
    return skimage.feature.hessian_matrix_eigvals(matrix)


def main() -> None:
    """Print a line for each filter."""
    rng = np.random.default_rng(1)
    volume, image = (rng.random(shape, dtype=np.float32) for shape in (VOLUME, IMAGE))
    compare(
        "hessian_eigenvalues 2, volume",
        volume,
        lambda x: imfilter.hessian_eigenvalues(x, 2.0, workers=THREADS),
        eigenvalues_by_skimage,
    )
    for name in ("frangi", "sato"):
        compare(
            f"{name}, five scales, volume",
            volume,
            lambda x, name=name: getattr(imfilter, name)(x, SCALES, workers=THREADS),
            lambda x, name=name: getattr(skimage.filters, name)(x, SCALES, mode="mirror"),
        )
    compare(
        "hessian_eigenvalues 2, image",
        image,
        lambda x: imfilter.hessian_eigenvalues(x, 2.0, workers=THREADS),
        eigenvalues_by_skimage,
    )
    compare(
        "frangi, five scales, image",
        image,
        lambda x: imfilter.frangi(x, SCALES, workers=THREADS),
        lambda x: skimage.filters.frangi(x, SCALES, mode="mirror"),
    )
    compare(
        "structure_tensor_eigenvalues 2, image",
        image,
        lambda x: imfilter.structure_tensor_eigenvalues(x, 2.0, workers=THREADS),
        lambda x: skimage.feature.structure_tensor_eigenvalues(
            skimage.feature.structure_tensor(x, 2.0, mode="mirror")
        ),
    )
    compare(
        "gabor 0.1, image",
        image,
        lambda x: imfilter.gabor(x, 0.1, 0.6, workers=THREADS),
        lambda x: skimage.filters.gabor(x, 0.1, 0.6, mode="mirror"),
    )
    if Path("/proc/self/clear_refs").exists():
        size = math.prod(VOLUME) * 4 / 2**20
        for call in (
            "lambda x: imfilter.hessian_eigenvalues(x, 2.0)",
            "lambda x: imfilter.frangi(x, (1.0, 2.0, 3.0, 4.0, 5.0))",
        ):
            done = subprocess.run(
                [sys.executable, "-c", CHILD, call], capture_output=True, text=True, check=True
            )
            print(f"{call[10:]:58} {int(done.stdout) / 1024 / size:5.2f} times the image", flush=True)


def compare(name: str, image: Any, ours: Callable[[Any], Any], theirs: Callable[[Any], Any]) -> None:
    """Print the fastest of some runs of one, and how many times as long the other takes."""
    ours(image)
    fastest = min(seconds(lambda: ours(image)) for _ in range(RUNS))
    part = image[:PART] if image.ndim == 3 else image
    other = seconds(lambda: theirs(part)) * len(image) / len(part)
    print(f"{name:40} {1e3 * fastest:8.1f} ms {other / fastest:8.1f} times", flush=True)


def seconds(call: Callable[[], Any]) -> float:
    """Return the time of a call."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
