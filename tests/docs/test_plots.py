"""The plots of the pages contain the numbers of their tables."""

import re
from pathlib import Path

import pytest

pytest.importorskip("matplotlib", reason="matplotlib draws the plots")
pytest.importorskip("sphinx", reason="docs/plots.py is an extension of Sphinx")

from benchmarks.plot import Mark
from tests.docs import pages

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture(scope="module")
def plots():
    return pages.module("plots")


def tables(page, after=""):
    """The tables of a page behind a heading: the first row, and the others."""
    text = (
        (DOCS / page).read_text(encoding="utf-8").split(after, 1)[1] if after else (DOCS / page).read_text()
    )
    for block in re.findall(r"(?:^\|.*\n)+", text, re.M):
        head, _, *rows = [
            [re.sub(r"[`*]", "", cell).strip() for cell in line.strip("|\n").split("|")]
            for line in block.splitlines()
        ]
        yield head, rows


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("2.8", [(2.8, 2.8)]),
        ("14 to 15", [(14, 15)]),
        ("42 times as long", [(42, 42)]),
        ("4.3 to 5.6 (lfilter)", [(4.3, 5.6)]),
        ("5.3, 7.8, 7.0", [(5.3, 5.3), (7.8, 7.8), (7, 7)]),
        ("17 to 25, 15 to 17", [(17, 25), (15, 17)]),
        ("1,860", [(1860, 1860)]),
        ("", []),
        ("7.5 ms", None),
        ("0.9 times the image", None),
    ],
)
def test_cells(plots, text, wanted):
    found = plots.marks("SciPy", text)
    assert found == (None if wanted is None else [Mark("SciPy", *pair) for pair in wanted])


def test_the_plots_of_the_benchmarks_have_every_ratio(plots):
    sections = plots.families(DOCS)
    seen = 0
    for head, rows in tables("benchmarks.md"):
        if head[0] != "filter":
            continue
        columns = [n for n, name in enumerate(head) if plots.RATIOS.match(name)]
        wanted = [float(row[n]) for row in rows for n in columns if row[n]]
        lines = plots.lines(head, rows)
        assert [mark.low for _, marks in lines for mark in marks] == wanted
        groups = plots.by_family(lines, sections)
        assert "Others" not in groups, groups.get("Others")
        assert sum(map(len, groups.values())) == len(lines)
        seen += len(wanted)
    assert seen > 1000


@pytest.mark.parametrize(
    ("page", "heading"),
    [
        ("adoption.md", "## scikit-image"),
        ("generic.md", "## How fast"),
        ("orientation.md", "## Speed"),
        ("series.md", "## How fast it is"),
    ],
)
def test_other_pages_have_plots(plots, page, heading):
    found = [plots.lines(head, rows) for head, rows in tables(page, heading)]
    assert any(len(lines) > 3 for lines in found)
