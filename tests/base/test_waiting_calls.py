"""When threads of the pool wait for the next call; forks, interrupts and the end of a process meanwhile."""

import os
import platform
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from imfilter._base import mailbox, mailbox_code, waiting
from tests.base.test_concurrency import run
from tests.base.test_threads import LONG

pytestmark = pytest.mark.skipif(os.name == "nt", reason="threads do not wait on this system")
#: Makes threads wait after each call, for long, on a machine that does other things.
PATIENT = """
from imfilter._base import threads, waiting
waiting.FOLLOWING, waiting._PATIENCE, waiting._LOST = 1000.0, 10**11, 10**12
waiting._FIRST = waiting._LONGEST = 0.0
waiting._limited = lambda: False
threads._available = lambda: 99
"""


def test_calls_that_follow_each_other():
    following = waiting._Following()
    now = time.perf_counter()
    following.ended, following.caller = now, threading.get_ident()
    assert following.begin(now + waiting.FOLLOWING / 2)
    assert not following.begin(now + waiting.FOLLOWING * 2)
    pauses = []
    for _ in range(12):  # threads that wait in vain wait less and less often
        following.note(0, False)
        pauses.append(following.pause)
    assert pauses[:3] == [waiting._FIRST, 2 * waiting._FIRST, 4 * waiting._FIRST]
    assert pauses[-1] == waiting._LONGEST
    assert not following.begin(time.perf_counter())
    following.note(waiting._WORTH, True)
    assert following.pause == waiting._LONGEST
    following.note(waiting._WORTH, False)
    following.ended = time.perf_counter()
    assert following.begin(time.perf_counter())


def test_threads_wait_for_the_calls_of_one_thread():
    following = waiting._Following()
    following.ended, following.caller = 100.0, threading.get_ident()

    def called(now):
        begun = following.begin(now)
        following.calling.clear()
        return begun

    with ThreadPoolExecutor(1) as other:
        assert called(100.0)
        assert not other.submit(called, 100.0).result()
        assert not other.submit(called, 100.0).result()
        assert not called(100.0)
        following.ended = after = 100.0 + 1.1 * waiting._SEVERAL
        assert called(after)
        assert not other.submit(called, after + 1.0).result()
        following.ended = after + 1.0
        assert other.submit(called, after + 1.0).result()


def test_no_thread_waits_during_a_long_call_of_another_thread(monkeypatch):
    following = waiting._Following()
    monkeypatch.setattr(waiting, "following", following)
    with ThreadPoolExecutor(1) as other:
        other.submit(following.begin, 1.0).result()  # it does not end
        for now in (100.0, 101.0):
            following.ended = now
            assert not following.begin(now)
            waiting.awake.add(0)
            assert not waiting.ready(1)
            waiting.awake.discard(0)
        following.end()
        other.submit(following.end).result()
    following.ended = 102.0
    assert following.begin(102.0)
    following.end()
    assert not following.calling


def test_other_processors_have_no_code(monkeypatch):
    for name in ("arm64", "AMD64", "aarch64", "x86_64"):
        monkeypatch.setattr(platform, "machine", lambda name=name: name)
        assert mailbox.known()
    monkeypatch.setattr(platform, "machine", lambda: "riscv64")
    assert mailbox_code.compiled() is None


@pytest.mark.parametrize(
    ("limits", "limited"),
    [
        ({}, False),
        ({"cpu.max": "max 100000"}, False),
        ({"cpu.max": "50000 100000"}, True),
        ({"cpu.max": "99000000 100000"}, False),
        ({"cpu/cpu.cfs_quota_us": "-1", "cpu/cpu.cfs_period_us": "100000"}, False),
        ({"cpu/cpu.cfs_quota_us": "90000", "cpu/cpu.cfs_period_us": "100000"}, True),
    ],
)
@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="needs control groups")
def test_no_thread_waits_under_a_limit_of_processor_time(limits, limited, tmp_path, monkeypatch):
    monkeypatch.setattr(waiting, "_GROUPS", tmp_path)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1})
    (tmp_path / "cpu").mkdir()
    for name, text in limits.items():
        (tmp_path / name).write_text(text + "\n")
    assert waiting._limited() is limited


def test_one_delay_is_no_reason_to_stop():
    following = waiting._Following()
    for _ in range(3):
        assert not following.shared(True)
        assert not any(following.shared(False) for _ in range(waiting._DELAY))
    assert not following.shared(True)
    assert not following.shared(False)
    assert not following.shared(True)
    assert not following.pause
    assert following.shared(True)
    assert following.pause == waiting._FIRST


SCRIPT = f"""
import os, signal, sys, time
import numpy as np
import imfilter
{PATIENT}
image = np.random.default_rng(0).normal(size=(900, 1000)).astype(np.float32)
expected = imfilter.gaussian(image, 2.0, workers=1)
def check():
    assert (imfilter.gaussian(image, 2.0, workers=2) == expected).all()
def wait():
    end = time.monotonic() + 60
    while not waiting.awake and time.monotonic() < end:
        check()
    assert waiting.awake
"""


def test_the_interpreter_ends_at_once_while_a_thread_waits():
    code = """
waiting._PATIENCE = 10**12
wait()
check()
print("end")
"""
    assert run(SCRIPT + code, timeout=LONG) == "end\n"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_fork_while_a_thread_waits():
    code = """
for _ in range(3):
    wait()
    child = os.fork()
    check()
    if not child:
        waiting.following.ended = time.perf_counter()
        wait()
        check()
        print("child", len(threads._pool), flush=True)
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
wait()
check()
print("end")
"""
    assert run(SCRIPT + code, timeout=2 * LONG) == "child 1\n" * 3 + "end\n"


def test_an_interrupt_while_threads_that_wait_help():
    code = """
signal.signal(signal.SIGALRM, signal.default_int_handler)
for _ in range(5):
    wait()
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.02)
        while True:
            check()
    except KeyboardInterrupt:
        pass
    check()
print("end")
"""
    assert run(SCRIPT + code, timeout=LONG) == "end\n"
