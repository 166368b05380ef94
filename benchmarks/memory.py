"""Peak memory of a call beyond its input and output: `python -m benchmarks.memory`.

Each measurement is a new process. It allocates the 4K image and the output, and writes to every page. It runs
the same filter on a tiny image, which loads the compiled code. It resets the peak of resident memory that the
operating system keeps (``echo 5 > /proc/self/clear_refs``). The result is the peak after the call minus the
resident memory before it. It includes the memory of threads and of compiled code. The first line checks the
method: NumPy computes a sum with one temporary image of 31.6 MB. Linux only.
"""

import argparse
import subprocess
import sys
from pathlib import Path

CHILD = """
import sys
import numpy as np
import imfilter

def resident(field):
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith(field))

call = eval(sys.argv[1], {"imfilter": imfilter, "np": np})
workers = int(sys.argv[2])
image = np.random.default_rng(0).random((2160, 3840), dtype=np.float32).astype(sys.argv[3])
out = np.ones(image.shape, sys.argv[4])
tiny = np.ones((9, 9), image.dtype)
call(tiny, out=np.empty(tiny.shape, out.dtype), workers=1)
before = resident("VmRSS")
with open("/proc/self/clear_refs", "w") as marks:
    marks.write("5")
call(image, out=out, workers=workers)
print(resident("VmHWM") - before)
"""

CALLS = (
    {
        "numpy, for comparison": "lambda x, out, workers: np.add(x, x * x, out=out)",
    }
    | {
        f"correlate {k}x{k}": (
            f"lambda x, **run: imfilter.correlate("
            f"x, np.sin(np.arange({k * k}.0) ** 1.3).reshape({k}, {k}), **run)"
        )
        for k in (3, 15, 61)
    }
    | {
        "gaussian 2": "lambda x, **run: imfilter.gaussian(x, 2.0, **run)",
        "box 15": "lambda x, **run: imfilter.box(x, 15, **run)",
        "sobel": "lambda x, **run: imfilter.sobel(x, **run)",
        "difference_of_gaussians 2": "lambda x, **run: imfilter.difference_of_gaussians(x, 2.0, **run)",
        "median 5": "lambda x, **run: imfilter.median(x, 5, **run)",
        "median 31": "lambda x, **run: imfilter.median(x, 31, **run)",
        "bilateral 2, 25": "lambda x, **run: imfilter.bilateral(x, 2.0, 25.0, **run)",
        "bilateral 8, 25, sampled": (
            "lambda x, **run: imfilter.bilateral(x, 8.0, 25.0, method='sampled', **run)"
        ),
        "guided 8, 100": "lambda x, **run: imfilter.guided(x, 8, 100.0, **run)",
        "hessian_eigenvalues 2, with its result of two images": (
            "lambda x, out, **run: imfilter.hessian_eigenvalues(x, 2.0, dtype=out.dtype, **run)"
        ),
        "frangi 2": "lambda x, **run: imfilter.frangi(x, 2.0, **run)",
        "harris": "lambda x, **run: imfilter.harris(x, **run)",
        "non_local_means": "lambda x, **run: imfilter.non_local_means(x, search=5, **run)",
        "total_variation": "lambda x, **run: imfilter.total_variation(x, 0.5, max_iterations=10, **run)",
        "anisotropic_diffusion": "lambda x, **run: imfilter.anisotropic_diffusion(x, 3, 0.5, **run)",
        "canny": "lambda x, **run: imfilter.canny(x, 0.5, 2.0, sigma=0, **run)",
        "canny, sigma 1": "lambda x, **run: imfilter.canny(x, 0.5, 2.0, **run)",
    }
)
TYPES = (("float32", "float32"), ("uint8", "uint8"))


def measure(call: str, workers: int, source: str, result: str) -> float:
    """Return the megabytes that a call needs beyond its input and output."""
    done = subprocess.run(
        [sys.executable, "-c", CHILD, call, str(workers), source, result],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).resolve().parent.parent,
    )
    return int(done.stdout) / 1024


def main() -> None:
    """Print a line for each filter, pair of types and number of workers."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--workers", nargs="+", type=int, default=[1, 2], metavar="N")
    parser.add_argument(
        "--rows", nargs="+", default=[], metavar="WORDS", help="only rows that contain the words"
    )
    given = parser.parse_args()
    if not Path("/proc/self/clear_refs").exists():
        raise SystemExit("this measurement needs /proc, so it runs only on Linux")
    print("3840x2160, MB beyond input and output (peak of resident memory)")
    for name, call in CALLS.items():
        if given.rows and not any(word in name for word in given.rows):
            continue
        for source, result in TYPES if "imfilter" in call else TYPES[:1]:
            for workers in given.workers:
                peak = sorted(measure(call, workers, source, result) for _ in range(3))[1]
                each = peak / workers
                print(
                    f"{name}, {source}, {workers} workers: {peak:.1f} MB, {each:.1f} MB per worker",
                    flush=True,
                )


if __name__ == "__main__":
    main()
