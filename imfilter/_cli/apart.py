"""Compile in a copy of the process: the memory of the compiler returns to the system when the copy ends."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import os
import signal
import sys
import threading
import warnings
from collections.abc import Callable
from typing import NoReturn, TypeVar

from imfilter._simd import code_files, jit

from . import ending, messages

_Result = TypeVar("_Result")

_DEATH_SIGNAL = 1  # parameter of Linux's prctl
#: How the names of threads start that wait between calls: for signals, for a part of a filter, and those of
#: zarr, for chunks. A copy does not need them: filters start threads of its own, and chunks are read before.
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
    """Work in a copy of this process, and wait for its end. An error there will occur here, too."""
    parent = os.getpid()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Python 3.12 warns of every other thread
        try:
            copy = os.fork()
        except OSError:  # the system allows no more processes, or no more memory
            return
        if copy == 0:
            _work_and_end(work, parent)
    try:
        with contextlib.suppress(ChildProcessError):  # SIGCHLD is ignored: the system has taken its status
            os.waitpid(copy, 0)
    except BaseException:  # an interrupt
        with contextlib.suppress(ProcessLookupError, ChildProcessError):
            os.kill(copy, signal.SIGKILL)
            os.waitpid(copy, 0)
        raise


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
            jit.only_kept.set(False)  # set if the work is a part of other work that needs a kernel
            signal.pthread_sigmask(signal.SIG_UNBLOCK, signal.valid_signals())
            with messages.kept():  # the other process says them
                work()
    finally:
        os._exit(0)  # without what Python does at its end, such as the removal of partial files
