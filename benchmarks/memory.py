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
        "hessian 2, with its result of three images": (
            "lambda x, out, **run: imfilter.hessian(x, 2.0, dtype=out.dtype, **run)"
        ),
        "structure_tensor 2, with its result of three images": (
            "lambda x, out, **run: imfilter.structure_tensor(x, 2.0, dtype=out.dtype, **run)"
        ),
        "structure_tensor_eigenvalues 2, with its result of two images": (
            "lambda x, out, **run: imfilter.structure_tensor_eigenvalues(x, 2.0, dtype=out.dtype, **run)"
        ),
        "orientation 2": "lambda x, **run: imfilter.orientation(x, 2.0, **run)",
        "coherence 2": "lambda x, **run: imfilter.coherence(x, 2.0, **run)",
        "frangi 2": "lambda x, **run: imfilter.frangi(x, 2.0, **run)",
        "sato 2": "lambda x, **run: imfilter.sato(x, 2.0, **run)",
        "meijering 2": "lambda x, **run: imfilter.meijering(x, 2.0, **run)",
        "gabor 0.1": "lambda x, **run: imfilter.gabor(x, 0.1, 0.4, part='real', **run)",
        "gabor 0.1, magnitude": "lambda x, **run: imfilter.gabor(x, 0.1, 0.4, part='magnitude', **run)",
        "steered 2": "lambda x, **run: imfilter.steered(x, 2.0, 0.4, **run)",
        "farid": "lambda x, **run: imfilter.farid(x, **run)",
        "roberts": "lambda x, **run: imfilter.roberts(x, **run)",
        "harris": "lambda x, **run: imfilter.harris(x, **run)",
        "resize, area, half, with its result": (
            "lambda x, out, **run: imfilter.resize(x, scale=0.5, dtype=out.dtype, **run)"
        ),
        "resize, cubic, same size": (
            "lambda x, **run: imfilter.resize(x, x.shape, method='cubic', align='corners', **run)"
        ),
        "resize, lanczos, three quarters, with its result": (
            "lambda x, out, **run: imfilter.resize(x, scale=0.75, method='lanczos', dtype=out.dtype, **run)"
        ),
        "pyramid, with its levels": "lambda x, out, **run: imfilter.pyramid(x, 3, **run)",
        "pyramid, laplacian, with its levels": (
            "lambda x, out, **run: imfilter.pyramid(x, 3, kind='laplacian', **run)"
        ),
        "match_template 64": "lambda x, **run: imfilter.match_template(x, np.eye(64), **run)",
        "blobs 2 to 8": "lambda x, out, **run: imfilter.blobs(x, 2.0, 8.0, relative=0.9, **run)",
        "butterworth 0.1": "lambda x, **run: imfilter.butterworth(x, 0.1, **run)",
        "butterworth 0.1, wrap": "lambda x, **run: imfilter.butterworth(x, 0.1, mode='wrap', **run)",
        "homomorphic 0.1": "lambda x, **run: imfilter.homomorphic(x, 0.1, **run)",
        "wiener 5x5": "lambda x, **run: imfilter.wiener(x, np.ones((5, 5)), **run)",
        "richardson_lucy 5x5": "lambda x, **run: imfilter.richardson_lucy(x, np.ones((5, 5)), 2, **run)",
        "rolling_ball 25": "lambda x, **run: imfilter.rolling_ball(x, 25, **run)",
        "clahe": "lambda x, **run: imfilter.clahe(x, **run)",
        "non_local_means": "lambda x, **run: imfilter.non_local_means(x, search=5, **run)",
        "estimate_noise": "lambda x, out, **run: imfilter.estimate_noise(x, **run)",
        "total_variation": "lambda x, **run: imfilter.total_variation(x, 0.5, max_iterations=10, **run)",
        "anisotropic_diffusion": "lambda x, **run: imfilter.anisotropic_diffusion(x, 3, 0.5, **run)",
        "erosion, line of 31": (
            "lambda x, **run: imfilter.morphology.erosion(x, imfilter.morphology.line(31, 30), **run)"
        ),
        "closing, disk 31": (
            "lambda x, **run: imfilter.morphology.closing(x, imfilter.morphology.disk(31), **run)"
        ),
        "closing, disk 5, mirror": (
            "lambda x, **run: imfilter.morphology.closing("
            "x, imfilter.morphology.disk(5), mode='mirror', **run)"
        ),
        "closing, disk 31, with its mask of 8 MB": (
            "lambda x, **run: imfilter.morphology.closing("
            "x, imfilter.morphology.disk(31), mask=np.ones(x.shape, bool), **run)"
        ),
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
