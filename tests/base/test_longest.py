"""The list of the files that take the longest, which start first."""

import pytest

from tests import longest

REPORT = """<?xml version="1.0" encoding="utf-8"?>
<testsuites><testsuite name="pytest">
<testcase classname="tests.base.test_words" name="test_lowest_bit[int64]" time="0.5" />
<testcase classname="tests.base.test_locks.TestOfAClass" name="test_a" time="2.25" />
<testcase classname="tests.base.test_locks" name="test_b" time="1.5" />
<testcase classname="tests.base.test_out" name="test_c" time="9.0"><failure message="no" /></testcase>
<testcase classname="tests.of_another_branch" name="test_d" time="9.0" />
</testsuite></testsuites>
"""


def test_listed_files_exist_once():
    found = longest.files()
    assert len(found) >= 20
    assert len(set(found)) == len(found)
    assert [path for path in found if not path.is_file()] == []


def test_the_list_is_written_from_a_report(tmp_path, monkeypatch):
    monkeypatch.setattr(longest, "LIST", tmp_path / "longest.txt")
    (tmp_path / "tests.xml").write_text(REPORT)
    longest.main(tmp_path / "tests.xml")
    assert (tmp_path / "longest.txt").read_text() == "base/test_out.py\nbase/test_locks.py\n"
    base = longest.FOLDER / "base"
    assert longest.files() == [base / "test_out.py", base / "test_locks.py"]


def test_a_report_of_nothing_is_an_error(tmp_path, monkeypatch):
    monkeypatch.setattr(longest, "LIST", tmp_path / "longest.txt")
    (tmp_path / "tests.xml").write_text("<testsuites />")
    with pytest.raises(SystemExit, match="has no times of tests"):
        longest.main(tmp_path / "tests.xml")
    assert not (tmp_path / "longest.txt").exists()
