"""Links between files of the repository, and the check of the built site."""

import re
from pathlib import Path

import pytest

from tests.docs import pages
from tests.looping import loop_over

ROOT = Path(__file__).parents[2]
FILES = [*pages.every(ROOT), ROOT / "CONTRIBUTING.md", ROOT / "samples" / "README.md"]
#: Pages that exist in the built site only.
BUILT = {"../docs/examples/index.rst", "examples/index.rst"}


@pytest.fixture(scope="module")
def links():
    return pages.module("links")


@loop_over("path", FILES)
def test_links_to_files_exist(path):
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", path.read_text(encoding="utf-8")):
        if "://" not in target and target not in BUILT:
            assert (path.parent / target).exists(), f"{path.name}: {target}"


def test_the_check_finds_links_that_lead_nowhere(links, tmp_path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "a.html").write_text('<p id="here"><a href="../index.html#top">up</a></p>')
    good = '<h1 id="top">x</h1><a href="sub/a.html#here">a</a><a href="https://example.org">b</a>'
    good += '<img src="p.png" alt="">'
    (tmp_path / "p.png").write_bytes(b"")
    (tmp_path / "index.html").write_text(good)
    assert links.check(tmp_path) == []
    (tmp_path / "index.html").write_text(good + '<a href="sub/a.html#there">c</a><img src="q.png">')
    found = links.check(tmp_path)
    assert len(found) == 3
    assert sum("is not an anchor" in line for line in found) == 1
    assert sum("is not a file" in line for line in found) == 1
    assert sum("has no text" in line for line in found) == 1


def test_the_check_finds_functions_without_a_picture_or_an_example(links, tmp_path):
    (tmp_path / "generated").mkdir()
    good = '<div class="sphx-glr-thumbcontainer"></div><pre>&gt;&gt;&gt; 1</pre>'
    for name, text in {
        "imfilter.a": good,
        "imfilter.b": "<p>b</p>",
        "imfilter.io.FileError": good[-30:],
    }.items():
        (tmp_path / "generated" / f"{name}.html").write_text(text)
    names = ["imfilter.a", "imfilter.b", "imfilter.c", "imfilter.io.FileError"]
    assert links.reference(tmp_path, names) == [
        "generated/imfilter.b.html has no picture of the gallery",
        "generated/imfilter.b.html has no example",
        "imfilter.c has no page",
    ]
