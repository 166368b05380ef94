"""Modules, extras and numbers of functions that pages name are those of the repository."""

import importlib
import importlib.util
import re
import tomllib
from pathlib import Path

from benchmarks import figures
from imfilter._compat.patching import LIBRARIES
from tests.docs import pages
from tests.looping import loop_over

ROOT = Path(__file__).parents[2]
FILES = [*pages.every(ROOT), ROOT / "CONTRIBUTING.md"]
#: Extras that the page of installation leaves out.
LEFT_OUT = {
    "bench": "libraries to measure beside imfilter: no function needs them",
    "docs": "tools that make the site: the README has it",
    "test": "tools of the tests: CONTRIBUTING.md has it",
    "torch": "tests and benchmarks compare with PyTorch: no function needs it",
}


@loop_over("path", FILES)
def test_modules_of_benchmarks_exist(path):
    text = pages.text(path)
    for name in set(re.findall(r"(?:python -m |`)(benchmarks(?:\.\w+)*)\b(?!/)", text)):
        found = importlib.util.find_spec(name)
        assert found is not None, f"{path.name}: there is no {name}"
        if found.submodule_search_locations is not None:
            assert importlib.util.find_spec(f"{name}.__main__") is not None
    for table in re.findall(r"python -m benchmarks\.figures ([a-z]\w*)", text):
        assert table in figures.TABLES, f"{path.name}: benchmarks.figures has no table {table}"


def test_modules_are_named():
    """A pattern that finds nothing would pass every page."""
    assert sum(len(re.findall(r"python -m benchmarks", pages.text(path))) for path in FILES) > 10


def test_extras_are_listed():
    extras = set(tomllib.loads(pages.text(ROOT / "pyproject.toml"))["project"]["optional-dependencies"])
    lines = pages.text(ROOT / "docs" / "install.md").splitlines()
    listed = {
        name
        for line in lines
        if line.startswith("|")
        for name in re.findall(r"`imfilter\[(\w+)\]`", line.split("|")[1])
    }
    assert extras == listed | set(LEFT_OUT)
    assert not listed & set(LEFT_OUT)


@loop_over("path", FILES)
def test_extras_that_pages_name_exist(path):
    extras = tomllib.loads(pages.text(ROOT / "pyproject.toml"))["project"]["optional-dependencies"]
    for names in re.findall(r"imfilter\[([\w,]+)\]", pages.text(path)):
        assert set(names.split(",")) <= set(extras), path.name


def test_numbers_of_functions():
    text = pages.text(ROOT / "docs" / "adoption.md")
    (number,) = re.findall(r"`imfilter\.compat\.cv2` has (\d+) functions", text)
    assert int(number) == len(importlib.import_module(LIBRARIES["cv2"]).__all__)
    modules = {library.partition(".")[2] for library in LIBRARIES if library.startswith("skimage.")}
    (named,) = re.findall(r"`imfilter\.compat\.skimage` has the modules (.*?),\s+with", text, re.DOTALL)
    assert set(re.findall(r"`(\w+)`", named)) == modules
