"""Compiled kernels on disk: shared by processes, optional, and never older than their source."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import imfilter

pytestmark = pytest.mark.slow

PACKAGE = Path(imfilter.__file__).resolve().parent
#: The filter that is compiled fastest. Its kernel inlines functions of other files.
FILTER = """
import numpy as np
from imfilter import series
x = np.arange(48.0).reshape(6, 8) ** 1.5
print(series.weighted_average(x, [1.0, 2.0, -0.5]).sum().round(3))
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


@pytest.fixture(scope="module")
def cold_start(tmp_path_factory):
    """Four processes that find no compiled code and start at once: the folder, and what they printed."""
    folder = tmp_path_factory.mktemp("cold") / "cache"
    processes = [start(FILTER, PACKAGE.parent, IMFILTER_CACHE_DIR=str(folder)) for _ in range(4)]
    return folder, [(*process.communicate(timeout=240), process.returncode) for process in processes]


@pytest.fixture
def warm(cold_start, tmp_path):
    """A cache with the compiled code of this test's scripts."""
    return shutil.copytree(cold_start[0], tmp_path / "cache")


def files_of(folder):
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}


def test_several_processes_on_a_cold_cache(cold_start, expected):
    """All compile and write the same files: all answer rightly, and nothing half-written is left."""
    folder, answers = cold_start
    for out, err, code in answers:
        assert code == 0, err
        assert out == expected, "standard output has the result alone"
        # Whoever waits for the compiler is told why.
        assert err == "" or ("compil" in err and len(err.splitlines()) == 1)
    files = files_of(folder)
    assert files, "compiled code is kept"
    assert {path.suffix for path in files} == {".nbc"}
    again = start(FILTER, PACKAGE.parent, IMFILTER_CACHE_DIR=str(folder))
    assert again.communicate(timeout=240) == (expected, ""), "what is in the cache is not compiled again"
    assert files_of(folder) == files


@pytest.mark.parametrize("variable", ["IMFILTER_CACHE_DIR", "NUMBA_CACHE_DIR"])
def test_nowhere_to_write(tmp_path, expected, variable):
    """A cache below a regular file cannot be made, even by root: everything works, slower."""
    (tmp_path / "file").write_text("")
    assert run(FILTER, PACKAGE.parent, **{variable: str(tmp_path / "file" / "sub")}) == expected
    assert (tmp_path / "file").read_text() == ""


def test_shortened_files_are_compiled_again(warm, expected):
    for path in files_of(warm):
        path.write_bytes(path.read_bytes()[:-100])
    assert run(FILTER, PACKAGE.parent, IMFILTER_CACHE_DIR=str(warm)) == expected


def test_foreign_files_are_compiled_again(warm, expected):
    for path in files_of(warm):
        path.write_bytes(b"not compiled code")
    assert run(FILTER, PACKAGE.parent, IMFILTER_CACHE_DIR=str(warm)) == expected


EDIT = '''


def multiply_add(builder, a, b, c):
    """Return c, to be noticed."""
    return c
'''


def test_an_edited_kernel_is_compiled_again(tmp_path, warm, expected):
    """What kernels in other files have inlined gets another meaning: they follow at once."""
    shutil.copytree(PACKAGE, tmp_path / "imfilter", ignore=shutil.ignore_patterns("__pycache__"))
    folder = {"IMFILTER_CACHE_DIR": str(warm)}
    kept = files_of(warm)
    assert run(FILTER, tmp_path, **folder) == expected
    assert files_of(warm) == kept, "a copy of the package shares the compiled code"
    other = tmp_path / "imfilter" / "_filters" / "rank" / "kernels" / "histogram.py"
    other.write_text(other.read_text() + "# another family\n")
    assert run(FILTER, tmp_path, **folder) == expected
    assert files_of(warm) == kept, "an edit retires the kernels of its own family alone"
    helpers = tmp_path / "imfilter" / "_simd" / "llvm.py"
    source = helpers.read_text()
    helpers.write_text(source + EDIT)
    assert run(FILTER, tmp_path, **folder) == "0.0\n"
    helpers.write_text(source)
    assert run(FILTER, tmp_path, **folder) == expected


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limit")
@pytest.mark.parametrize(("limit", "kept"), [(100_000, False), (2_000_000, True)])
def test_a_folder_that_takes_only_a_few_bytes_keeps_no_code(tmp_path, limit, kept):
    code = f"""
import resource
from imfilter._simd import code_files
resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))  # as a disk that is nearly full
print(code_files.can_keep())
"""
    assert run(code, PACKAGE.parent, IMFILTER_CACHE_DIR=str(tmp_path)) == f"{kept}\n"
