"""Compiled kernels on disk: shared by processes, optional, and never older than their source."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import imfilter

PACKAGE = Path(imfilter.__file__).resolve().parent
FILTER = """
import numpy as np
import imfilter
image = np.arange(48.0, dtype=np.float32).reshape(6, 8) ** 1.5
print(imfilter.correlate(image, [[1.0, 2.0, 3.0], [0.0, -1.0, 0.5]]).sum(dtype=np.float64).round(3))
"""


def start(code, package_parent, **environment):
    """Start a script in a fresh interpreter, warnings as errors."""
    clean = {k: v for k, v in os.environ.items() if k not in ("IMFILTER_CACHE_DIR", "NUMBA_CACHE_DIR")}
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-c", code],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=package_parent,
        env=clean | {"PYTHONPATH": str(package_parent), **environment},
    )


def finish(process):
    out, err = process.communicate(timeout=240)
    assert process.returncode == 0, err
    return out


def run(code, package_parent, **environment):
    return finish(start(code, package_parent, **environment))


@pytest.fixture(scope="module")
def expected():
    return run(FILTER, PACKAGE.parent)


@pytest.fixture
def checkout(tmp_path):
    """A copy of the package without its compiled code."""
    shutil.copytree(PACKAGE, tmp_path / "imfilter", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def test_several_processes_on_a_cold_cache(tmp_path, expected):
    """Four processes that find nothing, compile at once and write the same files: all answer rightly."""
    folder = {"IMFILTER_CACHE_DIR": str(tmp_path / "cache")}
    processes = [start(FILTER, PACKAGE.parent, **folder) for _ in range(4)]
    assert [finish(p) for p in processes] == [expected] * 4
    files = [p for p in (tmp_path / "cache").rglob("*") if p.is_file()]
    assert files, "compiled code is kept"
    assert not [p for p in files if "tmp" in p.suffix], "nothing half-written is left behind"
    before = {p: p.stat().st_mtime_ns for p in files}
    assert run(FILTER, PACKAGE.parent, **folder) == expected
    assert {p: p.stat().st_mtime_ns for p in (tmp_path / "cache").rglob("*") if p.is_file()} == before


@pytest.mark.parametrize("variable", ["IMFILTER_CACHE_DIR", "NUMBA_CACHE_DIR"])
def test_nowhere_to_write(tmp_path, expected, variable):
    """A cache below a regular file cannot be made, even by root: everything works, slower."""
    (tmp_path / "file").write_text("")
    assert run(FILTER, PACKAGE.parent, **{variable: str(tmp_path / "file" / "sub")}) == expected
    assert (tmp_path / "file").read_text() == ""


def test_damaged_files_are_compiled_again(tmp_path, expected):
    folder = {"IMFILTER_CACHE_DIR": str(tmp_path)}
    assert run(FILTER, PACKAGE.parent, **folder) == expected
    files = [p for p in tmp_path.rglob("*") if p.is_file()]
    for damage in (b"", b"not compiled code"):
        for path in files:
            path.write_bytes(damage)
        assert run(FILTER, PACKAGE.parent, **folder) == expected
    for path in files:
        path.write_bytes(path.read_bytes()[:-100])
    assert run(FILTER, PACKAGE.parent, **folder) == expected


SPY = """
import imfilter._kernels.simd as simd
import imfilter
print(imfilter.correlate([[1.0, 2.0, 4.0]], [[1.0, 1.0, 1.0]]).tolist())
"""


def test_an_edited_kernel_is_compiled_again(checkout):
    """After an edit of a kernel's own source, and of a file it only uses, no stale code runs."""
    folder = {"IMFILTER_CACHE_DIR": str(checkout / "cache")}
    first = run(SPY, checkout, **folder)
    kept = {p for p in (checkout / "cache").rglob("*") if p.is_file()}
    assert kept
    for name in sorted(p.name for p in (checkout / "imfilter" / "_kernels").glob("*.py")):
        path = checkout / "imfilter" / "_kernels" / name
        if name == "__init__.py":
            continue
        path.write_text(path.read_text() + "\n# edited\n")
        assert run(SPY, checkout, **folder) == first
        now = {p for p in (checkout / "cache").rglob("*") if p.is_file()}
        fresh = {p: p.stat().st_mtime_ns for p in now}
        assert now - kept or any(fresh[p] for p in now - kept), f"an edit of {name} kept the old code"
        kept = now


def test_an_edit_changes_the_result(checkout):
    """The multiply-add that all kernels inline gets another meaning: they follow at once."""
    folder = {"IMFILTER_CACHE_DIR": str(checkout / "cache")}
    assert run(SPY, checkout, **folder) == "[[5.0, 7.0, 8.0]]\n"
    simd = checkout / "imfilter" / "_kernels" / "simd.py"
    source = simd.read_text()
    edited = re.sub(r"builder\.fma\((\w+), (\w+), (\w+)\)", r"builder.fsub(\3, builder.fmul(\1, \2))", source)
    assert edited != source, "simd.py no longer has the line that this test edits"
    simd.write_text(edited)
    assert run(SPY, checkout, **folder) != "[[5.0, 7.0, 8.0]]\n"
    simd.write_text(source)
    assert run(SPY, checkout, **folder) == "[[5.0, 7.0, 8.0]]\n"


def test_a_long_first_compilation_is_announced_on_stderr_alone(tmp_path):
    """The user is told why the first call takes long; standard output stays clean."""
    process = start(FILTER, PACKAGE.parent, IMFILTER_CACHE_DIR=str(tmp_path))
    out, err = process.communicate(timeout=240)
    assert process.returncode == 0
    assert len(out.splitlines()) == 1
    assert err == "" or "compil" in err.lower()
    again = start(FILTER, PACKAGE.parent, IMFILTER_CACHE_DIR=str(tmp_path))
    out, err = again.communicate(timeout=240)
    assert err == "", "what is in the cache is not compiled"
