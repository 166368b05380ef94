"""The benchmarks' bookkeeping, on invented figures: nothing here looks at a clock."""

import json

import numpy as np
import pytest

import imfilter
from benchmarks import docs, limits, measure, peak, planning, report, rows, startup, store
from imfilter._filters.linear import apply as linear
from imfilter._filters.linear import planner
from tests.peers.cases import CASES


def entry(row="sobel magnitude", types="float32", shape=(1080, 1920), threads=2, **ratios):
    size = "x".join(map(str, shape[1::-1] if len(shape) == 2 else shape))
    times = {"imfilter": {"median_ms": 2.0, "deviation_ms": 0.1}}
    return {
        "row": row,
        "types": types,
        "size": size,
        "shape": list(shape),
        "threads": threads,
        "times": times,
        "ratios": ratios,
        "of_copy": 1.25,
        "skipped": {},
    }


ABOUT = {
    "cpu": "Abacus",
    "cores": 2,
    "date": "2020-02-02T00:00:00",
    "runs": 5,
    "versions": {"numpy": "2.0", "numba": "0.68", "scipy": "1.17"},
}
ENTRIES = [
    entry(threads=1, OpenCV=0.5),
    entry(threads=2, OpenCV=2.0, SciPy=30.0),
    entry(shape=(256, 256), threads=2, OpenCV=8.0, SciPy=10.0),
    entry("box 5, 3-D", "uint8", (8, 16, 32), 2, SciPy=6.0),
]


def test_a_file_is_written_whole_and_read_again(tmp_path, monkeypatch):
    path = tmp_path / "figures.json"
    store.write(path, ABOUT, ENTRIES[:1])
    store.write(path, ABOUT, ENTRIES)
    assert store.read(path) == (ABOUT, ENTRIES)

    def interrupt(*args, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr(json, "dumps", interrupt)
    with pytest.raises(KeyboardInterrupt):
        store.write(path, ABOUT, [])
    assert store.read(path) == (ABOUT, ENTRIES)
    assert list(tmp_path.iterdir()) == [path]


def test_entries_are_told_apart_and_ordered_as_the_table():
    assert len({store.key(e) for e in ENTRIES}) == len(ENTRIES)
    unknown = entry("a filter of yesterday")
    ordered = sorted([unknown, *reversed(ENTRIES)], key=rows.place)
    assert [e["size"] for e in ordered] == ["256x256", "1920x1080", "1920x1080", "8x16x32", "1920x1080"]
    assert [e["threads"] for e in ordered[1:3]] == [1, 2]
    assert ordered[-1] is unknown


def test_standings_and_losses():
    first = report.standings(ENTRIES)
    assert [(s.peer, s.threads, s.rows, s.lost) for s in first] == [
        ("OpenCV", 1, 1, 1),
        ("OpenCV", 2, 2, 0),
        ("SciPy", 2, 3, 0),
    ]
    assert first[1].mean == pytest.approx(4.0)
    assert report.losses(ENTRIES) == ["sobel magnitude, float32, 1920x1080, 1 thr: OpenCV 0.50x"]


def test_the_table_has_a_line_for_each_row():
    lines = docs.table(ENTRIES[:2]).splitlines()
    assert lines[0] == "| filter | ms, 1 thr | ms, 2 thr | OpenCV, 1 thr | OpenCV, 2 thr | SciPy | copies |"
    assert lines[2:] == ["| sobel magnitude, float32 | 2 | 2 | **0.50** | 2.0 | 30 | 1.2 |"]
    brief = docs.table(ENTRIES[2:3], brief=True).splitlines()
    assert brief[0] == "| filter | ms, 2 thr | OpenCV, 2 thr | fastest other |"
    assert brief[2:] == ["| sobel magnitude, float32 | 2 | 8.0 | 10 |"]
    # Without OpenCV, a library of one thread is compared with every number of threads.
    assert "SciPy, 2 thr" in docs.table(ENTRIES[3:], sizes=True)


def test_the_page_names_every_row():
    text = docs.page(ENTRIES, ABOUT)
    for heading in ("# Benchmarks", "## 1920x1080", "## 256x256", "## Volumes"):
        assert heading in text
    assert "imfilter is slower in 1 of 6 comparisons" in text


def test_the_plot_is_the_same_each_time(tmp_path):
    pytest.importorskip("matplotlib", reason="matplotlib is of the extra for benchmarks alone")
    from benchmarks import plot

    marks = [plot.Mark("OpenCV, 1 thr", 0.5, 0.5), plot.Mark("SciPy", 14, 15)]
    lines = [("sobel magnitude, float32", marks), ("box 5", [plot.Mark("SciPy", 3, 3)])]
    for name in ("a.svg", "b.svg"):
        plot.draw(lines, tmp_path / name)
    text = (tmp_path / "a.svg").read_text()
    assert text == (tmp_path / "b.svg").read_text()
    for word in ("sobel magnitude, float32", "box 5", "OpenCV, 1 thr", "SciPy", plot.LIGHT["text"]):
        assert word in text
    plot.draw(lines, tmp_path / "dark.svg", dark=True)
    assert plot.DARK["text"] in (tmp_path / "dark.svg").read_text()
    assert plot.describe(lines) == (
        "Time of the library divided by the time of imfilter. OpenCV, 1 thr: from 0.5 to 0.5, the median is "
        "0.5, below 1 in 1 of 1; SciPy: from 3 to 15, the median is 8.75."
    )


def test_the_rows_that_are_picked_exist():
    known = {(case.name, type_name) for case in CASES for type_name in case.types}
    assert set(docs.README) <= known
    assert set(limits.SHARED) <= known


def test_the_loop_of_multiply_adds_is_not_optimised_away():
    assert peak.loop()() == peak.CHAINS * (peak.VALUE + peak.ROUNDS * peak.VALUE**2)


def test_the_table_goes_between_the_marks_of_the_readme(tmp_path):
    path = tmp_path / "README.md"
    path.write_text(f"a\n{docs.START}\nold\n{docs.END}\nb\n")
    docs.into_readme("new", path)
    assert path.read_text() == f"a\n{docs.START}\nnew\n{docs.END}\nb\n"
    path.write_text("no marks")
    with pytest.raises(SystemExit):
        docs.into_readme("new", path)


def test_an_algorithm_is_forced_and_the_planner_left_as_it_was():
    image = np.random.default_rng(5).random((40, 50))
    kernel = np.outer(np.arange(1.0, 8.0), np.arange(2.0, 9.0))
    results = []
    before = planner.choose, linear.FAMILY
    for method, algorithm in (("direct", "direct"), ("separable", "separable"), ("fft", "fft")):
        candidate = planning.Method(lambda: results.append(imfilter.correlate(image, kernel)), method)
        assert candidate.plan().algorithm == algorithm
        results.clear()
        candidate()
        candidate()
        np.testing.assert_allclose(results[0], imfilter.correlate(image, kernel), rtol=1e-9)
        np.testing.assert_array_equal(results[1], results[0])
    assert (planner.choose, linear.FAMILY) == before


def test_a_verdict_says_what_was_chosen_and_what_was_best():
    verdict = planning.Verdict("row", "fft", {"fft": 0.1, "direct": 0.3}, {"fft": 0.3, "direct": 0.2})
    assert verdict.best == "direct"
    assert str(verdict).endswith("chosen fft: best direct, 1.50x of it, WRONG")
    good = planning.Verdict("row", "fft", {"fft": 0.1}, {"fft": 0.3})
    assert planning.total([verdict, good]).startswith("1 of 2 choices (50%) are within 25% of the best")


def test_a_section_replaces_the_one_with_its_title():
    page = docs.page(ENTRIES, ABOUT)
    written = docs.section("Own rows", [entry(threads=2, pandas=4.0, bottleneck=0.5)], ABOUT)
    assert "imfilter is slower in 1 of 2 comparisons" in written
    assert "| sobel magnitude, float32 | 1920x1080 | 2 | 4.0 | **0.50** | 1.2 |" in written
    once = docs.with_section(page, "Own rows", written)
    assert once == page + "\n" + written
    assert docs.with_section(once, "Own rows", written) == once
    more = docs.with_section(once, "More", "## More\n")
    assert docs.with_section(more, "Own rows", "## Own rows\n") == page + "\n## Own rows\n\n## More\n"


def test_the_clock_may_be_the_processor():
    now = [0.0]

    def busy():
        now[0] += 0.25

    found = measure.race({"busy": busy, "idle": lambda: None}, runs=3, patience=2.0, clock=lambda: now[0])
    assert found["busy"].median == 0.25
    assert found["idle"].median == 0.0
    assert "Processor time, not elapsed time." in docs.paragraph(ABOUT | {"clock": "processor"})
    assert "Processor time" not in docs.paragraph(ABOUT)


@pytest.mark.parametrize("option", ["--cold", "--runs"])
def test_startup_needs_a_run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], option: str
) -> None:
    monkeypatch.setattr("sys.argv", ["startup", option, "0"])
    with pytest.raises(SystemExit) as ended:
        startup.main()
    assert ended.value.code == 2
    assert capsys.readouterr().err.splitlines()[-1].endswith("--runs and --cold must be at least 1")
