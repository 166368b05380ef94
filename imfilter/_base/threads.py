"""The thread pool, and the number of threads that a call may use."""

import contextvars
import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import AbstractContextManager, contextmanager

from imfilter._base import arguments

_chosen: contextvars.ContextVar[int | None] = contextvars.ContextVar("imfilter_workers", default=None)
#: Largest numbers of threads, whatever a call requests: per core, and at least in total.
_THREADS_A_CORE, _FEW_THREADS = 4, 16

_inside = threading.local()
_lock = threading.Lock()
_pool: ThreadPoolExecutor | None = None
_pool_size = 0


def _checked(workers: object) -> int:
    """Return `workers` if it is an integer of at least 1; raise an error otherwise."""
    return arguments.integer(workers, "workers", least=1)


def requested(workers: object) -> int | None:
    """Return the requested number of workers: the argument, `set_workers`, the environment, or None."""
    if workers is not None:
        return workers if type(workers) is int and workers > 0 else _checked(workers)
    chosen = _chosen.get()
    if chosen is not None:
        return chosen
    word = os.environ.get("IMFILTER_WORKERS")
    if word is None or not word.strip():
        return None
    try:
        return _checked(int(word))
    except ValueError:
        raise ValueError(f"IMFILTER_WORKERS must be an integer of at least 1, got {word!r}") from None


def _available() -> int:
    """Return the number of cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def set_workers(workers: int) -> AbstractContextManager[None]:
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
    return _using(_checked(workers))


@contextmanager
def _using(workers: int) -> Iterator[None]:
    token = _chosen.set(workers)
    try:
        yield
    finally:
        _chosen.reset(token)


def _threads(count: int) -> ThreadPoolExecutor:
    """Return the pool. Make it at first use, and again if a call needs more threads."""
    global _pool, _pool_size
    with _lock:
        if _pool is None or _pool_size < count:
            # The smaller pool ends by itself when the calls that use it have finished.
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


def most(workers: int | None) -> int:
    """Return the number of threads for a call that requests `workers`; see `requested` for None."""
    cores, workers = _available(), requested(workers)
    return min(workers or cores, max(_FEW_THREADS, _THREADS_A_CORE * cores))


def run(task: Callable[[int, int], None], total: int, workers: int | None, pieces: int = 1) -> None:
    """Call ``task(start, stop)`` over `total` items, split into one band for each worker.

    If `workers` is None, use the default, or every core that this process may use. Each band is processed in
    `pieces`. An interrupt takes effect between two pieces. The calling thread processes a band too. A call
    from inside a worker uses one thread. So nested calls cannot wait for each other and cannot multiply the
    threads.
    """
    if not total:
        return
    bands = min(total, 1 if workers == 1 else most(workers))
    if bands == 1 or getattr(_inside, "worker", False):
        for piece in range(pieces):
            task(total * piece // pieces, total * (piece + 1) // pieces)
        return
    stopped = threading.Event()

    def band(number: int) -> None:
        start, stop = total * number // bands, total * (number + 1) // bands
        for piece in range(pieces):
            if stopped.is_set():
                return
            task(start + (stop - start) * piece // pieces, start + (stop - start) * (piece + 1) // pieces)

    others: list[Future[None]] = []
    try:
        for number in range(1, bands):
            others.append(_submit(band, number, bands - 1))  # noqa: PERF401  (one by one: each is waited for)
        band(0)
    except BaseException:
        stopped.set()
        raise
    finally:
        _outlast(others, stopped)
    for other in others:
        other.result()


def _submit(band: Callable[[int], None], number: int, threads: int) -> Future[None]:
    """Submit a band to the pool. During shutdown of the interpreter, process the band in this thread."""
    context = contextvars.copy_context()

    def work() -> None:
        _inside.worker = True
        context.run(band, number)

    try:
        return _threads(threads).submit(work)
    except RuntimeError:
        done: Future[None] = Future()
        band(number)
        done.set_result(None)
        return done


def _outlast(others: list[Future[None]], stopped: threading.Event) -> None:
    """Wait until no thread writes to the output any more, even after an interrupt."""
    interrupt = None
    while True:
        try:
            wait(others)
            break
        except BaseException as error:
            stopped.set()
            interrupt = error
    if interrupt is not None:
        raise interrupt
