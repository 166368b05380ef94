"""Locks in a forked child."""

import os
import threading

import pytest

from imfilter._simd.locks import Lock


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")  # of Python 3.12: the fork is the test
def test_a_lock_of_another_thread_is_open_in_a_forked_child():
    lock, held, ended = Lock(), threading.Event(), threading.Event()

    def hold():
        with lock.current:
            held.set()
            ended.wait(60)

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait(60)
    child = os.fork()
    if not child:
        os._exit(0 if lock.current.acquire(timeout=5) else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert not lock.current.acquire(blocking=False)
    ended.set()
    thread.join()
