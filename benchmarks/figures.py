"""Write the tables of times into the pages of the guide: `python -m benchmarks.figures`.

    python -m benchmarks.figures                   measures all tables and writes them
    python -m benchmarks.figures resampling        one table
    python -m benchmarks.figures --print           prints them, and writes nothing

Each table stands between two marks of its page. The rows are in `benchmarks.figure_rows`. A column of another
library is its time divided by that of imfilter. Measure on a machine that does nothing else.
"""

import argparse
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import cv2

from . import figure_rows, measure, report
from .figure_rows import Row

ROOT = Path(__file__).resolve().parent.parent
RUNS, PATIENCE = 9, 20.0


class Table(NamedTuple):
    """A table of a page."""

    page: str
    rows: Callable[[], Iterator[Row]]
    text: str = ""  # what a reader must know besides
    heads: tuple[str, str] = ("call", "ms")
    absolute: bool = False  # whether the times of others are in milliseconds, not divided by ours
    threads: int = figure_rows.THREADS


#: Packages of libraries that have another name.
PACKAGES = {"OpenCV": "opencv-python-headless"}
TABLES = {
    "edge_preserving": Table(
        "edge_preserving",
        figure_rows.edge_preserving,
        "Images of 3840x2160. OpenCV's window is a disc. The guided filter is compared with the composition "
        "of OpenCV's boxes and arithmetic. scikit-image gets a part of the image.",
    ),
    "sampled": Table(
        "edge_preserving",
        figure_rows.sampled,
        "Milliseconds for 1920x1080 float32, a photograph with noise of 10, and `sigma_range=25`.",
        ("`sigma_space`", '`method="sampled"`'),
        absolute=True,
        threads=1,
    ),
    "denoising": Table("denoising", figure_rows.denoise, "A photograph of 512x512 with noise of 20."),
    "orientation": Table(
        "orientation", figure_rows.orientation, "float32. [Memory](memory.md) has its own page."
    ),
    "resampling": Table(
        "resampling", figure_rows.resampling, "Images of 3840x2160, without antialiasing but for Lanczos."
    ),
    "contrast": Table("contrast", figure_rows.contrast, "With 16 bits, OpenCV has 65536 bins."),
    "detection": Table("detection", figure_rows.detection, "float32."),
    "restoration": Table("restoration", figure_rows.restoration),
    "frequency": Table("frequency", figure_rows.frequency),
}


def marks(name: str) -> tuple[str, str]:
    """Return the marks before and after a table."""
    return f"<!-- figures of {name}: start -->", f"<!-- figures of {name}: end -->"


def measured(rows: Iterable[Row], runs: int = RUNS) -> list[tuple[str, float, dict[str, float]]]:
    """Return the text of each row, the least time of our call, and those of the others, in seconds."""
    found = []
    for row in rows:
        times = measure.race({"": row.ours, **row.others}, runs=runs, patience=PATIENCE)
        others = {name: times[name].fastest * row.factors.get(name, 1.0) for name in row.others}
        print(row.text, f"{1e3 * times[''].fastest:.1f} ms", others, flush=True)
        found.append((row.text, times[""].fastest, others))
    return found


def written(table: Table, found: list[tuple[str, float, dict[str, float]]], about: dict) -> str:
    """Return a table with its explanation."""
    peers = list(dict.fromkeys(name for _, _, others in found for name in others))
    threads = f"{table.threads} threads" if table.threads > 1 else "One thread"
    packages = [(peer, PACKAGES.get(peer, peer.lower())) for peer in peers]
    known = about.get("versions", {})
    versions = [f"{peer} {known[package]}" for peer, package in packages if package in known]
    facts = ", ".join([threads, "least of several times", about["cpu"], *versions, str(about["date"])[:10]])
    text = f"{facts}. {table.text}".rstrip()
    if not table.absolute:
        text += " The column of a library is its time divided by the time of imfilter."
    heads = [*table.heads, *peers]
    lines = [text, "", "| " + " | ".join(heads) + " |", "|---|" + "---:|" * (len(heads) - 1)]
    for name, ours, others in found:
        cells = [report.ms(1e3 * ours)]
        for peer in peers:
            time = others.get(peer)
            if time is None:
                cells.append("")
            elif table.absolute:
                cells.append(report.ms(1e3 * time))
            else:
                cells.append(f"{time / ours:.1f}" if time < 10 * ours else f"{time / ours:.0f}")
        lines.append("| " + " | ".join([name, *cells]) + " |")
    return "\n".join(lines)


def into_page(text: str, name: str, page: str) -> str:
    """Return a page with the table between its marks."""
    start, end = marks(name)
    if page.count(start) != 1 or page.count(end) != 1:
        raise SystemExit(f"the page of {name} must have one {start} and one {end}")
    before, rest = page.split(start)
    return f"{before}{start}\n\n{text}\n\n{end}{rest.split(end)[1]}"


def main() -> None:
    """Measure tables, and write each when it is complete."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.figures",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("tables", nargs="*", metavar="TABLE", help="default: all; " + ", ".join(TABLES))
    parser.add_argument("--runs", type=int, default=RUNS, metavar="N", help="most times of a call")
    parser.add_argument("--print", action="store_true", help="print the tables, and write nothing")
    given = parser.parse_args()
    unknown = [name for name in given.tables if name not in TABLES]
    if unknown:
        parser.error(f"TABLE must be one of {', '.join(TABLES)}, got {unknown[0]}")
    cv2.setNumThreads(figure_rows.THREADS)
    about = report.machine()
    for name in given.tables or TABLES:
        table = TABLES[name]
        text = written(table, measured(table.rows(), given.runs), about)
        if given.print:
            print(text, flush=True)
        else:
            path = ROOT / "docs" / f"{table.page}.md"
            path.write_text(into_page(text, name, path.read_text()))


if __name__ == "__main__":
    main()
