"""The thread pool, and the number of threads that a call may use."""

import atexit
import contextvars
import functools
import itertools
import os
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from queue import Empty, SimpleQueue
from time import perf_counter, thread_time

from imfilter._base import arguments, waiting

_chosen: contextvars.ContextVar[int | None] = contextvars.ContextVar("imfilter_workers", default=None)
#: Largest numbers of threads, whatever a call requests: per core, and at least in total.
_THREADS_A_CORE, _FEW_THREADS = 4, 16

#: Seconds of work that are worth a second thread that is idle (Zen 4 with two cores, in a virtual machine).
LEAST = 90e-6
#: Seconds that another thread begins later than the calling thread, if it begins before the call ends: 16 us
#: on average on the same machine. The calling thread gets so much more work, and a margin. Otherwise it
#: sleeps at the end of a call, and to wake it takes 20 to 29 us. Threads that wait actively (see `waiting`)
#: begin at once.
_lag = 15e-6
_LONGEST_LAG, _MARGIN = 60e-6, 15e-6

#: Calls that wait for each thread of the pool, above which those that have ended are dropped.
_WAITING = 4

_VARIABLE = "IMFILTER_WORKERS"
#: `os.environ`, its dictionary, and the name of our variable there. Every filter looks for it. Usually there
#: is none. Then `os.environ.get` takes 0.73 us, because it raises and catches an error. The dictionary takes
#: 0.06.
_environ = os.environ
_dictionary = getattr(_environ, "_data", None)
_KEY = _environ.encodekey(_VARIABLE) if _dictionary is not None else _VARIABLE

_inside = threading.local()
#: Held while the pool grows. The handler of a signal may filter meanwhile.
_lock = threading.RLock()
_pool: list[threading.Thread] = []
#: The calls that threads of the pool may help with. None: they must end.
_calls: "SimpleQueue[_Call | None]" = SimpleQueue()


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
    if os.environ is _environ and _dictionary is not None and _KEY not in _dictionary:
        return None
    word = os.environ.get(_VARIABLE)
    if word is None or not word.strip():
        return None
    try:
        return _checked(int(word))
    except ValueError:
        raise ValueError(f"{_VARIABLE} must be an integer of at least 1, got {word!r}") from None


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


class Pace:
    """The time that an item of a task takes. A task that is run again knows it from the calls before."""

    __slots__ = ("seconds",)

    def __init__(self) -> None:
        self.seconds = 0.0  # 0: not known yet

    def note(self, seconds: float, items: int) -> None:
        """Take note of a time of the processor. A clock would count what other threads take of the core.

        A shorter time counts at once, because disturbance only makes times longer. A longer one counts half.
        """
        found, known = seconds / items, self.seconds
        self.seconds = found if found < known or not known else (found + known) / 2


@functools.lru_cache(maxsize=256)
def pace_of(*key: object) -> Pace:
    """Return the pace of tasks without a program. Those of one key need the same time for an item."""
    return Pace()


class _Call:
    """Bands of a call: the calling thread takes them from the start, and threads of the pool from the end."""

    __slots__ = ("bands", "begun", "context", "errors", "places", "seats", "task", "wait")

    def __init__(self, task: Callable[[int, int], None], bands: deque[tuple[int, int]], helpers: int) -> None:
        self.task, self.bands = task, bands
        # A thread of the pool holds its place while it works. Then the calling thread holds it for ever, so
        # a thread that comes later does nothing. A thread may take an RLock again, for example after an
        # interrupt.
        self.places = [threading.RLock() for _ in range(helpers)]
        self.seats = self.places.copy()
        self.context: contextvars.Context | None = contextvars.copy_context()
        self.errors: deque[BaseException] = deque()
        self.begun = 0.0
        self.wait = False  # whether the threads that help shall wait actively for the next call

    def ask(self) -> None:
        """Ask threads of the pool to help."""
        if len(_pool) < len(self.places):
            _start(len(self.places))
        if _calls.qsize() > _WAITING * len(_pool):
            _drop_ended()
        for _ in self.places:
            _calls.put(self)
        if waiting.awake:
            waiting.leave()

    def process(self, take: Callable[[], tuple[int, int]]) -> None:
        """Process bands until none is left."""
        task = self.task
        try:
            while True:
                try:
                    start, stop = take()
                except IndexError:
                    return
                task(start, stop)
        except BaseException:
            self.bands.clear()
            raise

    def help(self) -> None:
        """Process bands in a thread of the pool, if the calling thread still waits."""
        place = self.seats.pop()
        if place.acquire(blocking=False):
            try:
                self.begun = perf_counter()
                assert self.context is not None  # until `end` has taken this place
                self.context.copy().run(self.process, self.bands.pop)
            except BaseException as error:
                self.errors.append(error)
            finally:
                place.release()

    def end(self) -> None:
        """Wait until no thread writes to the output any more, even after an interrupt of the wait."""
        interrupt = None
        while True:
            try:
                for place in self.places:
                    place.acquire()
                break
            except BaseException as error:
                self.bands.clear()
                interrupt = error
        # Otherwise a thread that comes later would keep arrays in memory.
        del self.task
        self.context = None
        try:
            if interrupt is not None:
                raise interrupt
        finally:
            del interrupt

    def over(self) -> bool:
        """Tell whether `end` has returned. Then this object keeps no array."""
        return self.context is None

    def check(self) -> None:
        """Raise the first error of the threads of the pool. Keep none, because they know this object."""
        try:
            if self.errors:
                raise self.errors[0]
        finally:
            self.errors.clear()


def _drop_ended() -> None:
    """Take calls that have ended out of the queue. They would pile up while all threads are busy."""
    for _ in range(_calls.qsize()):
        try:
            call = _calls.get_nowait()
        except Empty:  # a thread of the pool took it
            return
        if call is None or call.context is not None:
            _calls.put(call)


def _serve(calls: "SimpleQueue[_Call | None]") -> None:
    """Help with calls, in a thread of the pool."""
    _inside.worker = True
    number = waiting.take_mailbox()
    while (call := calls.get()) is not None:
        call.help()
        if calls is not _calls:  # in a child process that was forked in this thread
            return
        if call.wait:
            waiting.wait(number, lambda: not calls.empty(), call.over)
        del call
    waiting.return_mailbox(number)
    calls.put(None)  # the next thread must end, too; an interrupt may have kept it out of the list


def _start(count: int) -> None:
    """Start threads until the pool has `count`."""
    with _lock:
        while len(_pool) < count:
            name = f"imfilter_{len(_pool)}"
            # `_end` waits for it. Python would wait for any other thread before it calls `_end`.
            thread = threading.Thread(target=_serve, args=(_calls,), name=name, daemon=True)
            try:
                thread.start()
            except RuntimeError:  # no more threads, or the interpreter ends: the calling thread does all
                return
            _pool.append(thread)


@atexit.register
def _end() -> None:
    """End the threads of the pool. Later calls use the calling thread alone."""
    _calls.put(None)
    waiting.leave()
    for thread in _pool:
        thread.join()


def _forget() -> None:
    """Drop the pool in a forked child, where its threads do not exist."""
    global _pool, _calls, _lock
    _pool, _calls, _lock = [], SimpleQueue(), threading.RLock()
    _inside.worker = False
    waiting.forget()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)


def most(workers: int | None) -> int:
    """Return the number of threads for a call that requests `workers`; see `requested` for None."""
    workers = requested(workers)
    if workers is not None and workers <= _FEW_THREADS:
        return workers  # to ask for the cores takes 2 us
    cores = _available()
    return min(workers or cores, max(_FEW_THREADS, _THREADS_A_CORE * cores))


def count(total: int, workers: int | None, known: float) -> int:
    """Return the number of threads for a task whose items take `known` seconds each. 0: not known."""
    if workers == 1 or 0 < known * total < LEAST or getattr(_inside, "worker", False):
        return 1
    threads = min(total, most(workers))
    return min(threads, int(2 * known * total / LEAST)) if known else threads  # of long work at least 2


def run(
    task: Callable[[int, int], None],
    total: int,
    workers: int | None,
    pieces: int = 1,
    pace: Pace | None = None,
) -> None:
    """Call ``task(start, stop)`` over `total` items, split into one band for each worker.

    If `workers` is None, use the default, or every core that this process may use. There are `pieces` times
    as many bands if a band takes long. An interrupt takes effect between two bands. The calling thread
    processes a band too, and every band that no other thread has begun. With the `pace` of the task, its own
    band is longer, because the others begin later. A call from inside a worker uses one thread. So nested
    calls cannot wait for each other and cannot multiply the threads.
    """
    global _lag
    if not total:
        return
    known, first = 0.0 if pace is None else pace.seconds, total
    threads = count(total, workers, known)
    if threads > 1:
        number = min(total, threads * pieces)
        lead = (_lag + _MARGIN) / known if known and pieces == 1 else 0.0
        first = int((total + (number - 1) * lead) / number + 0.5)
    if first >= total:
        begin = 0.0 if pace is None else thread_time()  # it takes a system call
        for piece in range(pieces):
            task(total * piece // pieces, total * (piece + 1) // pieces)
        if pace is not None:
            pace.note(thread_time() - begin, total)
        return
    others = min(number - 1, total - first)
    edges = [first + (total - first) * i // others for i in range(others + 1)]
    call = _Call(task, deque(itertools.pairwise(edges)), min(threads - 1, others))
    try:
        begin = perf_counter()
        # Threads that wait must not take the cores of others that compute.
        call.wait = waiting.following.begin(begin) and len(call.places) < _available()
        call.ask()
        begin, before = perf_counter(), thread_time()
        task(0, first)
        elapsed = thread_time() - before
        call.process(call.bands.popleft)
    except BaseException:
        call.bands.clear()
        call.errors = deque(maxlen=0)  # this error counts
        raise
    finally:
        try:
            call.end()
        finally:
            waiting.following.end()
    call.check()
    if pace is not None:
        pace.note(elapsed, first)
    if call.begun:
        _lag += 0.1 * (min(max(call.begun - begin, 0.0), _LONGEST_LAG) - _lag)
