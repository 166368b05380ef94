"""Locks that are open in a forked child, where no thread would release those of the parent."""

import os
import threading
import weakref


class Lock:
    """A lock that its thread may take again: ``with lock.current: ...``."""

    def __init__(self) -> None:
        self.current = threading.RLock()
        _all.add(self)


_all: "weakref.WeakSet[Lock]" = weakref.WeakSet()


def _renew() -> None:
    for lock in list(_all):
        lock.current = threading.RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew)
