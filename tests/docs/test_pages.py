"""Every code block of the README and the documentation runs, in the order of its page."""

import contextlib
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

import imfilter
from imfilter import io
from tests.docs import pages

ROOT = Path(__file__).parents[2]
PAGES = pages.every(ROOT)
NAMES = [str(page.relative_to(ROOT)) for page in PAGES]
#: What stands for numbers of a page whose image or cluster is too large for a test.
SMALLER = {"docs/larger_than_memory.md": {"10_000": "200", "2048": "64", "n_workers=4": "n_workers=2"}}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A working directory with samples/ and with small pictures of the usual names."""
    shutil.copytree(ROOT / "samples", tmp_path / "samples", ignore=shutil.ignore_patterns("*.py"))
    grey = io.read(ROOT / "samples" / "coins.png").pixels[60:180, 20:180]
    rgb = io.read(ROOT / "samples" / "chelsea.png").pixels[60:180, 100:260]
    for name in ("in", "coins", "page", "scan", "photo", "mask"):
        pixels = np.where(grey > 128, 255, 0).astype(np.uint8) if name == "mask" else grey
        io.write(tmp_path / f"{name}.png", io.Image(pixels))
    io.write(tmp_path / "scan.tif", io.Image(grey))
    io.write(tmp_path / "photo.tif", io.Image(grey))
    io.write(tmp_path / "photo.jpg", io.Image(rgb, channels=True))
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    if "distributed" in sys.modules:  # a page may leave a cluster, which other tests would use
        with contextlib.suppress(ValueError):  # there is none
            sys.modules["distributed"].default_client().close()


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_page_runs(name, folder):
    text = pages.text(ROOT / name)
    for large, small in SMALLER.get(name, {}).items():
        assert large in text
        text = text.replace(large, small)
    names = pages.run(name, text)
    if name == "docs/larger_than_memory.md":
        assert names["edges"].shape == (200, 200)
        assert names["edges"].numblocks == (4, 4)
        np.testing.assert_array_equal(np.load("edges.npy"), names["edges"].compute())
        np.testing.assert_array_equal(names["small"].y[:3], [5, 25, 45])
        assert names["smooth"].attrs == {"units": "reflectance"}
        assert names["slope"].dims == ("band", "y", "x")
    if name == "docs/generic.md":  # functions of the page, also with gaps
        for mask in (None, names["present"]):
            for function in (names["contrast"], names["clipped"]):
                assert np.isfinite(imfilter.generic(names["image"], function, 3, mask=mask)).all()
    if name == "docs/missing.md":
        assert np.isfinite(names["filled"]).all()


def test_blocks_are_found():
    """A parser that finds nothing would pass every page."""
    found = {name: pages.blocks(pages.text(ROOT / name)) for name in NAMES}
    assert sum(len(blocks) for blocks in found.values()) > 60
    readme = found["README.md"]
    assert [block.kind for block in readme if not block.reason] == ["shell", "python"]
    assert len(next(b for b in readme if b.kind == "python").text.strip().splitlines()) == 6


@pytest.mark.parametrize("name", NAMES)
def test_blocks_that_do_not_run_have_a_reason(name):
    for block in pages.blocks(pages.text(ROOT / name)):
        if block.reason is not None:
            assert len(block.reason.split()) >= 3, f"{name}, line {block.line}"


BAD = {
    "```python\nnot_a_name\n```\n": NameError,
    "    imfilter gausian in.png out.png\n": pages.PageError,
    "    rm in.png\n": pages.PageError,
    "```c\nint x;\n```\n": pages.PageError,
    "<!-- not run: a reason in words -->\n\nno block\n": pages.PageError,
    "a\n\n    imfilter box missing.png out.png --size 3\n": pages.PageError,
}


@pytest.mark.parametrize("text", BAD)
def test_a_block_that_fails_is_told(text, folder):
    with pytest.raises(BAD[text]):
        pages.run("page.md", text)


def test_setup_and_marker_belong_to_the_source(folder):
    text = "<!-- setup\nx = 1\n-->\n\n```python\ny = x + 1\n```\n\n"
    text += "<!-- not run: it would fail -->\n\n    rm -r *\n"
    pages.run("page.md", text)
    kinds = [(block.kind, block.reason) for block in pages.blocks(text)]
    assert kinds == [("setup", None), ("python", None), ("shell", "it would fail")]


def test_the_picture_of_the_readme_is_what_its_command_makes(folder):
    (command,) = [
        b.text for b in pages.blocks(pages.text(ROOT / "README.md")) if b.text.startswith("imfilter")
    ]
    assert f"| `{command}` |" in pages.text(ROOT / "README.md")
    pages.run_command("README.md", command)
    made, shown = (io.read(path).pixels for path in (folder / "edges.png", ROOT / "docs/images/edges.png"))
    np.testing.assert_array_equal(made, shown)
