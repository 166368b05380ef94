"""The pool of threads: who processes which band, errors, interrupts, and threads that come late."""

import contextvars
import ctypes
import gc
import threading
import weakref
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from imfilter._base import threads
from imfilter._base.program import SMALL, Program
from imfilter._simd.registers import LINE
from tests.base.test_concurrency import run

#: Seconds that a test waits for a thread at most.
LONG = 60


@pytest.fixture
def new_pool(monkeypatch):
    """Use a pool without threads: other tests may have made as many as a call can use."""
    calls = threads.SimpleQueue()
    monkeypatch.setattr(threads, "_pool", [])
    monkeypatch.setattr(threads, "_calls", calls)
    yield
    calls.put(None)


def bands_of(total, workers, pieces=1, pace=None):
    """Return the bands of a run in order, and check that all threads end."""
    found = []
    threads.run(lambda *band: found.append(band), total, workers, pieces, pace)
    return sorted(found)


def paced(seconds):
    pace = threads.Pace()
    pace.seconds = seconds
    return pace


def test_bands_cover_all_items_once():
    for total in (1, 2, 3, 5, 7, 16, 1000):
        for workers in (1, 2, 3, 4, 8):
            for pieces in (1, 2, 7):
                for pace in (None, threads.Pace(), paced(1e-9), paced(1e-6), paced(1e-5), paced(1.0)):
                    found = bands_of(total, workers, pieces, pace)
                    assert [a for a, _ in found] == [0, *(b for _, b in found[:-1])]
                    assert found[-1][1] == total
                    assert pace is None or pace.seconds > 0
    assert bands_of(0, 2) == []


def test_the_calling_thread_gets_a_longer_band_if_the_pace_is_known(monkeypatch):
    monkeypatch.setattr(threads, "_lag", 40e-6)
    lead = 40e-6 + threads._MARGIN
    assert bands_of(1000, 2) == [(0, 500), (500, 1000)]
    monkeypatch.setattr(threads, "_lag", 40e-6)
    assert bands_of(1000, 2, 1, threads.Pace()) == [(0, 500), (500, 1000)]
    for seconds in (5e-7, 1e-6):
        monkeypatch.setattr(threads, "_lag", 40e-6)
        first = 500 + round(lead / seconds / 2)
        assert bands_of(1000, 2, 1, paced(seconds)) == [(0, first), (first, 1000)]
    monkeypatch.setattr(threads, "_lag", 40e-6)
    # Less work than a second thread needs to begin.
    assert bands_of(1000, 2, 1, paced(0.9 * threads.LEAST / 1000)) == [(0, 1000)]


def test_a_pace_follows_shorter_times_at_once_and_longer_ones_in_part():
    pace = threads.Pace()
    pace.note(30.0, 10)
    assert pace.seconds == 3.0
    pace.note(10.0, 10)
    assert pace.seconds == 1.0
    pace.note(20.0, 10)
    assert pace.seconds == 1.5


def test_little_work_is_for_few_threads():
    half = threads.LEAST / 2 / 1000
    for threads_of_work in (2, 3, 5):
        assert len(bands_of(1000, 8, 1, paced(1.01 * threads_of_work * half))) == threads_of_work
    assert len(bands_of(1000, 8, 1, paced(1.0))) == 8


def test_the_calling_thread_starts_first_and_every_thread_takes_a_band():
    every, names = threading.Barrier(3), {}

    def task(start, stop):
        every.wait(LONG)
        names[start] = threading.current_thread().name

    threads.run(task, 3, 3)
    assert names[0] == threading.current_thread().name
    assert len(set(names.values())) == 3


def test_short_calls_take_no_thread_from_the_next_one():
    """They end before other threads have begun, so they are still in the queue."""
    for _ in range(100):
        for _ in range(20):
            threads.run(lambda *_: None, 8, 8)
        every = threading.Barrier(3)
        threads.run(lambda *_, every=every: every.wait(LONG), 3, 3)


@pytest.mark.parametrize("kind", [ValueError, IndexError, KeyboardInterrupt, SystemExit, MemoryError])
@pytest.mark.parametrize("own", [True, False])
def test_an_error_of_a_band_reaches_the_caller(kind, own, monkeypatch):
    """It comes from the calling thread or from another, which ends its band before. No other band begins."""
    here, both, cleared, ended = threading.get_ident(), threading.Barrier(2), threading.Event(), []

    class Bands(threads.deque):
        def clear(self):
            super().clear()
            cleared.set()

    monkeypatch.setattr(threads, "deque", Bands)

    def task(start, stop):
        if start in (0, 7):
            both.wait(LONG)
        if (threading.get_ident() == here) == own:
            raise kind("on purpose")
        assert cleared.wait(LONG)
        ended.append(start)

    for _ in range(3):
        ended.clear()
        cleared.clear()
        both.reset()
        with pytest.raises(kind, match="on purpose"):
            threads.run(task, 8, 2, 4)
        assert ended == [7 if own else 0]
    monkeypatch.undo()
    assert bands_of(8, 2) == [(0, 4), (4, 8)]


@pytest.mark.parametrize("raising", [{1}, {2}, {1, 2}, {0, 1}, {0, 1, 2}])
def test_errors_keep_no_array_in_memory(raising):
    every, array = threading.Barrier(3), np.zeros(10)

    def task(start, stop, array=array):
        every.wait(LONG)
        if start in raising:
            raise ValueError("on purpose")

    gone = weakref.ref(array)
    gc.disable()
    try:
        with pytest.raises(ValueError, match="on purpose"):
            threads.run(task, 3, 3)
        del task, array
        threads.run(lambda *_: every.wait(LONG), 3, 3)  # the threads have left the call before
        assert gone() is None
    finally:
        gc.enable()


@pytest.mark.usefixtures("new_pool")
@pytest.mark.parametrize("broken", [False, True])
def test_calls_do_not_pile_up(broken, monkeypatch):
    """The threads of the pool are busy, or cannot be started."""
    free, begun = threading.Event(), threading.Semaphore(0)

    def block(start, stop):
        begun.release()
        free.wait(LONG)

    def refuse(thread):
        raise RuntimeError("can't start new thread")

    number = 3
    with ThreadPoolExecutor(1) as other:
        blocked = other.submit(threads.run, block, number, number)
        for _ in range(number):
            assert begun.acquire(timeout=LONG)
        with monkeypatch.context() as patch:
            if broken:
                patch.setattr(threads, "_pool", [])
                patch.setattr(threading.Thread, "start", refuse)
            for _ in range(100):
                threads.run(lambda *_: None, 8, 2)
            # A call is for one other thread. It is put after the ended ones are dropped.
            assert threads._calls.qsize() <= threads._WAITING * len(threads._pool) + 1
        free.set()
        blocked.result(LONG)
    assert bands_of(8, 2) == [(0, 4), (4, 8)]


def test_a_signal_while_the_pool_grows():
    """Its handler filters with more threads."""
    code = """
import signal, threading
from imfilter._base import threads
start = threading.Thread.start
def bands(number):
    found = []
    threads.run(lambda *band: found.append(band), 100, number)
    return sum(b - a for a, b in found)
def handle(*_):
    threading.Thread.start = start
    print(bands(5))
def slow(thread):
    signal.raise_signal(signal.SIGTERM)
    start(thread)
signal.signal(signal.SIGTERM, handle)
threading.Thread.start = slow
print(bands(3))
"""
    assert run(code, timeout=LONG) == "100\n100\n"


@pytest.mark.usefixtures("new_pool")
def test_calls_do_not_wait_for_a_pool_that_is_busy():
    """A call whose bands no thread has begun ends without the pool, and leaves nothing in memory."""
    size = 3
    busy, free = threading.Barrier(size + 1), threading.Event()

    def block(start, stop):
        busy.wait(LONG)
        free.wait(LONG)

    with ThreadPoolExecutor(1) as other:
        blocked = other.submit(threads.run, block, size, size)
        busy.wait(LONG)  # all threads of the pool are in a band
        array = np.zeros(100)

        def task(start, stop, array=array):
            array[start:stop] += 1

        for _ in range(3):
            threads.run(task, 100, 3)
        assert (array == 3).all()
        gone = weakref.ref(array)
        del array, task
        assert gone() is None
        free.set()
        blocked.result(LONG)
    assert bands_of(8, 2) == [(0, 4), (4, 8)]


def test_a_call_from_a_band_of_another_thread_uses_that_thread():
    here, both, found = threading.get_ident(), threading.Barrier(2), []

    def inner(start, stop):
        found.append((start, stop, threading.get_ident()))

    def outer(start, stop):
        both.wait(LONG)
        if threading.get_ident() != here:
            threads.run(inner, 10, 4, 2)
            assert {thread for *_, thread in found} == {threading.get_ident()}

    threads.run(outer, 2, 2)
    assert [band[:2] for band in found] == [(0, 5), (5, 10)]


def test_bands_see_the_context_of_the_caller():
    here = contextvars.ContextVar("here", default=0)
    both, seen = threading.Barrier(2), []

    def task(start, stop):
        both.wait(LONG)
        seen.append(here.get())
        here.set(start + 5)

    token = here.set(1)
    threads.run(task, 2, 2)
    threads.run(task, 2, 2)
    assert seen[:2] == [1, 1]
    assert sorted(seen[2:]) == [5, 5]  # of the calling thread's own band, not of the other's
    here.reset(token)


def test_the_time_of_a_line_decides_whether_a_program_uses_a_second_thread(monkeypatch):
    bands = []

    def call(image, target, workspace, start, stop):
        bands.append((start, stop))

    monkeypatch.setattr(threads, "LEAST", 10.0)  # no machine is so slow
    image = np.zeros(1)
    for work, seconds, number in ((SMALL, 0, 1), (SMALL, 1.0, 2), (SMALL + 1, 0, 2), (SMALL + 1, 1e-3, 1)):
        bands.clear()
        assert Program(call, (), 100, work, 1, 64, pace=paced(seconds)).run(image, image, 2)
        assert len(bands) == number
    program = Program(call, (), 100, SMALL, 1, 64)
    assert program.run(image, image, 2)
    assert program.brief  # so later calls take no time for this
    assert program.pace.seconds > 0


def test_a_program_that_refuses_an_image_does_not_note_the_time():
    def refuse(image, target, workspace, start, stop):
        ctypes.memset(workspace + -workspace % LINE, 1, 1)

    image = np.zeros(1)
    for work, seconds in ((SMALL, 0), (SMALL, 1e-4), (SMALL + 1, 0), (SMALL + 1, 1e-4)):
        program = Program(refuse, (), 100, work, 1, 2 * LINE, flag=0, pace=paced(seconds))
        assert not program.run(image, image, 2)
        assert program.pace.seconds == seconds
        assert not program.brief


def test_the_interpreter_ends_while_a_daemon_thread_filters():
    code = """
import threading, time
import numpy as np
import imfilter
image = np.ones((2000, 2100), np.float32)
def busy():
    while True:
        imfilter.gaussian(image, 3.0, workers=3)
threading.Thread(target=busy, daemon=True).start()
imfilter.gaussian(image, 3.0, workers=3)
time.sleep(0.05)
print("end")
"""
    for _ in range(3):
        assert run(code) == "end\n"


def test_the_interpreter_ends_after_an_interrupt_while_a_thread_starts():
    """Such a thread is in the pool, but not in the list of its threads."""
    code = """
import threading
from imfilter._base import threads
start = threading.Thread.start
def interrupted(thread):
    start(thread)
    raise KeyboardInterrupt
def task(start, stop):
    pass
threading.Thread.start = interrupted
try:
    threads.run(task, 4, 4)
except KeyboardInterrupt:
    print("interrupt")
threading.Thread.start = start
threads.run(task, 4, 4)
print(len(threads._pool))
"""
    assert run(code, timeout=LONG) == "interrupt\n3\n"


@pytest.mark.parametrize("number", [1, 2])
def test_an_interrupt_in_the_main_thread_waits_for_the_bands_of_others(number):
    code = f"""
import os, signal, threading, time
from imfilter._base import threads
signal.signal(signal.SIGINT, signal.default_int_handler)
main, both, log = threading.get_ident(), threading.Barrier(2), []
def task(start, stop):
    if start in (0, 9):
        both.wait(60)
    if threading.get_ident() == main:
        time.sleep(0.001)
    else:
        for _ in range({number}):
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.3)
        log.append("band of another thread")
try:
    threads.run(task, 10, 2, 5)
except KeyboardInterrupt:
    log.append("interrupt")
print(log)
"""
    assert run(code) == "['band of another thread', 'interrupt']\n"
