"""The pool of threads, and how many of them a call may use."""

import contextvars
import operator
import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager

_chosen: contextvars.ContextVar[int | None] = contextvars.ContextVar("imfilter_workers", default=None)
_inside = threading.local()
_lock = threading.Lock()
_pool: ThreadPoolExecutor | None = None
_pool_size = 0


def check_workers(workers: object) -> int:
    """Return a number of workers, which must be an integer of at least 1."""
    if isinstance(workers, bool) or not hasattr(workers, "__index__"):
        raise TypeError(f"workers must be an integer or None, got {workers!r}")
    count = operator.index(workers)
    if count < 1:
        raise ValueError(f"workers must be at least 1, got {count}")
    return count


def _available() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def resolve(workers: object) -> int:
    """Return the number of workers of a call: its argument, `set_workers`, the environment or all cores."""
    if workers is not None:
        return check_workers(workers)
    chosen = _chosen.get()
    if chosen is not None:
        return chosen
    word = os.environ.get("IMFILTER_WORKERS", "").strip()
    if word:
        try:
            return check_workers(int(word))
        except ValueError:
            raise ValueError(f"IMFILTER_WORKERS must be an integer of at least 1, got {word!r}") from None
    return _available()


@contextmanager
def set_workers(workers: int) -> Iterator[None]:
    """Use `workers` threads in every call inside the ``with`` block that does not name its own.

    Parameters
    ----------
    workers : int
        Number of threads, at least 1. Results do not depend on it.

    Raises
    ------
    TypeError, ValueError
        If `workers` is not an integer, or less than 1.

    See Also
    --------
    scipy.fft.set_workers : The same for SciPy's transforms.

    Examples
    --------
    >>> import imfilter
    >>> with imfilter.set_workers(1):
    ...     imfilter.box([0.0, 3.0, 0.0], 3)
    array([2., 1., 2.])
    """
    token = _chosen.set(check_workers(workers))
    try:
        yield
    finally:
        _chosen.reset(token)


def _threads(count: int) -> ThreadPoolExecutor:
    """Return the pool, made when first needed and again when more threads are asked for."""
    global _pool, _pool_size
    with _lock:
        if _pool is None or _pool_size < count:
            # A smaller pool ends by itself when the calls that hold it are done.
            _pool = ThreadPoolExecutor(count, thread_name_prefix="imfilter")
            _pool_size = count
        return _pool


def _forget() -> None:
    """Drop the pool in a forked child, where its threads do not exist."""
    global _pool, _pool_size, _lock
    _pool, _pool_size, _lock = None, 0, threading.Lock()
    _inside.worker = False


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)


def _work(task: Callable[[int, int], None], start: int, stop: int) -> None:
    _inside.worker = True
    task(start, stop)


def run(task: Callable[[int, int], None], total: int, workers: int) -> None:
    """Call ``task(start, stop)`` over `total` items, split into one band for each worker.

    The caller works on a band of its own. A worker that calls again works alone, so that nested
    calls can neither wait for each other nor multiply the threads.
    """
    bands = min(workers, total)
    if bands <= 1 or getattr(_inside, "worker", False):
        task(0, total)
        return
    edges = [total * i // bands for i in range(bands + 1)]
    pool = _threads(bands - 1)
    try:
        others = [pool.submit(_work, task, edges[i], edges[i + 1]) for i in range(1, bands)]
    except RuntimeError:  # the interpreter is shutting down and takes no more work
        task(0, total)
        return
    try:
        task(edges[0], edges[1])
    finally:
        # Nothing may still write to the output when the caller gets it back, or an exception.
        wait(others)
    for other in others:
        other.result()
