"""Peak memory of a call beyond its input and output: `python -m benchmarks.memory`.

Each measurement is a new process. It makes the 4K image. It runs the same filter on a small image, which
loads the compiled code. It resets the peak of resident memory that the operating system keeps
(``echo 5 > /proc/self/clear_refs``). The result is the peak after the call, minus the resident memory before
it and the arrays of the result. It includes the memory of threads. The first line checks the method: NumPy
computes a sum with one temporary image. Linux only.

    python -m benchmarks.memory                  all functions
    python -m benchmarks.memory --rows frangi    the functions whose names contain a word
    python -m benchmarks.memory --page           also writes docs/memory.md
"""

import argparse
import statistics
import subprocess
import sys
from functools import partial
from pathlib import Path

import numpy as np

from . import memory_rows

SHAPE, SMALL, TYPES = (2160, 3840), (96, 192), ("float32", "uint8")
ROOT = Path(__file__).resolve().parent.parent
CONTROL = "numpy, for comparison"


def resident(field: str) -> int:
    """Return a field of the memory of this process in KB."""
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith(field))


def picture(shape: tuple[int, int], dtype: str) -> np.ndarray:
    """Return noise: floats from 0 to 1, or integers from 0 to 255."""
    noise = np.random.default_rng(0).random(shape, dtype=np.float32)
    return noise if dtype == "float32" else (noise * 255).astype(dtype)


def _square_added(x: np.ndarray) -> np.ndarray:
    return np.add(x, x * x)


def child(name: str, arguments: str, dtype: str, workers: int) -> None:
    """Print the KB that a call needs beyond its input and output."""
    if name == CONTROL:
        call = partial(_square_added, picture(SHAPE, dtype))
    else:
        memory_rows.prepared(name, arguments, picture(SMALL, dtype), workers)()
        call = memory_rows.prepared(name, arguments, picture(SHAPE, dtype), workers)
    before = resident("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")
    result = call()
    print(resident("VmHWM") - before - memory_rows.n_bytes(result) // 1024)


def measure(name: str, arguments: str, dtype: str, workers: int, runs: int) -> float:
    """Return the megabytes that a call needs beyond its input and output: the median of some processes."""
    code = "import sys; from benchmarks import memory; memory.child(*sys.argv[1:4], int(sys.argv[4]))"
    command = [sys.executable, "-c", code, name, arguments, dtype, str(workers)]
    found = []
    for _ in range(runs):
        done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
        if done.returncode:
            raise SystemExit(f"{name}({arguments}) of {dtype} failed:\n{done.stderr}")
        found.append(int(done.stdout) / 1024)
    return max(0.0, statistics.median(found))  # the system may take unused pages back meanwhile


def page(lines: list[tuple[str, str, dict[str, float]]], workers: int) -> str:
    """Return docs/memory.md from the name, the arguments and the megabytes by type of each row."""
    images = {dtype: SHAPE[0] * SHAPE[1] * np.dtype(dtype).itemsize / 2**20 for dtype in TYPES}
    text = [
        "# Memory",
        "",
        f"The memory that a call needs beyond its input and output, in MB, for an image `x` of {SHAPE[1]}x"
        f"{SHAPE[0]} and {workers} threads. In brackets: the same in multiples of the image, which has "
        + " and ".join(f"{size:.1f} MB as {dtype}" for dtype, size in images.items())
        + ". `python -m benchmarks.memory --page` writes this page. It measures the peak of resident memory "
        "in a new process, so memory of threads counts, too.",
        "",
        "A function is on the page of its family: [functions](functions.md).",
        "",
        "| call | " + " | ".join(TYPES) + " |",
        "|---|" + "---:|" * len(TYPES),
    ]
    for name, arguments, by_type in lines:
        cells = [f"{size:.1f} ({size / images[dtype]:.1f})" for dtype, size in by_type.items()]
        call = f"`{name}({arguments})`" if arguments else name
        text.append(f"| {call} | " + " | ".join(cells + [""] * (len(TYPES) - len(cells))) + " |")
    return "\n".join(text) + "\n"


def main() -> None:
    """Print a line for each row, and write the page if requested."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.memory",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--workers", type=int, default=2, metavar="N")
    parser.add_argument("--runs", type=int, default=3, metavar="N", help="processes of a measurement")
    parser.add_argument("--rows", nargs="+", default=[], metavar="WORD", help="only functions with a word")
    parser.add_argument("--page", action="store_true", help="write docs/memory.md with all rows")
    given = parser.parse_args()
    if not Path("/proc/self/clear_refs").exists():
        raise SystemExit("this measurement needs /proc, so it runs only on Linux")
    if given.page and given.rows:
        raise SystemExit("the page has all rows: leave out --rows or --page")
    print(f"{SHAPE[1]}x{SHAPE[0]}, {given.workers} workers, MB beyond input and output")
    lines = []
    for name, arguments in [(CONTROL, ""), *memory_rows.calls()]:
        if given.rows and not any(word in name for word in given.rows):
            continue
        types = TYPES if arguments else TYPES[:1]
        found = {t: measure(name, arguments, t, given.workers, given.runs) for t in types}
        print(f"{name}({arguments})", *(f"{t} {size:.1f}" for t, size in found.items()), sep="; ", flush=True)
        lines.append((name, arguments, found))
    if given.page:
        (ROOT / "docs" / "memory.md").write_text(page(lines, given.workers))


if __name__ == "__main__":
    main()
