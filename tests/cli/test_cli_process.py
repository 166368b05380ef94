"""The command as a process: how it is started, what it says of compiling, and what it needs to run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tifffile

from imfilter import io
from imfilter._files import tiff
from tests.cli.commands import COINS, ROOT, failed, noise, save, subprocess_env

# Types whose code is not shared, one after the other, where the wait of the user is none. The filter is the
# one that is compiled fastest.
TYPES = """
import numpy as np
from imfilter import series
from imfilter._simd import compiler
compiler._PATIENCE = 0.0
for dtype in ("uint8", "float32", "float64"):
    series.weighted_average(np.ones((6, 8), dtype), [1.0, 2.0, -0.5])
"""

# One process for several files, because it starts for longer than it filters.
WITHOUT_IMAGECODECS = """
import contextlib, io, json, sys
sys.modules["imagecodecs"] = None
from imfilter import cli
found = []
for name in sys.argv[1:]:
    with contextlib.redirect_stderr(io.StringIO()) as said:
        status = cli.call(["median", f"{name}.tif", f"{name}.npy", "--size", "1"])
    found.append((status, said.getvalue()))
print(json.dumps(found))
"""


def process(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *map(str, arguments)],
        env=subprocess_env() | environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.slow
@pytest.mark.parametrize("start", [["-m", "imfilter"], ["-m", "imfilter.cli"], [ROOT / "cli.py"]])
def test_every_way_to_start_is_the_command(tmp_path: Path, start: list[object]) -> None:
    done = process(*start, "box", COINS, tmp_path / "out.png")
    assert (done.returncode, done.stdout) == (0, "")
    assert io.read(tmp_path / "out.png").pixels.shape == io.read(COINS).pixels.shape
    wrong = process(*start, "bax", COINS, tmp_path / "none.png")
    assert wrong.returncode == 2
    assert wrong.stderr == "imfilter: error: unknown filter 'bax'; did you mean 'box'?\n"
    helped = process(*start, "--help")
    assert helped.stdout.startswith("Usage: imfilter ")


@pytest.mark.parametrize("arguments", [["box", COINS, "out.png"], ["harris", COINS, "out.csv"], ["warmup"]])
@pytest.mark.slow
def test_numba_without_its_compiler_is_one_line(tmp_path: Path, arguments: list[object]) -> None:
    done = process("-m", "imfilter", *[tmp_path / a if str(a)[:4] == "out." else a for a in arguments],
                   NUMBA_DISABLE_JIT="1")  # fmt: skip
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("imfilter: error: ")
    assert done.stderr.count("\n") == 1
    assert "NUMBA_DISABLE_JIT" in done.stderr
    assert os.listdir(tmp_path) == []


def test_numba_without_its_compiler_in_python() -> None:
    code = "import imfilter; imfilter.sobel([1.0, 2.0])"
    done = process("-c", code, NUMBA_DISABLE_JIT="1")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("RuntimeError: imfilter cannot run with NUMBA_DISABLE_JIT")
    assert done.stderr.count("Traceback") == 1


@pytest.mark.slow  # compiles into an empty folder
def test_compiling_is_told_once_for_all_types(tmp_path: Path) -> None:
    first = process("-c", TYPES, IMFILTER_CACHE_DIR=str(tmp_path))
    assert (first.returncode, first.stdout) == (0, "")
    (line,) = first.stderr.splitlines()
    assert line.startswith("imfilter: compiling for this filter and type of image")
    assert "the next run of the same starts at once" in line
    second = process("-c", TYPES, IMFILTER_CACHE_DIR=str(tmp_path))
    assert (second.returncode, second.stderr) == (0, ""), "what the line promises is kept"


@pytest.mark.slow  # compiles into an empty folder
def test_no_quick_start_is_promised_where_nothing_is_kept(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for _ in range(2):
        done = process("-c", TYPES, IMFILTER_CACHE_DIR=str(tmp_path / "file" / "sub"))
        assert (done.returncode, done.stdout) == (0, "")
        (line,) = done.stderr.splitlines()
        assert "at once" not in line
        assert "IMFILTER_CACHE_DIR" in line


def test_a_decoder_that_is_missing_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What tifffile imports for a codec is a module of Python's or of its own, which nobody can install."""
    source = save(tmp_path / "in.tif", noise(20, 20))

    def missing(*arguments: object) -> None:
        raise ModuleNotFoundError("No module named 'compression'", name="compression")

    monkeypatch.setattr(tiff, "read", missing)
    message = failed(capsys, 1, "box", source, tmp_path / "out.png")
    assert message.startswith(f"{source}: ")
    assert "imagecodecs" in message
    assert "No module" not in message


def test_compressed_tiffs_without_imagecodecs_are_read_or_refused_in_one_line(tmp_path: Path) -> None:
    pixels, compressions = noise(32, 40, dtype="uint16"), ("zstd", "lzw", "zlib", "lzma", "packbits")
    for compression in compressions:
        source = tmp_path / f"{compression}.tif"
        tifffile.imwrite(source, pixels, compression=compression, photometric="minisblack")
    done = process("-c", WITHOUT_IMAGECODECS, *(tmp_path / compression for compression in compressions))
    assert (done.returncode, done.stderr) == (0, "")
    for compression, (status, said) in zip(compressions, json.loads(done.stdout), strict=True):
        if status == 0:
            np.testing.assert_array_equal(np.load(tmp_path / f"{compression}.npy"), pixels)
        else:
            assert status == 1
            assert said.count("\n") == 1
            assert "imagecodecs" in said
            assert "No module" not in said
