"""Draw ratios of times: a line for each filter, a mark for each comparison.

The documentation draws the tables of its pages with this, when it is built: docs/plots.py.
"""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import matplotlib
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import LogLocator

#: Marker and colour of each library. The colours differ for readers who do not see red or green.
STYLES = {
    "OpenCV": ("o", "#0072b2"),
    "SciPy": ("D", "#8c8c8c"),
    "scikit-image": ("s", "#e69f00"),
    "SimpleITK": ("^", "#009e73"),
    "pandas": ("v", "#cc79a7"),
    "bottleneck": ("P", "#d55e00"),
}
OTHERS = ("X", "#56b4e9"), ("*", "#d55e00"), ("h", "#009e73"), ("<", "#cc79a7")
#: Text, frame, grid, every second line, and the part where imfilter is slower.
LIGHT = {"text": "#222222", "frame": "#555555", "grid": "#dddddd", "band": "#f5f5f5", "slower": "#fbe3df"}
DARK = {"text": "#e6e6e6", "frame": "#aaaaaa", "grid": "#444444", "band": "#1e242b", "slower": "#4a2723"}
#: Inches: the width of a page, a line of small text, and the legend with the axis.
WIDTH, LINE, REST = 6.5, 0.19, 0.9
#: The same ratios give the same bytes: the file has no date and no random names. Text is stored as text.
STYLE = {"svg.hashsalt": "imfilter", "svg.fonttype": "none", "font.family": "DejaVu Sans", "font.size": 8}


@dataclass(frozen=True)
class Mark:
    """A ratio of one comparison. It is a range if it was measured several times."""

    series: str  # the library, with the threads or a note behind a comma
    low: float
    high: float

    @property
    def threads(self) -> bool:
        """Whether imfilter had several threads, or the number is not told."""
        return "1 thr" not in self.series and "one thread" not in self.series


#: The label of a line, and its marks.
Line = tuple[str, Sequence[Mark]]


def series_of(lines: Sequence[Line]) -> list[str]:
    """Return the series of all lines, in the order in which they appear."""
    return list(dict.fromkeys(mark.series for _, marks in lines for mark in marks))


def describe(lines: Sequence[Line]) -> str:
    """Return what the plot shows, for readers who do not see it."""
    parts = []
    for series in series_of(lines):
        found = [mark for _, marks in lines for mark in marks if mark.series == series]
        middle = statistics.median((mark.low + mark.high) / 2 for mark in found)
        low, high = min(mark.low for mark in found), max(mark.high for mark in found)
        slower = sum(mark.low < 1 for mark in found)
        text = f"{series}: from {low:.3g} to {high:.3g}, the median is {middle:.3g}"
        parts.append(text + (f", below 1 in {slower} of {len(found)}" if slower else ""))
    return "Time of the library divided by the time of imfilter. " + "; ".join(parts) + "."


def draw(lines: Sequence[Line], path: Path, *, dark: bool = False) -> None:
    """Write the plot as SVG, for a light or a dark page. Ratios right of 1 mean that imfilter is faster."""
    colours = DARK if dark else LIGHT
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(WIDTH, LINE * len(lines) + REST))
        FigureCanvasSVG(figure)
        axes = figure.add_subplot()
        styles = _styles(series_of(lines))
        for y, (_, marks) in enumerate(lines):
            for mark in marks:
                marker, colour = styles[mark.series]
                if mark.low < mark.high:
                    axes.plot([mark.low, mark.high], [y, y], color=colour, linewidth=1.2, zorder=3)
                axes.plot(
                    [(mark.low * mark.high) ** 0.5],
                    [y],
                    **_point(marker, colour, mark.threads),
                    zorder=4,
                )
        axes.set_xscale("log")
        low, high = axes.get_xlim()
        for y in range(0, len(lines), 2):
            axes.axhspan(y - 0.5, y + 0.5, color=colours["band"], alpha=0.6, linewidth=0, zorder=0)
        axes.set_xlim(min(low, 0.5), max(high, 2))
        axes.axvspan(min(low, 0.5), 1, color=colours["slower"], linewidth=0, zorder=0)
        axes.axvline(1, color=colours["frame"], linewidth=0.9, zorder=2)
        axes.set_ylim(len(lines) - 0.5, -0.5)
        axes.set_yticks(range(len(lines)), [label for label, _ in lines])
        axes.tick_params(axis="both", which="both", colors=colours["text"])
        axes.tick_params(axis="y", length=0)
        axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.xaxis.set_major_formatter("{x:g}x")
        axes.xaxis.set_minor_formatter("")
        axes.grid(axis="x", color=colours["grid"], linewidth=0.5, zorder=1)
        axes.set_axisbelow(True)
        axes.set_xlabel(
            "time of the library / time of imfilter; below 1 (shaded) imfilter is slower",
            color=colours["text"],
        )
        axes.set_facecolor("none")
        for side, spine in axes.spines.items():
            spine.set_visible(side == "bottom")
            spine.set_color(colours["frame"])
        handles = [
            Line2D([], [], label=name, **_point(*style, Mark(name, 1, 1).threads))
            for name, style in styles.items()
        ]
        figure.legend(
            handles=handles,
            loc="upper center",
            ncols=min(len(handles), 4),
            frameon=False,
            labelcolor=colours["text"],
        )
        rows = -(-len(handles) // 4)
        top = 1 - (0.1 + 0.16 * rows) / figure.get_figheight()
        figure.tight_layout(pad=0.3, rect=(0, 0, 1, top))
        figure.savefig(path, format="svg", transparent=True, metadata={"Date": None, "Creator": None})


def _styles(names: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Return the marker and the colour of each series."""
    others = iter(OTHERS * len(names))
    found = {}
    for name in names:
        library = name.split(",")[0].split(" (")[0]
        found[name] = STYLES[library] if library in STYLES else next(others)
    return found


def _point(marker: str, colour: str, filled: bool) -> dict[str, object]:
    return {
        "marker": marker,
        "markersize": 4.5,
        "markerfacecolor": colour if filled else "none",
        "markeredgecolor": colour,
        "markeredgewidth": 0.9,
        "linestyle": "",
    }
