"""Write the page of figures from a file of figures: `python -m benchmarks.docs FILE.json`.

    python -m benchmarks --json out.json
    python -m benchmarks.docs out.json           docs/benchmarks.md
    python -m benchmarks.docs out.json --readme  and the table of README.md with a few rows
    python -m benchmarks.docs new.json --section "Windows"   a section with the rows of another run

All text of the page comes from the measurements. Do not edit it by hand. docs/plots.py draws its tables.
"""

import argparse
import math
import re
import statistics
from collections.abc import Iterable
from pathlib import Path

from . import report, store

ROOT = Path(__file__).resolve().parent.parent
START, END = "<!-- benchmarks:start -->", "<!-- benchmarks:end -->"
#: Peers whose time depends on the number of threads. The table has a column for each number.
THREADED = ("OpenCV", "SimpleITK")
#: The ten rows of the README, at the largest size. One of them is a row where OpenCV is faster.
README = (
    *(("correlate 3x3", "uint8"), ("correlate 31x31", "float32"), ("gaussian 2", "float32")),
    *(("gaussian 2 RGB", "uint8"), ("sobel magnitude", "uint8->float32"), ("median 5", "float32")),
    *(("minimum 25", "uint8"), ("canny l2", "uint8->bool"), ("avg_pool 2", "uint8")),
    ("gaussian 2, 3-D", "float32"),
)


def table(entries: list[dict], *, sizes: bool = False, brief: bool = False) -> str:
    """Return entries as a Markdown table, a line for each filter and pair of types.

    Parameters
    ----------
    entries : list of dict
        The measurements.
    sizes : bool
        Whether there is a column with the size.
    brief : bool
        Leave out the times with fewer threads and the copies. Of the libraries, show OpenCV and the fastest
        other library.
    """
    counts = sorted({e["threads"] for e in entries})
    timed = counts[-1:] if brief else counts
    peers = [p for p in report.PEERS if any(p in e["ratios"] for e in entries)]
    if brief:
        peers = [p for p in peers if p == "OpenCV"]
    # A library without threads has one column, unless it is the only peer.
    every = "OpenCV" not in peers
    columns = [(p, c) for p in peers for c in (counts if every or p in THREADED else counts[-1:])]
    head = ["filter", *(["size"] if sizes else []), *(f"ms, {c} thr" for c in timed)]
    words = 2 if sizes else 1
    head += [f"{p}, {c} thr" if every or p in THREADED else p for p, c in columns]
    head.append("fastest other" if brief else "copies")
    text = ["| " + " | ".join(head) + " |", "|" + "---|" * words + "---:|" * (len(head) - words)]
    lines: dict[tuple[str, str, str], dict[int, dict]] = {}
    for e in entries:
        lines.setdefault((e["row"], e["types"], e["size"]), {})[e["threads"]] = e
    for (name, types, size), by_threads in lines.items():
        cells = [f"{name}, {types.replace('->', ' → ')}", *([size] if sizes else [])]
        cells += [
            report.ms(by_threads[c]["times"]["imfilter"]["median_ms"]) if c in by_threads else ""
            for c in timed
        ]
        cells += [_ratio(by_threads.get(c, {}).get("ratios", {}).get(p)) for p, c in columns]
        last = by_threads[max(by_threads)]
        cells.append(_ratio(others(last)) if brief else f"{last['of_copy']:.1f}")
        text.append("| " + " | ".join(cells) + " |")
    return "\n".join(text)


def others(entry: dict) -> float | None:
    """Return the ratio against the fastest library other than OpenCV, if there is one."""
    return min((ratio for peer, ratio in entry["ratios"].items() if peer != "OpenCV"), default=None)


def _ratio(ratio: float | None) -> str:
    if ratio is None:
        return ""
    text = f"{ratio:.2f}" if ratio < 1.995 else f"{ratio:.1f}" if ratio < 9.95 else f"{ratio:.0f}"
    return f"**{text}**" if ratio < 1 else text


def paragraph(about: dict) -> str:
    """Return the machine, the versions and an explanation of the figures."""
    clock = "Processor time, not elapsed time. " if about.get("clock") == "processor" else ""
    return (
        f"{machine(about)} {clock}Medians of "
        f"up to {about['runs']} interleaved runs in one process. "
        "`out` is preallocated if a library accepts it. The column of a library is its time divided by "
        "imfilter's time with the same number of threads. Above 1, imfilter is faster; **bold** means "
        "that it is slower. SciPy, scikit-image, pandas and bottleneck always have one thread. A single "
        "column compares them with imfilter's run with the most threads. Copies: imfilter's time with the "
        "most threads, divided by the time of `numpy.copyto` for the same image. Empty cells: the library "
        "has no such function, or it takes too long."
    )


def brief(about: dict) -> str:
    """Return the machine, the versions and an explanation of the table of the README."""
    return (
        f"{machine(about)} The column of a library is its time divided by imfilter's time. Above 1, imfilter "
        "is faster; **bold** means that it is slower. OpenCV has the same number of threads. The other "
        "libraries (SciPy, scikit-image, SimpleITK) are compared with imfilter's run with the most threads."
    )


def machine(about: dict) -> str:
    """Return the processor, the versions of the libraries and the day."""
    versions = about["versions"]
    known = ", ".join(
        f"{name} {versions[package]}"
        for name, package in (
            ("OpenCV", "opencv-python-headless"),
            ("SciPy", "scipy"),
            ("scikit-image", "scikit-image"),
            ("SimpleITK", "simpleitk"),
            ("pandas", "pandas"),
            ("bottleneck", "bottleneck"),
            ("NumPy", "numpy"),
            ("Numba", "numba"),
        )
        if package in versions
    )
    return f"{about['cpu']}, {about['cores']} cores; {known}; {str(about['date'])[:10]}."


def page(entries: list[dict], about: dict) -> str:
    """Return docs/benchmarks.md."""
    largest, *smaller = _pictures(entries)
    spread = statistics.median(
        t["deviation_ms"] / t["median_ms"] for e in entries for t in [e["times"]["imfilter"]]
    )
    parts = [
        "# Benchmarks",
        "`python -m benchmarks.docs` writes this page from the measurements of `python -m benchmarks`. Its "
        "rows come from `tests/peers/cases.py`. Tests compare their results with the same libraries.",
        paragraph(about)
        + f" The spread of imfilter's times (median absolute deviation) is {spread:.1%} for the median row.",
        "## Summary",
        _sum(entries),
    ]
    lost = report.losses(entries)
    parts += [
        f"imfilter is slower in {len(lost)} of {sum(len(e['ratios']) for e in entries)} comparisons"
        + (", the worst first:" if lost else "."),
        "\n".join(f"- {text}" for text in lost),
        f"## {largest}",
        table([e for e in entries if e["size"] == largest]),
    ]
    solid = [e for e in entries if e["size"].count("x") == 2]
    lines = [e for e in entries if "x" not in e["size"]]
    for title, found in (("Volumes", solid), ("Signals", lines)):
        if found:
            parts += [f"## {title}", table(found, sizes=True)]
    for size in smaller:
        parts += [f"## {size}", table([e for e in entries if e["size"] == size], brief=True)]
    return "\n\n".join(part for part in parts if part) + "\n"


def section(title: str, entries: list[dict], about: dict, note: str = "") -> str:
    """Return a section with the rows of a run of its own, maybe of another machine."""
    lost = report.losses(entries)
    parts = [f"## {title}", f"{paragraph(about)} {note}".rstrip(), _sum(entries)]
    parts += [f"imfilter is slower in {len(lost)} of {sum(len(e['ratios']) for e in entries)} comparisons:"]
    parts += ["\n".join(f"- {text}" for text in lost) or "none", table(entries, sizes=True)]
    return "\n\n".join(parts) + "\n"


def with_section(text: str, title: str, written: str) -> str:
    """Return a page with the section in place of the one with the same title, or at the end."""
    before, *rest = re.split(rf"^## {re.escape(title)}\n", text, maxsplit=1, flags=re.M)
    after = re.split(r"^(?=## )", rest[0], maxsplit=1, flags=re.M)[1:] if rest else []
    return "\n".join([before.rstrip("\n") + "\n", written, *after])


def _pictures(entries: Iterable[dict]) -> list[str]:
    """Return the sizes of the pictures, the largest first."""
    sizes = {e["size"]: e["shape"][0] * e["shape"][1] for e in entries if e["size"].count("x") == 1}
    if not sizes:
        raise SystemExit("the file of figures must have a row of a 2-D image")
    return sorted(sizes, key=sizes.__getitem__, reverse=True)


def _sum(entries: list[dict]) -> str:
    head = [
        "| library | threads of imfilter | rows | geometric mean | slower | worst | |",
        "|---|---:|---:|---:|---:|---:|---|",
    ]
    lines = [
        f"| {s.peer} | {s.threads} | {s.rows} | {s.mean:.1f} | {s.lost} | {_ratio(s.worst)} | {s.where} |"
        for s in report.standings(entries)
    ]
    return "\n".join(head + lines)


def chosen(entries: list[dict]) -> list[dict]:
    """Return the rows of the README, each at its largest size."""
    result = []
    for row in README:
        same = [e for e in entries if (e["row"], e["types"]) == row]
        largest = max((math.prod(e["shape"]) for e in same), default=0)
        result += [e for e in same if math.prod(e["shape"]) == largest]
    return result


def into_readme(text: str, path: Path) -> None:
    """Write the table between the two marks of the README."""
    readme = path.read_text()
    if readme.count(START) != 1 or readme.count(END) != 1:
        raise SystemExit(f"{path} must have one {START} and one {END}")
    before, rest = readme.split(START)
    path.write_text(f"{before}{START}\n{text}\n{END}{rest.split(END)[1]}")


def main() -> None:
    """Write the page, and the README's table if requested."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.docs",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("file", type=Path, help="the file from python -m benchmarks --json")
    parser.add_argument(
        "--page", type=Path, default=ROOT / "docs" / "benchmarks.md", help="default docs/benchmarks.md"
    )
    parser.add_argument("--readme", action="store_true", help="also write the table of README.md")
    parser.add_argument("--section", metavar="TITLE", help="only add these rows to the page, as a section")
    parser.add_argument("--note", default="", help="what a reader must know about the run of the section")
    given = parser.parse_args()
    if given.section:
        about, entries = store.read(given.file)
        written = section(given.section, entries, about, given.note)
        given.page.write_text(with_section(given.page.read_text(), given.section, written))
        return
    about, entries = store.read(given.file)
    given.page.write_text(page(entries, about))
    if given.readme:
        rows = chosen(entries)
        into_readme(f"{brief(about)}\n\n{table(rows, sizes=True, brief=True)}", ROOT / "README.md")


if __name__ == "__main__":
    main()
