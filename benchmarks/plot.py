"""Draw the ratios, one line for each row: `python -m benchmarks.plot FILE.json docs/images/ratios.svg`."""

import argparse
import math
from pathlib import Path

import matplotlib

matplotlib.use("svg")

from matplotlib import pyplot
from matplotlib.lines import Line2D

from . import store

#: The dots: label, library, threads (None: the largest number), marker, size, colour.
SERIES = (
    ("OpenCV, 1 thread", "OpenCV", 1, "o", 18, "#9ecae1"),
    ("OpenCV, 2 threads", "OpenCV", 2, "o", 18, "#08519c"),
    ("SciPy", "SciPy", None, "D", 12, "#969696"),
)
WARNING = "#d7301f"
#: Least ratio that every comparison should have.
GOAL = 1.2
#: Inches: the width of a page of documentation, and the height of a line of small text.
WIDTH, LINE = 7.4, 0.155
#: The same figures give the same bytes: the file has no date and no random names. Text is stored as text.
STYLE = {"svg.hashsalt": "imfilter", "svg.fonttype": "none", "font.family": "DejaVu Sans", "font.size": 7}


def lines_of(entries: list[dict]) -> list[tuple[str, dict[int, dict]]]:
    """Return the label of each row at its largest size, with its entries by number of threads."""
    largest: dict[tuple[str, str], int] = {}
    for e in entries:
        row = e["row"], e["types"]
        largest[row] = max(largest.get(row, 0), math.prod(e["shape"]))
    groups: dict[tuple[str, str], dict[int, dict]] = {}
    for e in entries:
        row = e["row"], e["types"]
        if math.prod(e["shape"]) == largest[row]:
            groups.setdefault(row, {})[e["threads"]] = e
    return [(f"{name}, {types.replace('->', '→')}", group) for (name, types), group in groups.items()]


def ratio_of(group: dict[int, dict], library: str, threads: int | None) -> float | None:
    """Return a ratio of one row, or None if it was not measured."""
    entry = group.get(max(group) if threads is None else threads)
    return None if entry is None else entry["ratios"].get(library)


def draw(entries: list[dict], path: Path) -> None:
    """Draw the picture: a dot for each comparison. Ratios below 1 have a warning colour."""
    lines = lines_of(entries)
    with pyplot.rc_context(STYLE):
        figure, axes = pyplot.subplots(figsize=(WIDTH, LINE * (len(lines) + 7)))
        for series, library, threads, marker, size, colour in SERIES:
            dots = [
                (ratio, y)
                for y, (_, group) in enumerate(lines)
                if (ratio := ratio_of(group, library, threads)) is not None
            ]
            for lost in (False, True):
                part = [dot for dot in dots if (dot[0] < 1) == lost]
                # Ratios below 1 keep the marker of their library, and its edge.
                axes.scatter(
                    [x for x, _ in part],
                    [y for _, y in part],
                    marker=marker,
                    s=size,
                    linewidths=0.7,
                    zorder=3,
                    label=series,
                    color=WARNING if lost else colour,
                    edgecolors=WARNING if lost else "none",
                    facecolors="none" if lost and threads == 1 else WARNING if lost else colour,
                )
        axes.set_xscale("log")
        low, high = axes.get_xlim()
        axes.set_xlim(min(low, 0.5), max(high, 2))
        for y in range(0, len(lines), 2):
            axes.axhspan(y - 0.5, y + 0.5, color="#f5f5f5", zorder=0)
        axes.axvline(1, color="black", linewidth=0.8, zorder=2)
        axes.axvline(GOAL, color="#31a354", linewidth=0.8, linestyle="--", zorder=2)
        axes.set_ylim(len(lines) - 0.5, -0.5)
        axes.set_yticks(range(len(lines)), [label for label, _ in lines])
        axes.tick_params(axis="y", length=0)
        axes.tick_params(axis="x", which="both", top=True, labeltop=True)
        axes.xaxis.set_major_formatter("{x:g}x")
        axes.xaxis.set_minor_formatter("")
        axes.grid(axis="x", color="#d9d9d9", linewidth=0.4, zorder=1)
        axes.set_xlabel(
            f"time of the library / time of imfilter (dashed: {GOAL}); right of 1 imfilter is faster"
        )
        for side in ("left", "right"):
            axes.spines[side].set_visible(False)
        figure.legend(handles=_legend(), loc="upper center", ncols=len(SERIES) + 1, frameon=False)
        space = 3 / (len(lines) + 7)
        figure.tight_layout(pad=0.3, rect=(0, 0, 1, 1 - space / 2))
        figure.savefig(path, metadata={"Date": None, "Creator": None})
        pyplot.close(figure)


def _legend() -> list[Line2D]:
    marks = [
        Line2D([], [], linestyle="", marker=marker, color=colour, markersize=math.sqrt(size), label=series)
        for series, _, _, marker, size, colour in SERIES
    ]
    lost = Line2D([], [], linestyle="", marker="o", color=WARNING, markersize=4.2, label="imfilter is slower")
    return [*marks, lost]


def main() -> None:
    """Read the figures and draw them."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.plot", description=__doc__)
    parser.add_argument("file", type=Path, help="the file from python -m benchmarks --json")
    parser.add_argument("picture", type=Path, help="the SVG to write")
    given = parser.parse_args()
    draw(store.read(given.file)[1], given.picture)


if __name__ == "__main__":
    main()
