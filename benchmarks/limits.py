"""The figures for which the project has limits: `python -m benchmarks.limits`.

    a  filters with at most 9 multiply-adds per pixel, compared with a copy of the same samples
    b  multiply-adds per nanosecond on one core, compared with the maximum of the core
    c  growth of the time with the size of the kernel
    d  two threads compared with one
    e  the overhead of a call, and of a call with new arguments
    f  compilation
    g  denormal samples, which are slow on some processors, compared with normal samples

    python -m benchmarks.limits a e          only these sections

Figures are medians. Both parts of a ratio come from interleaved runs.
"""

import argparse
import functools
import itertools
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
from scipy import ndimage

import imfilter
from tests.peers.case import types_of
from tests.peers.cases import CASES, positive_kernel

from . import measure, peak, report, rows

ROOT = Path(__file__).resolve().parent.parent
FULL = (2160, 3840)
#: Limit of (a): multiples of the copy's time.
COPIES = 1.5
#: Largest number of multiply-adds per pixel of a filter of (a).
LIGHT = 9
#: Limit of (e): microseconds for a call with new arguments.
NEW = 100
#: Limit of (g): multiples of the time for normal samples.
DENORMAL = 2.0
#: Filters of (d). Different things limit the speed of one thread: memory, loads, arithmetic.
SHARED = (
    *(("correlate 3x3", "float32"), ("correlate 3x3", "uint8"), ("correlate 15x15", "float32")),
    *(("correlate 31x31", "uint8"), ("gaussian 1", "uint8"), ("gaussian 5", "float32")),
    *(("gaussian 30", "uint16"), ("box 5", "uint8"), ("box 101", "float32")),
    *(("sobel axis 1", "float32"), ("sobel magnitude", "uint8->float32")),
    *(("laplacian", "float32"), ("difference_of_gaussians 2", "float32")),
)

Call = Callable[[], object]


def call(
    function: Callable, image: np.ndarray, *args: object, workers: int | None, **options: object
) -> Call:
    """Return a call that writes to memory that is already allocated."""
    out = np.empty_like(function(image, *args, workers=workers, **options))
    return functools.partial(function, image, *args, out=out, workers=workers, **options)


def race(contestants: dict[str, Call], patience: float = 2.0) -> dict[str, float]:
    """Return the median of each contestant in milliseconds."""
    times = measure.race(contestants, runs=15, patience=patience)
    return {name: timing.median * 1e3 for name, timing in times.items()}


def copies() -> Iterator[str]:
    """Compare the time of light filters with the time of a copy."""
    for case in CASES:
        if case.work > LIGHT or case.ndim != 2 or case.rgb:
            continue
        for type_name in case.types:
            row = rows.Row(case, type_name, FULL)
            contestants = rows.contestants(row, 1, set(case.peers))
            contestants["two"] = rows.contestants(row, 2, set(case.peers))["imfilter"]
            ms = race(contestants)
            one_thread, two_threads = ms["imfilter"] / ms["copyto"], ms["two"] / ms["copyto"]
            limit = "" if two_threads <= COPIES else ", OVER THE LIMIT"
            yield (
                f"{case.name}, {type_name}: copy {report.ms(ms['copyto'])} ms; "
                f"1 thread takes {one_thread:.2f} times as long, 2 threads {two_threads:.2f}{limit}"
            )


def arithmetic() -> Iterator[str]:
    """Compare correlations on one core with a loop that only multiplies and adds."""
    image = rows.picture(FULL, "float32")
    contestants: dict[str, Call] = {"peak": peak.loop()}
    algorithms = {}
    for k in (7, 11, 15):
        kernel = positive_kernel(k, k)
        algorithms[k] = imfilter.plan(FULL, "float32", kernel).algorithm
        contestants[str(k)] = call(imfilter.correlate, image, kernel, workers=1)
    ms = race(contestants)
    most = peak.multiply_adds() / ms["peak"] / 1e6
    yield f"peak: {most:.1f} multiply-adds per ns, measured with registers of {peak.lanes()} lanes"
    for k, algorithm in algorithms.items():
        rate = image.size * k * k / ms[str(k)] / 1e6
        yield (
            f"correlate {k}x{k}, float32, 1 worker ({algorithm}): {rate:.1f} multiply-adds per ns, "
            f"{rate / most:.0%} of the peak, {report.ms(ms[str(k)])} ms"
        )


def growth() -> Iterator[str]:
    """Time a filter with a small and with a large kernel."""
    pairs: tuple[tuple[str, Callable, object, object, tuple[str, ...]], ...] = (
        ("gaussian 50 / gaussian 10", imfilter.gaussian, 10.0, 50.0, ("float32", "uint8")),
        ("box 101 / box 5", imfilter.box, 5, 101, ("float32", "uint8")),
        (
            *("correlate 63x63 / 31x31", imfilter.correlate),
            *(positive_kernel(31, 31), positive_kernel(63, 63)),
            ("float32", "uint8"),
        ),
    )
    for label, function, small, large, types in pairs:
        for dtype in types:
            image = rows.picture(FULL, dtype)
            for workers in (1, 2):
                ms = race(
                    {
                        "small": call(function, image, small, dtype=dtype, workers=workers),
                        "large": call(function, image, large, dtype=dtype, workers=workers),
                    },
                    patience=4.0,
                )
                yield (
                    f"{label}, {dtype}, {workers} thr: {ms['large'] / ms['small']:.2f} "
                    f"({report.ms(ms['large'])} / {report.ms(ms['small'])} ms)"
                )


def threads() -> Iterator[str]:
    """Compare two threads with one thread."""
    for name, type_name in SHARED:
        case = next(case for case in CASES if case.name == name)
        source, result = types_of(type_name)
        image = rows.picture(FULL, source)
        ms = race({str(n): call(case.ours, image, dtype=result, workers=n) for n in (1, 2)})
        yield (
            f"{name}, {type_name}: {ms['1'] / ms['2']:.2f} times as fast "
            f"({report.ms(ms['1'])} and {report.ms(ms['2'])} ms)"
        )


def overhead() -> Iterator[str]:
    """Time calls with small images, so that nearly all of the time is overhead."""
    filters: tuple[tuple[str, Callable, tuple], ...] = (
        ("correlate 3x3", imfilter.correlate, (positive_kernel(3, 3),)),
        ("gaussian 1", imfilter.gaussian, (1.0,)),
        ("box 3", imfilter.box, (3,)),
        ("sobel", imfilter.sobel, ()),
        ("laplacian", imfilter.laplacian, ()),
    )
    for dtype in ("float32", "uint8"):
        image = rows.picture((32, 32), dtype)
        for name, function, args in filters:
            ms = race({"call": functools.partial(function, image, *args)})
            yield f"{name}, {dtype}, 32x32: {ms['call'] * 1e3:.1f} us"
    for name, (ours, theirs) in new_calls().items():
        ms = race({"imfilter": ours, "scipy": theirs})
        limit = "" if ms["imfilter"] * 1e3 <= NEW else ", OVER THE LIMIT"
        yield f"new {name}: {ms['imfilter'] * 1e3:.0f} us (scipy.ndimage {ms['scipy'] * 1e3:.0f}){limit}"


def new_calls() -> dict[str, tuple[Call, Call]]:
    """Return calls of imfilter and of SciPy, with arguments that none of the last thousand calls had."""
    rng = np.random.default_rng(0)
    image = rows.picture((32, 32), "float32")
    shapes = rng.permutation(list(itertools.product(range(20, 60), repeat=2)))
    images = [np.resize(image, shape) for shape in shapes]
    small, large = ([(image, k) for k in rng.random((1000, n, n))] for n in (3, 15))
    sigmas = [(image, s) for s in rng.uniform(1, 1.8, 1000)]

    def following(function: Callable, arguments: Iterable[tuple], **options: object) -> Call:
        turn = itertools.cycle(arguments)
        return lambda: function(*next(turn), **options)

    def pair(ours: Callable, theirs: Callable, arguments: Sequence[tuple]) -> tuple[Call, Call]:
        return following(ours, arguments), following(theirs, arguments, mode="mirror")

    return {
        "kernel of 3x3": pair(imfilter.correlate, ndimage.correlate, small),
        "kernel of 15x15": pair(imfilter.correlate, ndimage.correlate, large),
        "sigma of a Gaussian": pair(imfilter.gaussian, ndimage.gaussian_filter, sigmas),
        "shape, gaussian 1.5": pair(imfilter.gaussian, ndimage.gaussian_filter, [(i, 1.5) for i in images]),
        "shape, box 3": pair(imfilter.box, ndimage.uniform_filter, [(i, 3) for i in images]),
        "shape, median 3": pair(imfilter.median, ndimage.median_filter, [(i, 3) for i in images]),
    }


#: Code of a process that loads Numba and then compiles: prints the seconds of each step, then of all steps.
COLD = """
import time
import numba, numpy
import imfilter
from imfilter._base import warmup
total = 0.0
for label, step in warmup.steps():
    with warmup.compilations() as compiled:
        begin = time.perf_counter()
        step()
        took = time.perf_counter() - begin
    total += took
    print(f"{label}: {took:.2f} s" + ("" if compiled else ", nothing to compile"))
print(f"all steps: {total:.1f} s")
"""
#: Code of a process with one call whose kernel is in the cache: prints milliseconds of the import of Numba,
#: and of all the rest.
FIRST = """
import time
import numpy
began = time.perf_counter()
import numba
imported = time.perf_counter()
import imfilter
imfilter.correlate(numpy.zeros((32, 32), numpy.float32), numpy.ones((3, 3)))
print((imported - began) * 1e3, (time.perf_counter() - imported) * 1e3)
"""


def compiling() -> Iterator[str]:
    """Time the compiler, and the first call of a process whose kernels are already compiled."""
    with tempfile.TemporaryDirectory() as folder:

        def child(code: str) -> str:
            environment = os.environ | {"PYTHONPATH": str(ROOT), "IMFILTER_CACHE_DIR": folder}
            return subprocess.run(
                [sys.executable, "-c", code],
                env=environment,
                capture_output=True,
                text=True,
                check=True,
                cwd=ROOT,
            ).stdout

        yield from (f"cold, {line}" for line in child(COLD).splitlines())
        yield "loaded from the cache, " + child(COLD).splitlines()[-1]
        runs = [tuple(map(float, child(FIRST).split())) for _ in range(9)]
    imports, first = (statistics.median(column) for column in zip(*runs, strict=True))
    yield f"first call of a process, kernel cached: {first:.0f} ms; before it, import numba: {imports:.0f} ms"


def denormals() -> Iterator[str]:
    """Time filters of samples of which half or all are denormal, and of samples that decay to denormals."""
    kernel = positive_kernel(25, 25)
    filters: tuple[tuple[str, Callable, tuple, dict], ...] = (
        ("numpy.multiply, without a limit", np.multiply, (0.75,), {}),
        ("correlate 3x3", imfilter.correlate, (positive_kernel(3, 3),), {}),
        ("correlate 25x25", imfilter.correlate, (kernel,), {}),
        ("correlate 63x63", imfilter.correlate, (positive_kernel(63, 63),), {}),
        ("gaussian 2", imfilter.gaussian, (2.0,), {}),
        ("gaussian 30", imfilter.gaussian, (30.0,), {}),
        ("box 5", imfilter.box, (5,), {}),
        ("sobel", imfilter.sobel, (), {}),
        ("harris", imfilter.harris, (), {}),
        ("median 3", imfilter.median, (3,), {}),
        ("avg_pool 2", imfilter.avg_pool, (2,), {}),
        ("series.exponential", imfilter.series.exponential, (), {"alpha": 0.3}),
        ("series.moving_average 21", imfilter.series.moving_average, (21,), {}),
        ("series.savgol 11", imfilter.series.savgol, (11, 2), {}),
    )
    rng = np.random.default_rng(0)
    for dtype in ("float32", "float64"):
        normal = rng.uniform(0.1, 1.0, (1000, 1000)).astype(dtype)
        small = normal * np.finfo(dtype).smallest_normal
        samples = {
            "normal": normal,
            "all": small,
            "half": np.where(rng.random(small.shape) < 0.5, normal, small),
            "decayed": np.exp(np.linspace(0.0, -900.0, small.size)).reshape(small.shape).astype(dtype),
        }
        for name, function, args, options in filters:
            ms = race(
                {label: functools.partial(function, x, *args, **options) for label, x in samples.items()}
            )
            ratios = {label: ms[label] / ms["normal"] for label in ("all", "half", "decayed")}
            ratio_text = ", ".join(f"{label} {ratio:.2f}" for label, ratio in ratios.items())
            over = max(ratios.values()) > DENORMAL and function is not np.multiply
            end = ", OVER THE LIMIT" if over else ""
            yield f"{name}, {dtype}: {ratio_text} of {report.ms(ms['normal'])} ms{end}"


SECTIONS: dict[str, tuple[str, Callable[[], Iterator[str]]]] = {
    "a": (f"Light filters compared with numpy.copyto, 3840x2160; limit {COPIES} with 2 threads", copies),
    "b": ("Arithmetic, 3840x2160", arithmetic),
    "c": ("Growth, 3840x2160", growth),
    "d": ("Two threads compared with one, 3840x2160", threads),
    "e": ("Overhead of a call", overhead),
    "f": ("Compilation", compiling),
    "g": (f"Denormal samples compared with normal samples, 1000x1000; limit {DENORMAL:g} times", denormals),
}


def main() -> None:
    """Print the requested sections."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.limits",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("sections", nargs="*", metavar="SECTION", help="letters; default all")
    given = parser.parse_args()
    unknown = set(given.sections) - set(SECTIONS)
    if unknown:
        parser.error(f"sections must be letters of {', '.join(SECTIONS)}, got {', '.join(sorted(unknown))}")
    for letter in given.sections or SECTIONS:
        title, section = SECTIONS[letter]
        print(f"({letter}) {title}")
        for line in section():
            print(f"  {line}", flush=True)


if __name__ == "__main__":
    main()
