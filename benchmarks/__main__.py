"""Time the table of `tests/peers/cases.py` against the other libraries.

    python -m benchmarks                         the whole table
    python -m benchmarks --quick                 a few minutes: one size, few runs
    python -m benchmarks --rows "sobel" "gaussian 2"  rows whose name contains the words
    python -m benchmarks --json out.json         write the figures for benchmarks.docs
    python -m benchmarks --json out.json --resume    continue an interrupted run

All libraries run in one process and take turns. Figures are medians. The spread is the median absolute
deviation. A ratio is a library's time divided by imfilter's time in the same run. Above 1, imfilter is
faster. The rows in which imfilter is slower are listed again at the end.

SciPy, scikit-image, pandas and bottleneck always use one thread, and most are slow. If OpenCV is in a row,
they take part only in the run with the largest number of threads. A library is left out if its time at a
smaller size predicts more than three times `--patience` seconds.
"""

import argparse
import math
import time
from pathlib import Path

from . import measure, report, rows, store

#: Peers that always use one thread.
SINGLE = ("SciPy", "scikit-image", "pandas", "bottleneck")
#: Limit for one call, as a multiple of the patience.
_STRETCH = 3


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--sizes", nargs="+", metavar="WxH", help=f"image sizes, default {' '.join(rows.SIZES)}"
    )
    parser.add_argument(
        "--rows", nargs="+", default=[], metavar="WORDS", help="only rows that contain the words"
    )
    parser.add_argument("--threads", nargs="+", type=int, default=[1, 2], metavar="N", help="default 1 2")
    parser.add_argument("--runs", type=int, default=15, help="runs of each library, default 15")
    parser.add_argument(
        "--patience", type=float, default=2.0, help="seconds for each library of a row, default 2"
    )
    parser.add_argument(
        "--processor-time",
        action="store_true",
        help="measure processor time, on a machine that other programs use; one thread",
    )
    parser.add_argument("--quick", action="store_true", help="only 1920x1080, 5 runs, 1 second each")
    parser.add_argument("--json", type=Path, metavar="PATH", help="write all figures to a file, row by row")
    parser.add_argument("--resume", action="store_true", help="keep the rows that are in the file")
    given = parser.parse_args()
    if given.quick:
        given.runs, given.patience = min(given.runs, 5), min(given.patience, 1.0)
    if given.processor_time:
        given.threads = [1]
    if given.resume and not given.json:
        parser.error("--resume needs --json")
    given.sizes = given.sizes or (["1920x1080"] if given.quick else list(rows.SIZES))
    return given


def main() -> None:
    """Run the table."""
    given = arguments()
    about = report.machine() | {"threads": given.threads, "runs": given.runs}
    about["clock"] = "processor" if given.processor_time else "wall"
    print(
        f"{about['cpu']}, {about['cores']} cores; "
        + ", ".join(f"{k} {v}" for k, v in about["versions"].items())
    )
    entries: list[dict] = []
    if given.resume and given.json.exists():
        _, entries = store.read(given.json)
    done = {store.key(entry) for entry in entries}
    speed: dict[tuple[str, str, str], float] = {}  # seconds per sample, measured at smaller sizes
    for entry in entries:
        remember(entry, speed)
    for row in rows.select(given.rows, given.sizes, given.quick):
        for threads in given.threads:
            if (row.case.name, row.type_name, row.size, threads) in done:
                continue
            entry = run(row, threads, given, speed)
            remember(entry, speed)
            entries.append(entry)
            print(report.line(entry), flush=True)
            if given.json:
                entries.sort(key=rows.place)
                store.write(given.json, about, entries)
    if not entries:
        raise SystemExit(f"--rows must name rows of the table, got {' '.join(map(repr, given.rows))}")
    print(report.summary(entries))


def remember(entry: dict, speed: dict[tuple[str, str, str], float]) -> None:
    """Store the speed of each library, to predict its time at the next size."""
    for name, timing in entry["times"].items():
        speed[entry["row"], entry["types"], name] = timing["median_ms"] / 1e3 / math.prod(entry["shape"])


def run(row: rows.Row, threads: int, given: argparse.Namespace, speed: dict) -> dict:
    """Time one row and return its entry."""
    case = row.case
    peers = case.peers_for(row.type_name)
    postponed = set(SINGLE) if "OpenCV" in peers and threads < max(given.threads) else set()
    skipped = {}
    for name in peers:
        expected = speed.get((case.name, row.type_name, name), 0.0) * math.prod(row.shape)
        if name not in postponed and expected > _STRETCH * given.patience:
            skipped[name] = f"left out: about {expected:.0f} s per call"
    rows.use_threads(threads)
    calls = rows.contestants(row, threads, postponed | set(skipped))
    clock = time.process_time if given.processor_time else time.perf_counter
    times = measure.race(calls, runs=given.runs, patience=given.patience, clock=clock)
    ours = times["imfilter"].median
    return {
        "row": case.name,
        "types": row.type_name,
        "size": row.size,
        "shape": list(row.shape),
        "threads": threads,
        "times": {name: timing.as_json() for name, timing in times.items()},
        "ratios": {n: t.median / ours for n, t in times.items() if n not in ("imfilter", "copyto")},
        "of_copy": ours / times["copyto"].median,
        "skipped": skipped,
    }


if __name__ == "__main__":
    main()
