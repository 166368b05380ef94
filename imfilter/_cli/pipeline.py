"""Compute items of a sequence on several threads, and consume the results in order."""

from __future__ import annotations

import collections
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Generic, TypeVar

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")

#: Threads beside those that compute: while some compute, one may read and one may write.
OTHERS = 2


def run(
    items: Iterator[_Item],
    work: Callable[[_Item], _Result],
    consume: Callable[[_Result], None],
    workers: int,
    others: int = OTHERS,
) -> None:
    """Call ``consume(work(item))`` for each item, so that taking, working and consuming overlap.

    One thread at a time takes an item, and one thread at a time consumes a result, in the order of the
    items. At most ``workers + others`` items and results exist. The first error of a thread ends all of them,
    and is raised after they have ended. So does an interrupt.

    Parameters
    ----------
    items : iterator
        The items. An error of it is raised, too.
    work : callable
        Computes a result of an item. It is called by several threads at a time.
    consume : callable
        Gets the results.
    workers : int
        Number of threads that compute at a time.
    others : int
        Number of threads beside them, which take or consume while so many compute.
    """
    line = _Line(items, work, consume, workers)
    threads = [
        threading.Thread(target=line.work_off, name="imfilter-band", daemon=True)
        for _ in range(workers + others)
    ]
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    except BaseException:
        line.stop()
        for thread in threads:
            if thread.ident is not None:
                thread.join()
        raise
    if line.error is not None:
        raise line.error


def results(
    items: Iterable[_Item], work: Callable[[_Item], _Result], workers: int, ahead: int = OTHERS
) -> Iterator[_Result]:
    """Yield ``work(item)`` for each item, in order, computed by several threads.

    The thread of the caller takes the items. At most ``workers + ahead`` items and results exist. The first
    error ends the work.
    """
    waiting: collections.deque[Future[_Result]] = collections.deque()
    with ThreadPoolExecutor(workers, thread_name_prefix="imfilter-work") as pool:
        try:
            for item in items:
                waiting.append(pool.submit(work, item))
                del item
                if len(waiting) >= workers + ahead:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            pool.shutdown(cancel_futures=True)


class _Line(Generic[_Item, _Result]):
    """The state that the threads share."""

    def __init__(
        self,
        items: Iterator[_Item],
        work: Callable[[_Item], _Result],
        consume: Callable[[_Result], None],
        workers: int,
    ) -> None:
        self._items, self._work, self._consume = items, work, consume
        self._taken = 0
        self._taking = threading.Lock()
        self._computing = threading.Semaphore(workers)
        self._turn = threading.Condition()
        self._next = 0  # number of the next result to consume
        self._stopped = False
        self.error: BaseException | None = None

    def stop(self) -> None:
        """Let every thread end after its present step."""
        with self._turn:
            self._stopped = True
            self._turn.notify_all()

    def work_off(self) -> None:
        """Take items until there are no more."""
        try:
            while self._one():
                pass
        except BaseException as error:
            with self._turn:
                self.error = self.error or error
            self.stop()

    def _one(self) -> bool:
        """Compute and consume one item. Return whether there may be more."""
        with self._taking:
            if self._stopped:
                return False
            try:
                item = next(self._items)
            except StopIteration:
                return False
            number = self._taken  # `enumerate` would hold the last item
            self._taken += 1
        with self._computing:
            result = self._work(item)
        del item
        with self._turn:
            self._turn.wait_for(lambda: self._stopped or self._next == number)
            if self._stopped:
                return False
        self._consume(result)
        with self._turn:
            self._next += 1
            self._turn.notify_all()
        return True
