"""Compile in a copy of the process: the memory of the compiler returns to the system when the copy ends."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import os
import signal
import stat
import sys
import threading
import time
import warnings
from collections.abc import Callable
from typing import NoReturn, TypeVar

from imfilter._simd import code_files, jit

from . import ending, messages

_Result = TypeVar("_Result")

#: Seconds after which a copy is ended: without any work of a processor, and in all.
_IDLE, _LONGEST = 10.0, 600.0
_LOOK = 0.5  # seconds between two looks at its work
_DEATH_SIGNAL = 1  # parameter of Linux's prctl
#: How the names of threads start that wait between calls: for signals, for a part of a filter, and those of
#: zarr, for chunks. A copy does not need them: filters start threads of its own, and chunks are read before.
#: If one of them holds a lock after all, the copy waits for it for ever, so that this process ends it.
_WAITING = (ending.WAITING, "imfilter_", "zarr_", "asyncio_")


def compiled(work: Callable[[], _Result], copied: Callable[[], object] | None = None) -> _Result:
    """Return ``work()``. If it needs a kernel that is not kept on disk, a copy of this process compiles it.

    The copy does the same work, or `copied` in place of it, which needs the same kernels in less time.

    The compiler takes 110 MB and does not return them, so that all later bands would be held beside it. A
    Gaussian of 2 GB took 254 MB in place of 358 in a run that compiles. Where no copy can be made, this
    process compiles.
    """
    token, lines = jit.only_kept.set(True), list[tuple[str, str]]()
    try:
        with messages.kept() as lines:
            made = work()
    except jit.NotKept:
        lines.clear()  # they will be said again
    else:
        return made
    finally:
        jit.only_kept.reset(token)
        for line in lines:
            messages.say(*line)
    if _can_copy() and code_files.can_keep():
        _in_copy(copied or work)
    return work()


def _can_copy() -> bool:
    """Return whether a copy of this process can go on: other threads would not exist in it.

    Threads that wait are not needed there. Only Linux: elsewhere, libraries of the system may not be used in
    a copy.
    """
    others = set(threading.enumerate()) - {threading.current_thread()}
    return sys.platform == "linux" and all(thread.name.startswith(_WAITING) for thread in others)


def _in_copy(work: Callable[[], object]) -> None:
    """Work in a copy of this process, and wait for its end. An error there will occur here, too.

    A copy that hangs is ended. Then this process does what it should have done.
    """
    parent = os.getpid()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Python 3.12 warns of every other thread
        alive, held = os.pipe()
        try:
            copy = os.fork()
        except OSError:  # the system allows no more processes, or no more memory
            os.close(alive)
            os.close(held)
            return
        if copy == 0:
            os.close(alive)
            _work_and_end(work, parent)
    os.close(held)
    try:
        if not _has_ended(copy, alive):
            _end(copy)
            return
        with contextlib.suppress(ChildProcessError):  # SIGCHLD is ignored: the system has taken its status
            os.waitpid(copy, 0)
    except BaseException:  # an interrupt
        _end(copy)
        raise
    finally:
        os.close(alive)


def _has_ended(copy: int, alive: int) -> bool:
    """Wait for the end of a copy, which closes its end of a pipe. Return False if it hangs."""
    import select  # most calls make no copy

    poll = select.poll()
    poll.register(alive, select.POLLIN)  # its other end is closed, which is always told
    start = since = time.monotonic()
    used = -1.0
    while not poll.poll(1000 * _LOOK):
        now, work = time.monotonic(), _processor_time(copy)
        if work > used:
            used, since = work, now
        if now - since > _IDLE or now - start > _LONGEST:
            return False
    return True


def _processor_time(process: int) -> float:
    """Return how long the threads of a process have computed, in ticks of the system."""
    try:
        with open(f"/proc/{process}/stat", "rb") as file:
            fields = file.read().rpartition(b")")[2].split()
    except OSError:
        return time.monotonic()  # not known: only its whole time is limited
    return float(fields[11]) + float(fields[12])


def _end(copy: int) -> None:
    with contextlib.suppress(ProcessLookupError, ChildProcessError):
        os.kill(copy, signal.SIGKILL)
        os.waitpid(copy, 0)


def _work_and_end(work: Callable[[], object], parent: int) -> NoReturn:
    """Work in the copy, which ends with the process that made it.

    The command does not collect garbage, but a compiler makes much of it: with garbage collection, a Gaussian
    of bytes compiles in 181 MB in place of 202, and takes 3.0 s in place of 2.9.
    """
    gc.enable()
    try:
        with contextlib.suppress(OSError, AttributeError, TypeError):
            ctypes.CDLL(None).prctl(_DEATH_SIGNAL, signal.SIGKILL)
        if os.getppid() == parent:
            _reopen_files()
            jit.only_kept.set(False)  # set if the work is a part of other work that needs a kernel
            signal.pthread_sigmask(signal.SIG_UNBLOCK, signal.valid_signals())
            with messages.kept():  # the other process says them
                work()
    finally:
        os._exit(0)  # without what Python does at its end, such as the removal of partial files


def _reopen_files() -> None:
    """Give this copy positions of its own in the files that are read.

    A copy shares them: what it reads moves the position of the other process, whose buffer does not know. The
    other process would then read other bytes than it asked for.
    """
    import fcntl  # Windows has none

    for name in os.listdir("/proc/self/fd"):
        number = int(name)
        with contextlib.suppress(OSError):  # `listdir` opened a file, which is closed by now
            reads = fcntl.fcntl(number, fcntl.F_GETFL) & os.O_ACCMODE == os.O_RDONLY
            if not (reads and stat.S_ISREG(os.fstat(number).st_mode)):
                continue
            own = os.open(f"/proc/self/fd/{number}", os.O_RDONLY | os.O_CLOEXEC)
            os.lseek(own, os.lseek(number, 0, os.SEEK_CUR), os.SEEK_SET)
            os.dup2(own, number, inheritable=os.get_inheritable(number))
            os.close(own)
