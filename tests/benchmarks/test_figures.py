"""The tables of times and of memory, without measuring anything."""

import inspect
import subprocess
from operator import attrgetter
from pathlib import Path

import numpy as np
import pytest

import imfilter
from benchmarks import figures, memory, memory_rows
from benchmarks.figure_rows import Row
from tests import every

DOCS = Path(__file__).resolve().parents[2] / "docs"
ABOUT = {"cpu": "Abacus", "date": "2020-02-02T00:00:00"}


def test_the_memory_of_every_function_is_measured():
    names = {name.lstrip(".") for name in every.public()}
    # Classes are measured by the functions that make or use them. `show` draws small pictures of networks.
    wanted = {
        name
        for name in names
        if not inspect.isclass(attrgetter(name)(imfilter)) and not name.startswith("show.")
    }
    assert set(memory_rows.ROWS) == wanted


def test_calls_of_memory_have_the_arguments_of_their_functions():
    image = memory.picture(memory.SMALL, "float32")
    for name, arguments in memory_rows.calls():
        call = memory_rows.prepared(name, arguments, image, 1)
        inspect.signature(call.func).bind(*call.args, **call.keywords)


def test_arrays_of_a_result_are_counted_once_each():
    found = np.zeros(3), [np.zeros(2)], {"a": np.zeros(1)}
    assert memory_rows.n_bytes(found) == 48
    fitted = imfilter.fit_kernel(np.eye(5), np.eye(5), 3)
    assert memory_rows.n_bytes(fitted) >= fitted.kernel.nbytes
    assert memory_rows.n_bytes(2.0) == 0


def test_the_page_of_memory_has_a_line_for_each_row():
    text = memory.page([("box", "x, 3", {"float32": 63.28, "uint8": 1.0})], 2)
    assert text.splitlines()[-1] == "| `box(x, 3)` | 63.3 (2.0) | 1.0 (0.1) |"


def test_no_call_needs_less_than_its_input_and_output(monkeypatch):
    done = subprocess.CompletedProcess([], 0, stdout="-123\n")
    monkeypatch.setattr(subprocess, "run", lambda *args, **options: done)
    found = memory.measure("box", "x, 3", "uint8", 2, 3)
    assert str(found) == "0.0"
    assert "-" not in memory.page([("box", "x, 3", {"uint8": found})], 2).splitlines()[-1]


def test_the_table_of_memory_has_all_rows():
    text = (DOCS / "memory.md").read_text()
    for name, arguments in memory_rows.calls():
        assert f"| `{name}({arguments})` |" in text, "python -m benchmarks.memory --page writes the page"


@pytest.mark.parametrize("name", figures.TABLES)
def test_each_table_has_its_place(name):
    page = (DOCS / f"{figures.TABLES[name].page}.md").read_text()
    once = figures.into_page("a table", name, page)
    assert f"{figures.marks(name)[0]}\n\na table\n\n{figures.marks(name)[1]}" in once
    assert figures.into_page("a table", name, once) == once
    with pytest.raises(SystemExit):
        figures.into_page("a table", name, "no marks")


@pytest.mark.parametrize("name", figures.TABLES)
def test_no_table_is_empty(name):
    page = (DOCS / f"{figures.TABLES[name].page}.md").read_text()
    start, end = figures.marks(name)
    between = page.split(start)[1].split(end)[0]
    assert "|" in between, f"python -m benchmarks.figures {name} writes the table"


def test_a_table_has_the_ratios_of_other_libraries():
    rows = [
        Row("`f(x)`", lambda: None, {"A": lambda: None}),
        Row("`g(x)`", lambda: None, {"B": lambda: None}, {"B": 2.0}),
    ]
    assert [row[0] for row in figures.measured(rows, runs=1)] == ["`f(x)`", "`g(x)`"]
    found = [("`f(x)`", 2e-3, {"A": 3e-3}), ("`g(x)`", 4e-3, {"B": 80e-3})]
    lines = figures.written(figures.Table("page", lambda: iter(rows), "Noise."), found, ABOUT).splitlines()
    assert lines[0].startswith("2 threads, least of several times, Abacus, 2020-02-02. Noise. The column")
    assert lines[2:] == [
        "| call | ms | A | B |",
        "|---|---:|---:|---:|",
        "| `f(x)` | 2 | 1.5 |  |",
        "| `g(x)` | 4 |  | 20 |",
    ]
    about = ABOUT | {"versions": {"a": "1.2", "b": "3", "c": "4"}}
    lines = figures.written(figures.Table("page", lambda: iter(rows)), found, about).splitlines()
    assert lines[0].startswith("2 threads, least of several times, Abacus, A 1.2, B 3, 2020-02-02.")
    table = figures.Table("page", lambda: iter(rows), heads=("sigma", "sampled"), absolute=True, threads=1)
    lines = figures.written(table, found, ABOUT).splitlines()
    assert lines[0] == "One thread, least of several times, Abacus, 2020-02-02."
    assert lines[-1] == "| `g(x)` | 4 |  | 80 |"
