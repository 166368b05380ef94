"""Which threads of the pool wait actively, for how long, and how a call gives them bands; see `mailbox`."""

import contextlib
import ctypes
import os
from collections.abc import Callable
from pathlib import Path
from threading import get_ident
from time import perf_counter
from typing import Any

import numpy as np

from imfilter._base import mailbox, mailbox_share
from imfilter._simd.locks import Lock
from imfilter._simd.registers import LINE

#: Seconds between the end of a call and the begin of the next one, up to which calls follow each other.
FOLLOWING = 200e-6
#: Nanoseconds that a thread waits actively, and nanoseconds between two looks at its mailbox above which it
#: has lost its core. A look takes 0.1 us. A virtual machine often loses a core for 0.1 ms, and to another
#: program for some milliseconds.
_PATIENCE, _LOST = 300_000, 300_000
#: How often a thread waits for so long, at most, while the call before has not ended.
_TURNS = 5
#: Largest number of threads that wait.
_MOST = 64
#: Seconds in which no thread waits after one has waited in vain: at first, and at most. They double.
#: A thread that loses its core in a band delays the call by some milliseconds, which is 0.4 % of a second.
_FIRST, _LONGEST = 1e-3, 1.0
#: Bands that make up for the time that a thread waits in vain after the last of them.
_WORTH = 8
#: Calls without a delay that make up for one with a delay, if it is not followed by another one.
_DELAY = 8
#: Seconds in which no thread waits after two threads of Python have called in turn or at once. They need the
#: cores: with two of them, calls took 1.04 times as long, and with eight 1.08 (Zen 3, two cores).
_SEVERAL = 0.02
_WORDS = mailbox.SIZE // 8
#: Where Linux shows the limits of the control group. In a container, it is that of the container.
_GROUPS = Path("/sys/fs/cgroup")

_read_report = (ctypes.c_int64 * mailbox_share.HELPERS).from_address


class _Following:
    """Whether calls follow each other, and whether it has been worth to wait for the next one."""

    def __init__(self) -> None:
        self.ended = 0.0  # the last call that used several threads
        self.caller = 0  # its thread
        self.calling: set[int] = set()  # the threads of Python in a call that uses several threads
        self.pause = self.again = 0.0  # how long no thread waits, and until when
        self.delays = 0  # how often a band began or ended late, in the last calls

    def begin(self, now: float) -> bool:
        """Tell whether the threads that help with a call shall wait for the next one."""
        soon, caller = now - self.ended <= FOLLOWING, get_ident()
        self.calling.add(caller)
        alone = len(self.calling) == 1
        if not alone or (soon and caller != self.caller):
            self.again = max(self.again, now + _SEVERAL)
        self.caller = caller
        return soon and alone and now >= self.again

    def end(self) -> None:
        """Take note of the end of a call. `begin` may not have been reached."""
        self.calling.discard(get_ident())
        self.ended = perf_counter()

    def note(self, bands: int, lost: bool) -> None:
        """Take note of the bands that a thread got while it waited, and whether it lost its core."""
        if bands < _WORTH:
            self.pause = min(max(2 * self.pause, _FIRST), _LONGEST)
        elif not lost:
            self.pause = 0.0
        self.again = perf_counter() + self.pause

    def shared(self, late: bool) -> bool:
        """Take note of the end of a call with threads that wait. Tell whether they shall wait no longer.

        If another program has a core, the calls that follow are late, too.
        """
        self.ended = perf_counter()
        if not late:
            self.delays -= self.delays > 0
        elif self.delays >= _DELAY:
            self.delays = 0
            self.note(0, True)
            return True
        else:
            self.delays += _DELAY
        return False


class _Mailboxes:
    """The mailboxes of a pool. A forked child makes new ones."""

    def __init__(self) -> None:
        self._memory = np.zeros(mailbox.SIZE * (_MOST + 1), np.uint8)
        start = -self._memory.ctypes.data % mailbox.SIZE
        self.words = self._memory[start : start + mailbox.SIZE * _MOST].view(np.int64)
        self.address = int(self.words.ctypes.data)
        self.free = list(range(_MOST))[::-1]  # the numbers of those that no thread has
        self.used = 0  # all that are in use have a smaller number


_lock = Lock()
_functions: list[Any] = []  # `mailbox_code.Functions`, or None if there are none
_boxes = _Mailboxes()
following = _Following()
#: The numbers of the threads that wait.
awake: set[int] = set()


def take_mailbox() -> int | None:
    """Return the number of the mailbox of a new thread of the pool. None: it will not wait actively."""
    try:
        number = _boxes.free.pop()
    except IndexError:
        return None
    _boxes.used = max(_boxes.used, number + 1)
    return number


def return_mailbox(number: int | None) -> None:
    """Give the mailbox of a thread back."""
    if number is not None:
        _boxes.free.append(number)


def _limited() -> bool:
    """Tell whether a control group gives this process less time than its cores have.

    Then to wait takes from the time that bands need.
    """
    for names in (("cpu.max",), ("cpu/cpu.cfs_quota_us", "cpu/cpu.cfs_period_us")):  # versions 2 and 1
        with contextlib.suppress(OSError, ValueError):
            words = " ".join((_GROUPS / name).read_text() for name in names).split()
            quota, period = int(words[0]), int(words[1])  # no number or -1: no limit
            if 0 < quota < period * len(os.sched_getaffinity(0)):
                return True
    return False


def _compiled() -> Any:
    """Return the compiled functions, or None if there are none. All works without them."""
    with _lock.current:
        if not _functions:
            try:
                # Under the lock, because a copy of this process could not end an import of another thread.
                from imfilter._base import mailbox_code

                _functions.append(None if _limited() else mailbox_code.compiled())
            except Exception:
                _functions.append(None)
        return _functions[0]


def wait(thread: int | None, busy: Callable[[], bool], over: Callable[[], bool]) -> None:
    """Wait actively in a thread of the pool, and run bands, until none has come for a time.

    `over` tells whether the call before has ended. If its calling thread takes longer than this thread did,
    that is no reason to stop. It returns early if `busy` or `leave` say so, or if the thread loses its core.
    The code is compiled here when it is needed first, so no call waits for it.
    """
    functions = _compiled()
    if functions is None or thread is None:
        return
    at, boxes = thread * _WORDS, _boxes
    words = boxes.words
    words[at + mailbox.LEAVE] = words[at + mailbox.LOST] = 0
    before = words[at + mailbox.ENDED]
    bands = lost = 0
    awake.add(thread)
    try:
        if busy():  # asked after the request to leave is withdrawn, and when `leave` knows this thread
            return
        for _ in range(_TURNS):
            last = over()
            functions.wait(boxes.address + thread * mailbox.SIZE, _PATIENCE, _LOST)
            bands, lost = int(words[at + mailbox.ENDED] - before), int(words[at + mailbox.LOST])
            if last or bands or lost or words[at + mailbox.LEAVE]:
                break
    finally:
        awake.discard(thread)
    if not words[at + mailbox.LEAVE]:
        following.note(bands, bool(lost))


def ready(helpers: int) -> bool:
    """Tell whether so many threads wait for the calling thread, and for no other one."""
    return 0 < helpers <= len(awake) and following.caller == get_ident() and not following.calling


def leave() -> None:
    """Ask the threads that wait to return."""
    for thread in list(awake):
        _boxes.words[thread * _WORDS + mailbox.LEAVE] = 1


def report_size(helpers: int) -> int:
    """Return the bytes of the report of a call with a number of helping threads: whole cache lines."""
    return -(-8 * (mailbox_share.HELPERS + 3 * helpers) // LINE) * LINE


def share(
    call: tuple[int, ...], size: int, first: int, total: int, helpers: int, report: int
) -> float | None:
    """Give bands to threads that wait, and run the others in the calling thread.

    The `call` is the addresses of a kernel, its job, the image and the target. The first band has `first`
    lines. The `report` is the address of memory for it, and for workspaces of `size` bytes. Return the
    seconds that the first band took, or None if too few threads wait.
    """
    functions, boxes = _functions[0], _boxes
    assert functions is not None  # because threads wait
    workspaces = report + report_size(helpers)
    following.calling.add(get_ident())
    try:
        functions.share(*call, workspaces, size, first, total, helpers, boxes.address, boxes.used, report)
    finally:
        following.calling.discard(get_ident())
    done, back, own, awaited = _read_report(report)
    if not done:
        return None
    if following.shared(bool(back) or awaited > _LOST):
        leave()
    return own * 1e-9


def forget() -> None:
    """Drop the threads in a forked child, where they do not exist."""
    global _boxes, following
    _boxes, following = _Mailboxes(), _Following()
    awake.clear()


def _hold() -> None:
    """Wait until nothing is compiled, before this process is copied. The copy could not compile any more."""
    _lock.current.acquire()


if hasattr(os, "register_at_fork"):  # `Lock` opens it in the child
    os.register_at_fork(before=_hold, after_in_parent=lambda: _lock.current.release())
