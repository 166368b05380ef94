"""The programs of `benchmarks.streamed`: both floors copy the picture."""

import ctypes
import mmap
import subprocess
import sys

import numpy as np
import pytest
import tifffile

from benchmarks import streamed


@pytest.mark.parametrize("program", ["LOOP", "COPY"])
def test_a_floor_copies_the_picture(tmp_path, program):
    source, target = tmp_path / "in.tif", tmp_path / "out.tif"
    streamed.make(source, 600, 400)
    streamed.run([sys.executable, "-c", getattr(streamed, program), str(source), str(target)])
    np.testing.assert_array_equal(tifffile.imread(target), tifffile.imread(source))


def test_a_program_that_fails_is_an_error():
    with pytest.raises(RuntimeError, match="failed"):
        streamed.run([sys.executable, "-c", "raise SystemExit(3)"])


def test_a_system_that_drops_no_pages_is_named(monkeypatch, capsys):
    monkeypatch.delattr(streamed.os, "posix_fadvise", raising=False)
    monkeypatch.setattr(sys, "argv", ["streamed", "--cold"])
    monkeypatch.setattr(streamed, "make", lambda *arguments: pytest.fail("the picture takes 4 GB"))
    with pytest.raises(SystemExit):
        streamed.main()
    assert "--cold needs" in capsys.readouterr().err


DROP = """
import pathlib, sys
from benchmarks import streamed
streamed.drop(pathlib.Path(sys.argv[1]))
"""


def resident(path):
    """The part of a file that is in the page cache."""
    with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as memory:
        pages = np.zeros(-(-len(memory) // mmap.PAGESIZE), np.uint8)
        start = np.frombuffer(memory, np.uint8).ctypes.data
        call = ctypes.CDLL(None, use_errno=True).mincore
        call.argtypes = ctypes.c_void_p, ctypes.c_size_t, ctypes.c_void_p
        if call(start, len(memory), pages.ctypes.data):
            raise OSError(ctypes.get_errno(), "mincore failed")
    return (pages & 1).mean()


@pytest.mark.skipif(sys.platform != "linux", reason="asks Linux for the page cache")
def test_a_dropped_picture_is_not_in_the_page_cache(tmp_path):
    source = tmp_path / "in.tif"
    streamed.make(source, 2000, 1000)
    kind = subprocess.run(["stat", "-f", "-c", "%T", source], check=True, capture_output=True, text=True)
    if kind.stdout.strip() not in ("ext2/ext3", "xfs", "btrfs"):
        pytest.skip("the files of other systems may always be in memory")
    pixels = tifffile.imread(source)
    assert resident(source) == 1
    # In another process, because the tests wait for no disk.
    streamed.run([sys.executable, "-c", DROP, str(source)])
    assert resident(source) == 0
    np.testing.assert_array_equal(tifffile.imread(source), pixels)
