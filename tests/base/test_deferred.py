"""Kernels that are compiled run without Numba, and the modules of kernels are executed when they must be."""

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from imfilter._simd import machine_code
from imfilter._simd.jit import Driver, Kernel

#: The filter that is compiled fastest, and what it has imported.
FILTER = """
import json, sys
import numpy as np
from imfilter import series
x = np.arange(48.0).reshape(6, 8) ** 1.5
found = series.weighted_average(x, [1.0, 2.0, -0.5]).tobytes().hex()
"""
WARM = FILTER + 'print(json.dumps([found, "numba" in sys.modules]))'
#: Names that are kept, then one that is not: the source is executed in the same module.
NAMES = (
    FILTER
    + """
from imfilter._simd import lines
before = type(lines).__name__, lines.fetch_line, lines.BOTH
vars(lines)["mark"] = 1
made = lines.fetch_line._compiler
after = type(lines).__name__, lines.fetch_line, lines.BOTH
print(json.dumps([before[0], after[0], before[1] is after[1], before[2] == after[2], vars(lines)["mark"]]))
"""
)


def run(code, cache, **environment):
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        env=os.environ | {"IMFILTER_CACHE_DIR": str(cache)} | environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def cold(tmp_path_factory):
    """A cache that a process has filled, and what that process printed."""
    cache = tmp_path_factory.mktemp("kernels")
    return cache, run(WARM, cache)


@pytest.mark.slow
def test_compiled_kernels_run_without_numba(cold):
    cache, (found, imported) = cold
    assert imported
    assert run(WARM, cache) == [found, False]


@pytest.mark.slow
def test_a_setting_of_numba_has_code_of_its_own(cold):
    cache, (found, _) = cold
    assert run(WARM, cache, NUMBA_LOOP_VECTORIZE="0") == [found, True]
    assert run(WARM, cache, NUMBA_NUM_THREADS="1") == [found, False]


@pytest.mark.slow
def test_a_module_is_executed_in_its_place(cold):
    cache, _ = cold
    assert run(NAMES, cache) == ["_Deferred", "module", True, True, 1]


@pytest.mark.slow
def test_without_names_modules_are_executed(cold):
    cache, (found, _) = cold
    kept = list((cache / "imfilter").glob("names.*"))
    assert kept
    for path in kept:
        path.unlink()
    assert run(WARM, cache) == [found, True]


#: A kernel that calls a function of the process, as the first one.
DISTANCE = """
import json, sys
import numpy as np
from imfilter import morphology
found = morphology.distance(np.array([1, 1, 1, 0, 1, 1], bool)).tolist()
print(json.dumps([found, "numba" in sys.modules]))
"""


@pytest.mark.slow
def test_code_that_calls_functions_of_the_process_is_loaded(tmp_path):
    found, _ = run(DISTANCE, tmp_path)
    assert run(DISTANCE, tmp_path) == [found, False]


def test_changed_sources_are_noticed(monkeypatch, tmp_path):
    (tmp_path / "kernels.py").write_text("a = 1")
    assert not machine_code.changed(tmp_path)
    (tmp_path / "kernels.py").write_text("a = 2")
    monkeypatch.setattr(machine_code, "_looked", {})
    assert machine_code.changed(tmp_path)


def test_threads_make_one_kernel_of_a_name(tmp_path):
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: Kernel.named("nowhere", "one", "one", tmp_path), range(64)))
    assert len(set(map(id, made))) == 1


def two(number, real: float):
    """Do nothing."""


def test_the_caller_converts_and_checks():
    entry = Driver(two).entry()
    assert entry(3, 2.5) is None
    assert entry(-1, -1.0) is None
    for wrong in ((1,), (1, 2.0, 3), ("1", 2.0), (1, "2"), (1.5, 2.0), (1 << 64, 2.0)):
        with pytest.raises((TypeError, OverflowError)):
            entry(*wrong)


def test_the_salt_names_the_versions_of_the_compiler():
    import llvmlite
    import numba

    for package in (numba, llvmlite):
        assert package.__version__.encode() in machine_code._versions()
