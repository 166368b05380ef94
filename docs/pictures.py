"""The examples of the gallery that show a function, the most telling first.

This is an extension of Sphinx. It gives the directive `minigallery` an order: sphinx-gallery sorts by paths.
`docs/links.py` and the tests use its lists.
"""

import ast
import re
from functools import cache
from pathlib import Path

DOCS = Path(__file__).resolve().parent
GALLERY = DOCS / "gallery"
#: Names of the reference that make no picture, with the reason.
WITHOUT = {
    "imfilter.io.FileError": "an error",
    "imfilter.io.FileWarning": "a warning",
    "imfilter.sklearn.HOG": "the same picture as imfilter.hog, which the page names",
}
#: Examples that show a function best, where their names do not say so.
BEST = {"imfilter.morphology.disk": "elements", "imfilter.corner_peaks": "harris"}
#: Pictures of each function on a page that names several functions.
FEW = 3


@cache
def reference() -> tuple[str, ...]:
    """Return the names of docs/api.rst, with their modules."""
    module, found, inside = "", [], False
    for line in (DOCS / "api.rst").read_text(encoding="utf-8").splitlines():
        if line.startswith(".. "):
            inside = line.startswith(".. autosummary")
            if line.startswith(".. currentmodule:: "):
                module = line.split(":: ")[1]
        elif inside and re.fullmatch(r" {3}\w+", line):
            found.append(f"{module}.{line.strip()}")
    return tuple(found)


@cache
def examples() -> tuple[Path, ...]:
    """Return the files of the gallery."""
    return tuple(sorted(GALLERY.glob("*/plot_*.py")))


@cache
def used(path: Path) -> frozenset[str]:
    """Return the public names that an example uses, or that its text names with a role."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    text = ast.get_docstring(tree) or ""
    known, found = {}, set(re.findall(r":(?:func|class):`([\w.]+)`", text))
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            known |= {name.asname or name.name: name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            known |= {name.asname or name.name: f"{node.module}.{name.name}" for name in node.names}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            parts = ast.unparse(node).split(".")
            found.add(".".join([known.get(parts[0], parts[0]), *parts[1:]]))
    return frozenset(name for name in found if name.startswith("imfilter."))


def showing(name: str) -> list[Path]:
    """Return the examples that use a function, the most telling first.

    First come those with the name of the function, then those of its module, and then those that use few
    other functions.
    """
    module, _, last = name.lower().rpartition(".")
    module = module.rpartition(".")[2]

    def rank(path: Path) -> tuple[bool, bool, bool, int, Path]:
        stem = path.stem.removeprefix("plot_")
        others = len(used(path) & set(reference()))
        return stem != BEST.get(name, last), last not in stem, path.parent.name != module, others, path

    return sorted((path for path in examples() if name in used(path)), key=rank)


def as_given(path: str) -> int:
    """Return the same key for every picture, so that sphinx-gallery keeps their order."""
    return 0


def ordered(words: list[str]) -> list[str]:
    """Return the examples for the words of a directive: names of functions and files of the gallery."""
    found: dict[str, None] = {}
    for word in words:
        if word.endswith(".py"):
            found[word] = None
            continue
        paths = showing(word)
        for path in paths if len(words) == 1 else paths[:FEW]:
            found[path.relative_to(DOCS).as_posix()] = None
    return list(found)


def setup(app: object) -> dict[str, bool]:
    """Put the directive in place of that of sphinx-gallery."""
    from sphinx_gallery.directives import MiniGallery

    class Pictures(MiniGallery):
        """A row of pictures, the most telling first."""

        def run(self) -> list:
            """Replace the names of functions by the files of their examples."""
            words = ordered([*(self.arguments[0].split() if self.arguments else []), *map(str, self.content)])
            if not words:
                return []
            self.arguments, self.content = [" ".join(words)], []
            return super().run()

    app.add_directive("minigallery", Pictures, override=True)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
