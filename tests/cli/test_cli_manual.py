"""The manual page: as the tables of commands say, and as its readers accept it."""

from __future__ import annotations

import runpy
import shutil
import subprocess
import tomllib

import pytest

from imfilter._cli import table
from imfilter._cli.catalogue import FILTERS
from imfilter._cli.series_table import SERIES
from imfilter._cli.shown_table import SHOWN
from tests.cli.commands import ROOT

SCRIPT = runpy.run_path(str(ROOT / "docs" / "man.py"))
PAGE = ROOT / "docs" / "imfilter.1"


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == SCRIPT["page"](), "python docs/man.py writes it"


def test_the_page_has_every_command_and_option() -> None:
    text = PAGE.read_text(encoding="ascii")
    for command in (*FILTERS, *SHOWN, *SERIES):
        group = {"series": "series ", "shown": "show ", "network": "show "}.get(command.kind, "")
        assert f'.SS "{group}{command.name} IN' in text
        for option in table.options_of(command):
            assert option.flag.replace("-", r"\-") in text
    for name in ("warmup", "completion SHELL", "estimate_noise IN"):
        assert f'.SS "{name}' in text


def test_the_wheel_has_the_page() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    shared = settings["tool"]["hatch"]["build"]["targets"]["wheel"]["shared-data"]
    assert shared == {str(PAGE.relative_to(ROOT)): "share/man/man1/imfilter.1"}


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (".npy is a type", r"\&.npy is a type"),
        ("'a' and 'b'", r"\(aqa\(aq and \(aqb\(aq"),
        ("C:\\x --mode `m` ^~", r"C:\ex \-\-mode \(gam\(ga \(ha\(ti"),
    ],
)
def test_no_character_is_a_command(text: str, wanted: str) -> None:
    assert SCRIPT["escaped"](text) == wanted


def test_man_formats_it_without_warnings() -> None:
    if not shutil.which("man") or not shutil.which("groff"):
        pytest.skip("man and groff are not installed")
    command = ["man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", str(PAGE)]
    finished = subprocess.run(command, capture_output=True, text=True)
    if "--warnings" in finished.stderr or "unrecognized" in finished.stderr:
        pytest.skip("this man has no --warnings")
    assert finished.returncode == 0
    assert finished.stderr == ""
    assert "imfilter - filter pictures" in finished.stdout


def test_mandoc_finds_no_fault() -> None:
    if not shutil.which("mandoc"):
        pytest.skip("mandoc is not installed")
    command = ["mandoc", "-T", "lint", "-W", "warning", str(PAGE)]
    faults = subprocess.run(command, capture_output=True, text=True).stdout.splitlines()
    # The page has no date, because it depends only on the tables.
    assert [fault for fault in faults if "missing date" not in fault] == []
