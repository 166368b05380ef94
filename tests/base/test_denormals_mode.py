"""The processor's mode for denormals: set where it is said, and put back whatever happens."""

import concurrent.futures
import importlib
import pkgutil
import re
import threading

import llvmlite.binding
import numpy as np
import pytest
from llvmlite import ir

import imfilter
from imfilter import series
from imfilter._base import threads
from imfilter._base.denormals import as_zeros
from imfilter._simd import denormals
from imfilter._simd.jit import Driver
from tests.denormals import SERIES, SIZES, near_zero
from tests.peers.cases import CASES


def thread_is_normal():
    """Whether this thread computes with denormals."""
    return bool(
        (np.full(9, 5e-324) * 1.0 == 5e-324).all() and (np.full(9, 1e-45, "f4") * np.float32(1)).all()
    )


FLOATS = [case for case in CASES if "float32" in case.types]


def test_no_call_changes_the_mode_of_its_thread():
    x, s = near_zero((90, 91), "float64"), near_zero((5000,), "float64")
    kernel = np.random.default_rng(0).normal(size=(61, 61))
    calls = (
        *(lambda c=c: c.ours(near_zero(SIZES[c.ndim] + (3,) * c.rgb, "float32")) for c in FLOATS[::5]),
        *(lambda c=c: c(s) for c in SERIES.values()),
        lambda: imfilter.correlate(x, kernel),
        lambda: imfilter.median(x, 5),
        lambda: imfilter.max_pool(x, 2),
        lambda: imfilter.canny(x, 1, 2),
        lambda: imfilter.fit_kernel(x, x, 3, ridge=1.0),
        lambda: imfilter.sobel(np.where(x > 0, np.nan, x)),
        lambda: series.Stream(series.exponential, alpha=0.5).push(1e-310),
    )
    for call in calls:
        assert thread_is_normal()
        with imfilter.set_workers(3):
            call()
        assert thread_is_normal()
    normal, every = [], threading.Barrier(3)

    def look(start, stop):
        every.wait(60)  # so each of three threads looks
        normal.append(thread_is_normal())

    threads.run(look, 3, 3)
    assert normal == [True] * 3


def test_the_mode_is_put_back_after_errors_and_within_itself():
    def fail():
        assert not thread_is_normal()
        raise KeyboardInterrupt

    for call in (as_zeros(fail), as_zeros(as_zeros(fail))):
        with pytest.raises(KeyboardInterrupt):
            call()
        assert thread_is_normal()

    @as_zeros
    def outer():
        as_zeros(imfilter.sobel)(np.eye(9))
        imfilter.median(np.eye(9), 3)
        return thread_is_normal()

    assert not outer()
    assert thread_is_normal()


def test_other_threads_keep_their_mode():
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        assert pool.submit(thread_is_normal).result()
        assert not as_zeros(thread_is_normal)()
        assert as_zeros(lambda: pool.submit(thread_is_normal).result())()
        assert not pool.submit(as_zeros(thread_is_normal)).result()
        assert pool.submit(thread_is_normal).result()


def test_every_kernel_that_python_calls_says_what_denormals_are():
    found = {}
    for module in pkgutil.walk_packages(imfilter.__path__, "imfilter."):
        if ".kernels." not in module.name and "._simd." not in module.name:
            continue
        for value in tuple(vars(importlib.import_module(module.name)).values()):
            if isinstance(value, Driver):
                function = value._compiler.py_func
                found[function.__qualname__] = function.__qualname__.rpartition(".")[2]
    alone = {name for name, mode in found.items() if mode not in ("zeros", "numbers")}
    # All but `switch` know integers only, or call kernels that say it.
    assert alone == {
        *("change_runs", "find_runs", "flood", "nearest_row", "open_areas", "over_lines", "over_windows"),
        *("skip", "switch", "thin_words"),
    }
    assert {n for n, mode in found.items() if mode == "numbers"} == {
        *("slide_rank.numbers", "slide_blocks.numbers", "slide_repeated.numbers", "slide_extremes.numbers"),
        *("middle.numbers", "push_median.numbers", "keep_apart.numbers", "survey.numbers"),
        *("sift.numbers", "count_broken.numbers", "extreme.numbers", "slide_sorted.numbers"),
        *("push_sorted.numbers", "blend_neighbours.numbers", "compare.numbers", "measure_lines.numbers"),
        *("count_samples.numbers", "find.numbers", "choose.numbers", "fill.numbers"),
        "blocks_with_denormals.numbers",
        *("measure_distances.numbers", "slide_chords.numbers", "slide_chord_rows.numbers"),
        *("slide_columns.numbers", "count_tiles.numbers", "map_lines.numbers", "erode.numbers"),
        *("mark_plateaus.numbers", "run_reconstruction.numbers", "scale.numbers"),
        # SciPy and OpenCV compute with denormals.
        *("write_means.numbers", "write_sums.numbers", "write_totals.numbers"),
    }


@pytest.mark.parametrize(
    ("triple", "read", "write"),
    [
        ("x86_64-unknown-linux-gnu", "stmxcsr", "ldmxcsr"),
        ("aarch64-unknown-linux-gnu", "mrs", "msr"),
        ("arm64-apple-darwin", "mrs", "msr"),
        ("powerpc64le-unknown-linux-gnu", None, None),
    ],
)
def test_code_for_other_processors(triple, read, write):
    """The mode is set, and what it was is kept, by one instruction each; elsewhere nothing is done."""
    module = ir.Module()
    module.triple = triple
    function = ir.Function(module, ir.FunctionType(ir.IntType(64), []), "f")
    builder = ir.IRBuilder(function.append_basic_block())
    before = denormals.enter_mode(builder, True)
    denormals.leave_mode(builder, before)
    builder.ret(before)
    llvmlite.binding.parse_assembly(str(module)).verify()
    lines = re.findall(r'asm sideeffect "(\w+) [^"]*", "[^"]*~{memory}"', str(module))
    assert lines == ([read, write, write] if read else [])
