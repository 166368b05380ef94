"""Time the table of `tests/cases.py` against the other libraries.

    python -m benchmarks                         the whole table
    python -m benchmarks --quick                 a few minutes: one size, few runs
    python -m benchmarks --rows "sobel" "gaussian 2"  rows whose name contains the words
    python -m benchmarks --json out.json --readme

Everything runs in one process, the libraries in turns. Figures are medians; the spread is the median
absolute deviation. A ratio is a library's time divided by imfilter's in the same run: above 1,
imfilter is faster. Rows that it loses are printed like the others, and again at the end.
"""

import argparse
import json
from pathlib import Path

from . import measure, report, rows


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
    parser.add_argument("--runs", type=int, default=15, help="samples of each contestant, default 15")
    parser.add_argument(
        "--patience", type=float, default=8.0, help="seconds for each contestant of a row, default 8"
    )
    parser.add_argument("--quick", action="store_true", help="1920x1080 alone, 5 runs, 1 second each")
    parser.add_argument("--json", type=Path, metavar="PATH", help="write every figure to a file")
    parser.add_argument("--readme", action="store_true", help="rewrite the table in README.md")
    given = parser.parse_args()
    if given.quick:
        given.runs, given.patience = min(given.runs, 5), min(given.patience, 1.0)
    given.sizes = given.sizes or (["1920x1080"] if given.quick else list(rows.SIZES))
    return given


def main() -> None:
    """Run the table."""
    given = arguments()
    about = report.machine() | {"threads": given.threads, "runs": given.runs}
    print(
        f"{about['cpu']}, {about['cores']} cores; "
        + ", ".join(f"{k} {v}" for k, v in about["versions"].items())
    )
    entries: list[dict] = []
    speed: dict[tuple[str, str, str], float] = {}  # seconds a sample, from the sizes before
    for row in rows.select(given.rows, given.sizes, given.quick):
        for threads in given.threads:
            entry = run(row, threads, given, speed)
            entries.append(entry)
            print(report.line(entry), flush=True)
    if not entries:
        raise SystemExit("no row contains these words")
    print(report.summary(entries))
    if given.json:
        given.json.write_text(json.dumps(about | {"rows": entries}, indent=1) + "\n")
    if given.readme:
        report.into_readme(report.table(entries, about), Path(__file__).resolve().parent.parent / "README.md")


def run(row: rows.Row, threads: int, given: argparse.Namespace, speed: dict) -> dict:
    """Time one row and return its entry."""
    samples = 1
    for n in row.shape:
        samples *= n
    key = (row.case.name, row.type_name)
    skipped = {}
    for name in row.case.peers_for(row.type_name):
        expected = speed.get((*key, name), 0.0) * samples
        if expected > given.patience:
            skipped[name] = f"left out: about {expected:.0f} s a call"
    rows.use_threads(threads)
    calls = rows.contestants(row, threads, set(skipped))
    times = measure.race(calls, runs=given.runs, patience=given.patience)
    for name, timing in times.items():
        speed[(*key, name)] = timing.median / samples
    ours = times["imfilter"].median
    return {
        "row": row.case.name,
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
