"""Many callers at once: threads, dask, forked children, and calls from within calls."""

import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

import imfilter

ROOT = Path(__file__).resolve().parents[2]
RNG = np.random.default_rng(0)
KERNEL = RNG.normal(size=(7, 7))
CALLS = [
    lambda x, **run: imfilter.correlate(x, KERNEL[:3, :3], **run),
    lambda x, **run: imfilter.correlate(x, KERNEL, **run),
    lambda x, **run: imfilter.convolve(x, [KERNEL[0], KERNEL[1]], mode="wrap", **run),
    lambda x, **run: imfilter.correlate(x, KERNEL, stride=2, dilation=2, **run),
    lambda x, **run: imfilter.correlate(x, np.tile(KERNEL, (6, 6)) + np.eye(42), **run),
    lambda x, **run: imfilter.gaussian(x, 2.0, **run),
    lambda x, **run: imfilter.box(x, 9, mode="edge", **run),
    lambda x, **run: imfilter.sobel(x, **run),
    lambda x, **run: imfilter.laplacian(x, diagonals=True, **run),
    lambda x, **run: imfilter.difference_of_gaussians(x, 1.0, **run),
    lambda x, **run: imfilter.unsharp_mask(x, 1.5, **run),
]
IMAGES = [
    RNG.normal(size=(300, 401)).astype(np.float32),
    RNG.integers(0, 256, (257, 510)).astype(np.uint8),
    RNG.normal(size=(64, 90)),
    RNG.integers(0, 65536, (511, 130)).astype(np.uint16),
]


@pytest.mark.slow
def test_32_threads():
    """32 threads start together, with different filters, images and numbers of workers."""
    expected = {
        (c, i): call(image, workers=1) for c, call in enumerate(CALLS) for i, image in enumerate(IMAGES)
    }
    gate = threading.Barrier(32)
    jobs = list(expected)

    def work(number):
        gate.wait()
        for turn in range(len(jobs)):
            c, i = jobs[(number * 7 + turn) % len(jobs)]
            result = CALLS[c](IMAGES[i], workers=(None, 1, 2, 3)[(number + turn) % 4])
            if not np.array_equal(result, expected[c, i]):
                return f"call {c} on image {i}"
        return None

    with ThreadPoolExecutor(32) as pool:
        assert [answer for answer in pool.map(work, range(32)) if answer] == []


def test_the_number_of_workers_belongs_to_the_thread():
    """What set_workers says in one thread is not heard in another, and ends with its block."""
    from imfilter._base import threads

    usual = threads.requested(None)  # what the environment says, if anything
    with ThreadPoolExecutor(1) as other:
        with imfilter.set_workers(5):
            assert threads.requested(None) == 5
            assert threads.requested(2) == 2
            assert other.submit(threads.requested, None).result() == usual
            with imfilter.set_workers(1):
                assert threads.requested(None) == 1
            assert threads.requested(None) == 5
        assert threads.requested(None) == usual
    error = RuntimeError("on purpose")
    with pytest.raises(RuntimeError, match="on purpose"), imfilter.set_workers(7):
        raise error
    assert threads.requested(None) == usual


def test_dask_threads():
    """Blocks filtered by dask's threads, each of which may use threads of its own."""
    array = pytest.importorskip("dask.array")
    image = np.concatenate([IMAGES[0]] * 3, axis=1)
    blocks = array.from_array(image, chunks=(100, 200))
    for call in (
        lambda x: imfilter.gaussian(x, 1.5),
        lambda x: imfilter.correlate(x, KERNEL),
        imfilter.sobel,
    ):
        result = blocks.map_overlap(call, depth=8, boundary="none").compute(
            scheduler="threads", num_workers=8
        )
        np.testing.assert_allclose(result[8:-8, 8:-8], call(image)[8:-8, 8:-8], rtol=0, atol=1e-4)
    several = [array.from_array(IMAGES[0], chunks=-1).map_blocks(call, dtype="f4") for call in CALLS[:3]]
    for result, call in zip(array.compute(*several, scheduler="threads"), CALLS[:3], strict=True):
        np.testing.assert_array_equal(result, call(IMAGES[0]))


def test_an_error_in_one_call_leaves_the_pool_working():
    for _ in range(3):
        with pytest.raises(ValueError, match="kernel"):
            imfilter.correlate(IMAGES[0], np.ones(3), workers=2)
        np.testing.assert_array_equal(CALLS[1](IMAGES[0], workers=2), CALLS[1](IMAGES[0], workers=1))


def run(code, *, cwd=ROOT, timeout=240, **environment):
    """Run a script in a fresh interpreter, warnings as errors, and return what it printed."""
    done = subprocess.run(
        # A fork of a process with threads is what these scripts are about; Python 3.12 warns of it.
        [sys.executable, "-W", "error", "-W", "ignore:This process:DeprecationWarning", "-c", code],
        capture_output=True,
        text=True,
        cwd=cwd,
        timeout=timeout,
        env=os.environ | {"PYTHONPATH": str(cwd)} | environment,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")

FORK = """
import os, sys, threading
import numpy as np
import imfilter
image = np.random.default_rng(0).normal(size=(600, 700)).astype(np.float32)
def answer():
    return imfilter.gaussian(image, 2.0, workers=2), imfilter.correlate(image, np.ones((3, 5)), workers=2)
def child_agrees(expected):
    pid = os.fork()
    if pid == 0:
        found = answer()
        os._exit(0 if all(np.array_equal(a, b) for a, b in zip(found, expected)) else 1)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
"""


@needs_fork
@pytest.mark.slow
def test_fork_while_the_pool_exists():
    assert (
        run(FORK + "expected = answer()\nprint([child_agrees(expected) for _ in range(3)])")
        == "[True, True, True]\n"
    )


@needs_fork
@pytest.mark.slow
def test_fork_before_the_first_call():
    code = """
pid = os.fork()
if pid == 0:
    found = answer()
    os._exit(0 if found[0].shape == image.shape else 1)
print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
expected = answer()
print(child_agrees(expected))
"""
    assert run(FORK + code) == "0\nTrue\n"


@needs_fork
@pytest.mark.slow
def test_fork_while_other_threads_filter():
    """The pool is busy, and its lock perhaps held, at the moment of the fork."""
    code = """
expected = answer()
stop = threading.Event()
def busy():
    while not stop.is_set():
        imfilter.box(image, 5, workers=2)
threads = [threading.Thread(target=busy) for _ in range(3)]
for thread in threads: thread.start()
print([child_agrees(expected) for _ in range(8)])
stop.set()
for thread in threads: thread.join()
print(all(np.array_equal(a, b) for a, b in zip(answer(), expected)))
"""
    assert run(FORK + code) == f"{[True] * 8}\nTrue\n"


@needs_fork
def test_fork_in_multiprocessing():
    code = """
import multiprocessing
def work(seed):
    local = np.random.default_rng(seed).normal(size=(400, 500))
    return float(imfilter.sobel(local, workers=2).sum())
if __name__ == "__main__":
    here = [work(seed) for seed in range(4)]
    with multiprocessing.get_context("fork").Pool(2) as pool:
        print(pool.map(work, range(4)) == here)
"""
    assert run(FORK + code) == "True\n"


def test_calls_while_the_interpreter_ends():
    """A thread that still filters while Python shuts down neither hangs nor prints a traceback."""
    code = """
import atexit
import numpy as np
import imfilter
image = np.ones((600, 700), np.float32)
imfilter.box(image, 3, workers=2)
atexit.register(lambda: print(imfilter.box(image, 3, workers=2).shape))
"""
    assert run(code) == "(600, 700)\n"


def test_a_signal_during_a_call_is_kept():
    """Ctrl-C while bands are running raises KeyboardInterrupt, and the next call is right."""
    code = """
import os, signal, threading, time
import numpy as np
import imfilter
signal.signal(signal.SIGINT, signal.default_int_handler)  # it may be ignored in the background
image = np.random.default_rng(0).normal(size=(1500, 1600)).astype(np.float32)
expected = imfilter.gaussian(image, 3.0)
threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()
try:
    for _ in range(10000):
        imfilter.gaussian(image, 3.0, workers=2)
except KeyboardInterrupt:
    print("interrupted")
print(np.array_equal(imfilter.gaussian(image, 3.0, workers=2), expected))
"""
    assert run(code) == "interrupted\nTrue\n"
