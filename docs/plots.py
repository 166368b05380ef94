"""Draw a plot beside each table of ratios when the pages are built.

A plot contains the numbers of its table and no others. The tables of docs/benchmarks.md come from
`python -m benchmarks.docs`, those of other pages from the scripts that the pages name.

A table has a plot if it has a column of ratios, which has the name of a library or says "times as fast". Its
section must be called "How fast" or "Speed", or its page must be the page of benchmarks.
"""

import re
from collections.abc import Sequence
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform

from benchmarks import plot, report

#: Beginnings of headings of columns that are times of another library, divided by those of imfilter.
RATIOS = re.compile(rf"({'|'.join(map(re.escape, report.PEERS))}|callback|Python)\b|times as fast$")
#: Headings of sections about time.
SECTIONS = re.compile(r"how fast|speed", re.I)
#: Lines of a plot. A longer table has a line for each family, and the first such table also a plot for each.
LONG = 75
#: A number or a range, as `3.5` or `14 to 15`.
NUMBER = re.compile(r"(\d[\d,]*\.?\d*)(?: to (\d[\d,]*\.?\d*))?")
#: What a cell of ratios may contain beside numbers.
WORDS = re.compile(r"\([^)]*\)|times as long|times|x\b|,")


def marks(series: str, text: str) -> list[plot.Mark] | None:
    """Return the ratios of a cell, for example of ``6.0 to 11``. None if it contains something else."""
    plain = WORDS.sub(" ", re.sub(r"(?<=\d),(?=\d{3}\b)", "", text))
    if NUMBER.sub("", plain).strip():
        return None
    return [plot.Mark(series, float(low), float(high or low)) for low, high in NUMBER.findall(plain)]


def lines(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[plot.Line]:
    """Return the lines of the plot of a table. Empty if the table has no column of ratios."""
    found: list[tuple[str, list[plot.Mark]]] = [(_label(head, rows, row), []) for row in rows]
    for column, name in enumerate(head):
        if not RATIOS.match(name):
            continue
        series = _series(name, head)
        cells = [marks(series, row[column]) for row in rows]
        if None in cells or not any(cells):
            continue
        for (_, line), cell in zip(found, cells, strict=True):
            line.extend(cell)
    return [(label, line) for label, line in found if line]


def _series(name: str, head: Sequence[str]) -> str:
    """Return the name of a series. `times as fast` does not name the library, the other columns do."""
    if name != "times as fast":
        return name.removesuffix(" takes")
    return next((other for other in head if other.startswith(report.PEERS)), name)


def _label(head: Sequence[str], rows: Sequence[Sequence[str]], row: Sequence[str]) -> str:
    """Return the text of the first column, with that of a column of sizes if these differ."""
    text = row[0].replace(" → ", "→")
    for column, name in enumerate(head):
        if name in ("size", "image") and len({other[column] for other in rows}) > 1:
            text += f", {row[column]}"
    return text


def families(source: Path) -> dict[str, str]:
    """Return the section of the reference in which each function is, by its name in `imfilter`."""
    text = (source / "api.rst").read_text(encoding="utf-8")
    found, module, section = {}, "", ""
    for line, below in zip(text.splitlines(), text.splitlines()[1:], strict=False):
        if re.fullmatch(r"-{3,}", below):
            section = line
        elif line.startswith(".. currentmodule:: "):
            module = line.removeprefix(".. currentmodule:: imfilter").strip(".")
        elif re.fullmatch(r" {3}\w+", line):
            found[f"{module}.{line.strip()}".strip(".")] = section
    return found


def family(label: str, sections: dict[str, str]) -> str:
    """Return the section of the reference for a line of a plot: of the function that its first word names."""
    name = re.split(r"[ ,]", label)[0]
    if "morphology" in label.split(", "):
        name = f"morphology.{name}"
    ends = [section for known, section in sections.items() if known.endswith(f".{name}")]
    return sections.get(name) or next(iter(ends), "Others")


def by_family(found: Sequence[plot.Line], sections: dict[str, str]) -> dict[str, list[plot.Line]]:
    """Return the lines by their families."""
    groups: dict[str, list[plot.Line]] = {}
    for label, line in found:
        groups.setdefault(family(label, sections), []).append((label, line))
    return groups


def overview(groups: dict[str, list[plot.Line]]) -> list[plot.Line]:
    """Return a line for each family, with the marks of all its lines."""
    return [(name, [mark for _, marks in found for mark in marks]) for name, found in groups.items()]


class Plots(SphinxTransform):
    """Put the plots of a page before its tables."""

    default_priority = 400

    def apply(self, **options: object) -> None:
        """Find the tables of ratios of the page."""
        self.number = 0
        benchmarks = self.env.docname == "benchmarks"
        sections = families(Path(self.env.srcdir))
        tables = [table for table in self.document.findall(nodes.table) if any(table.findall(nodes.thead))]
        split = False
        for table in tables:
            head = _cells(next(table.findall(nodes.thead)))[0]
            if not (benchmarks or any(map(SECTIONS.search, _titles(table))) or "times as fast" in head):
                continue
            found = lines(head, _cells(next(table.findall(nodes.tbody))))
            if found and len(found) <= LONG:
                self._insert(table, "", found)
            elif found:
                groups = by_family(found, sections)
                # The first long table is the one of the largest images.
                self._insert(table if split else tables[0], "", overview(groups))
                for name, group in () if split else groups.items():
                    self._insert(table, name, group)
                split = True

    def _insert(self, table: nodes.table, name: str, found: list[plot.Line]) -> None:
        """Put a plot before a table, as two pictures of which the page shows one."""
        self.number += 1
        source = Path(self.env.srcdir)
        folder = source / "generated" / "plots"
        folder.mkdir(parents=True, exist_ok=True)
        both = nodes.container(classes=["speed-plot"])
        for theme in ("light", "dark"):
            page = self.env.docname.replace("/", "-")
            picture = folder / f"{page}-{self.number}-{theme}.svg"
            plot.draw(found, picture, dark=theme == "dark")
            alt = f"{name}. {plot.describe(found)}" if name else plot.describe(found)
            uri = f"/{picture.relative_to(source).as_posix()}"
            both.append(nodes.image(uri=uri, alt=alt, classes=[f"only-{theme}"]))
        heading = [nodes.rubric(name, name)] if name else []
        at = table.parent.index(table)
        table.parent.insert(at, [*heading, both])


def _titles(node: nodes.Node) -> list[str]:
    """Return the titles of the sections around a node."""
    found = []
    while node.parent is not None:
        node = node.parent
        if isinstance(node, nodes.section):
            found.append(node.next_node(nodes.title).astext())
    return found


def _cells(part: nodes.Element) -> list[list[str]]:
    """Return the texts of the cells of a part of a table."""
    return [
        [entry.astext().replace("\n", " ").strip() for entry in row.findall(nodes.entry)]
        for row in part.findall(nodes.row)
    ]


def setup(app: Sphinx) -> dict[str, bool]:
    """Add the plots to a build."""
    app.add_transform(Plots)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
