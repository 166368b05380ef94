"""Threads of the pool that wait actively for the next call: their bands, errors and results."""

import ctypes
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import imfilter
from imfilter._base import mailbox, mailbox_code, threads, waiting
from imfilter._base.program import Program
from imfilter._simd.inexact_rows import WORDS
from imfilter._simd.registers import LINE
from tests.base.test_threads import LONG, paced

pytestmark = pytest.mark.skipif(os.name == "nt", reason="threads do not wait on this system")
RNG = np.random.default_rng(0)
#: Lines of the program of a test, and multiply-adds that are enough for several threads.
LINES, WORK = 100, 10_000_000
KERNEL = ctypes.CFUNCTYPE(ctypes.c_int32, *[ctypes.c_void_p] * 2, *[ctypes.c_int64] * 6)


@pytest.fixture
def shared(monkeypatch):
    """Make threads wait after each call, and return the list of calls that were given to them."""
    calls, found, share = threads.SimpleQueue(), [], waiting.share

    def noted(*args):
        result = share(*args)
        if result is not None:
            found.append(args)
        return result

    monkeypatch.setattr(threads, "_pool", [])
    monkeypatch.setattr(threads, "_calls", calls)
    monkeypatch.setattr(threads, "_available", lambda: 99)
    monkeypatch.setattr(waiting, "following", waiting._Following())
    for name, value in (("FOLLOWING", 1000.0), ("_PATIENCE", 10**11), ("_LOST", 10**12)):
        monkeypatch.setattr(waiting, name, value)
    monkeypatch.setattr(waiting, "_SEVERAL", 0.0)
    monkeypatch.setattr(waiting, "_FIRST", 0.0)
    monkeypatch.setattr(waiting, "_LONGEST", 0.0)
    monkeypatch.setattr(waiting, "share", noted)
    monkeypatch.setattr(waiting, "_limited", lambda: False)
    if waiting._functions == [None]:
        monkeypatch.setattr(waiting, "_functions", [])
    assert waiting._compiled() is not None
    waiting.following.ended, waiting.following.caller = time.perf_counter(), threading.get_ident()
    yield found
    pool = threads._pool
    calls.put(None)
    waiting.leave()
    for thread in pool:
        thread.join(LONG)
    assert not waiting.awake


def states():
    return waiting._boxes.words.reshape(-1, mailbox.SIZE // 8)[:, mailbox.STATE]


def wait_for(number):
    """Call the pool until a number of its threads wait, also as their mailboxes say."""
    end = time.monotonic() + LONG
    while np.count_nonzero(states() == mailbox.WAITING) < number:
        assert time.monotonic() < end
        both = threading.Barrier(number + 1)
        threads.run(lambda *_, both=both: both.wait(LONG), number + 1, number + 1)
        time.sleep(0.002)


def program_of(kernel, **more):
    """Return a program whose kernel is a function of Python, and the object that keeps its code."""
    code = KERNEL(kernel)
    place = ctypes.cast(code, ctypes.c_void_p).value

    def call(*args):
        kernel(0, 0, 5, *args)

    return Program(call, (), LINES, WORK, 1, 1000, pace=paced(1.0), code=(place, 5), **more), code


def share_until(shared, program, image, number):
    """Run a program until threads that wait have helped. Return what that run returned."""
    for _ in range(1000):
        wait_for(number - 1)
        program.pace.seconds, before = 1.0, len(shared)
        found = program.run(image, image, number)
        if len(shared) > before:
            return found
    raise AssertionError("no thread waited")


@pytest.mark.parametrize("number", [2, 3, 7])
def test_threads_that_wait_take_the_bands(number, shared):
    bands = []

    def kernel(result, error, job, image, target, workspace, start, stop):
        clear = not any(ctypes.string_at(workspace, 1000))
        ctypes.memset(workspace, 1, 1000)
        bands.append((start, stop, job, image == target == address, clear, workspace))
        time.sleep(0.005)  # so that the caller takes no band back
        return 0

    image = np.zeros(3)
    address = image.ctypes.data
    program, _code = program_of(kernel)
    for _ in range(3):
        bands.clear()
        assert share_until(shared, program, image, number)
        bands.clear()
        wait_for(number - 1)
        assert program.run(image, image, number)
        bands.sort()
        assert [b[0] for b in bands] == [0, *(b[1] for b in bands[:-1])]
        assert bands[-1][1] == LINES
        assert len(bands) == number
        assert {b[2:5] for b in bands} == {(5, True, True)}
        assert len({b[5] for b in bands}) == number


@pytest.mark.parametrize("good", [0, -2])  # Numba's statuses that are no error
@pytest.mark.parametrize("own", [True, False])
@pytest.mark.parametrize("seconds", [0.005, 0.0])
def test_a_kernel_that_fails_in_any_band_is_an_error(own, good, seconds, shared):
    def kernel(result, error, job, image, target, workspace, start, stop):
        time.sleep(seconds)
        return 1 if (start == 0) == own and failing else good

    program, _code = program_of(kernel)
    image = np.zeros(1)
    failing = False
    assert share_until(shared, program, image, 2)
    failing = True
    with pytest.raises(RuntimeError, match="a kernel failed"):
        share_until(shared, program, image, 2)


def test_a_kernel_refuses_an_image(shared):
    for where in (0, LINES // 2):

        def kernel(result, error, job, image, target, workspace, start, stop, where=where):
            if start == where:
                ctypes.memset(workspace + -workspace % LINE + 64, 1, 1)
            return 0

        program, _code = program_of(kernel, flag=64)
        assert not share_until(shared, program, np.zeros(1), 2)
        assert program.pace.seconds == 1.0


def test_tasks_that_may_be_inexact_are_recomputed(shared):
    bands, again = [], []

    def kernel(result, error, job, image, target, workspace, start, stop):
        bands.append((start, stop))
        words = (ctypes.c_int64 * WORDS).from_address(workspace + -workspace % LINE + 128)
        for task in (7, 8, 60, LINES - 1):
            if start <= task < stop:
                words[0], words[1] = task + 1, 3
                break
        return 0

    def recompute(image, target, task, row):
        again.append((task, row))

    program, _code = program_of(kernel, inexact=128, recompute=recompute)
    for _ in range(1000):
        bands.clear()
        again.clear()
        wait_for(1)
        assert program.run(np.zeros(1), np.zeros(1), 2)
        if shared:
            break
    assert sorted(again) == [(7, 3), (8, 3), (60, 3), (LINES - 1, 3)]
    half = LINES // 2
    assert sorted(bands) == [(0, half), (8, half), (9, half), (half, LINES), (61, LINES)]


def test_the_caller_takes_back_what_no_thread_begins(shared, monkeypatch):
    """Its mailbox says that a thread waits. Such a thread has lost its core."""
    boxes, here, found, failing = waiting._Mailboxes(), threading.get_ident(), [], -1

    def kernel(result, error, job, image, target, workspace, start, stop):
        found.append((start, stop, threading.get_ident() == here))
        return int(start == failing)

    monkeypatch.setattr(waiting, "_boxes", boxes)
    program, _code = program_of(kernel)
    image = np.zeros(1)
    numbers = [waiting.take_mailbox(), waiting.take_mailbox()]
    words = boxes.words.reshape(-1, mailbox.SIZE // 8)
    words[numbers, mailbox.STATE] = 1
    waiting.awake.update(numbers)
    waiting.following.caller = here
    try:
        for turn in range(2):
            found.clear()
            program.pace.seconds = 1.0
            assert program.run(image, image, 3)
            assert found == [(0, 34, True), (67, 100, True), (34, 67, True)]
            assert len(shared) == turn + 1
            assert words[numbers, mailbox.STATE].tolist() == [1, 1]
            # The second time, the threads shall wait no longer.
            assert words[numbers, mailbox.LEAVE].tolist() == [turn, turn]
        for place in (67, 34):
            failing = place
            program.pace.seconds = 1.0
            with pytest.raises(RuntimeError, match="a kernel failed"):
                program.run(image, image, 3)
        assert not waiting.following.calling
    finally:
        waiting.awake.difference_update(numbers)


def test_a_caller_takes_back_no_band_of_another_caller(shared, monkeypatch):
    """The band of the first one ends early, and the second one gives the same thread a band meanwhile."""
    boxes, first, second = waiting._Mailboxes(), [], []
    monkeypatch.setattr(waiting, "_boxes", boxes)
    number = waiting.take_mailbox()
    word = boxes.words.reshape(-1, mailbox.SIZE // 8)[number]
    word[mailbox.STATE] = mailbox.WAITING
    inside, ended, image = threading.Event(), threading.Event(), np.zeros(1)
    callers = []

    def of_first(result, error, job, image, target, workspace, start, stop):
        first.append((start, stop))
        if start == 0:  # the thread runs its band, and the other caller comes
            word[mailbox.ENDED] += 1
            word[mailbox.STATE] = mailbox.WAITING
            callers.append(threading.Thread(target=call))
            callers[0].start()
            assert inside.wait(LONG)
        return 0

    def of_second(result, error, job, image, target, workspace, start, stop):
        second.append((start, stop))
        inside.set()
        ended.wait(LONG)
        return 0

    def call():
        waiting.following.calling.clear()  # as if it had asked before the first caller has begun
        waiting.following.caller = threading.get_ident()
        program_two.run(image, image, 2)

    program, _code = program_of(of_first)
    program_two, _code_two = program_of(of_second)
    waiting.awake.add(number)
    waiting.following.caller = threading.get_ident()
    try:
        assert program.run(image, image, 2)
        offered = word[mailbox.STATE] % mailbox.TICKET
    finally:
        ended.set()
        for caller in callers:
            caller.join(2)
            word[mailbox.ENDED] += 1  # so that it ends in any case
            caller.join(LONG)
        waiting.awake.discard(number)
    assert offered == mailbox.OFFERED
    assert first == [(0, LINES // 2)]
    assert second == [(0, LINES // 2), (LINES // 2, LINES)]


def test_fewer_threads_that_wait_than_a_call_needs(shared):
    """They are asked to leave, and help in the other way."""
    bands = []

    def kernel(result, error, job, image, target, workspace, start, stop):
        bands.append((start, stop))
        return 0

    program, _code = program_of(kernel)
    for _ in range(20):
        wait_for(1)
        bands.clear()
        assert program.run(np.zeros(1), np.zeros(1), 4)
        assert sum(stop - start for start, stop in bands) == LINES


IMAGE = RNG.integers(0, 256, (700, 900)).astype(np.uint8)
REAL = RNG.normal(size=(700, 900)).astype(np.float32)
FAULTY = REAL.copy()
FAULTY[650, 3] = np.nan
CALLS = [
    lambda w: imfilter.sobel(IMAGE, workers=w),
    lambda w: imfilter.gaussian(REAL, 2.0, workers=w),
    lambda w: imfilter.box(IMAGE, 5, workers=w),
    lambda w: imfilter.box(REAL, 31, workers=w),
    lambda w: imfilter.box(FAULTY, 31, workers=w),
    lambda w: imfilter.median(IMAGE, 5, workers=w),
    lambda w: imfilter.resize(IMAGE, (350, 450), method="area", antialias=False, workers=w),
]


@pytest.mark.slow
def test_every_number_of_workers_gives_the_same_bits(shared):
    for call in CALLS:
        expected = call(1)
        for number in (2, 3, 7):
            before, turns = len(shared), 0
            while len(shared) == before and turns < 20:
                wait_for(number - 1)
                np.testing.assert_array_equal(call(number), expected)
                turns += 1
    assert len(shared) >= 2 * len(CALLS)


@pytest.mark.slow
def test_eight_callers_at_once(shared):
    expected = [call(1) for call in CALLS]

    def work(caller):
        for turn in range(5 * len(CALLS)):
            n = (caller * 3 + turn) % len(CALLS)
            if not np.array_equal(
                CALLS[n]((None, 1, 2, 3, 7)[(caller + turn) % 5]), expected[n], equal_nan=True
            ):
                return n
        return None

    with ThreadPoolExecutor(8) as pool:
        assert [n for n in pool.map(work, range(8)) if n is not None] == []


def test_without_the_code_nothing_else_changes(shared, monkeypatch):
    def fail():
        raise OSError("on purpose")

    monkeypatch.setattr(mailbox_code, "compiled", fail)
    monkeypatch.setattr(waiting, "_functions", [])
    for _ in range(10):
        both = threading.Barrier(2)
        threads.run(lambda *_, both=both: both.wait(LONG), 2, 2)
    assert waiting._functions == [None]
    assert not waiting.awake
