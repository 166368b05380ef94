"""The connection to a cluster of dask, and what may be wrong with it."""

from __future__ import annotations

import contextlib
import logging
import queue
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import imfilter
from imfilter._base import threads

from .._files.image import FileError
from .._files.packages import required

LOCAL = "local"
#: Seconds until a scheduler must answer, and until a cluster without workers is given up.
TIMEOUT = 10.0
#: Seconds between two looks at the state of a cluster.
LOOK = 2.0
AGAIN = "run the same command again to go on"
MISSING = "a worker cannot import imfilter ({}); install imfilter[cluster] there"


@contextlib.contextmanager
def connected(address: str, workers: int | None) -> Iterator[Any]:
    """Yield a client of a cluster, with a worker of this version."""
    distributed = required(address, "distributed", "cluster")
    quiet = logging.root.manager.disable
    with contextlib.ExitStack() as stack, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        logging.disable(logging.CRITICAL)
        stack.callback(logging.disable, quiet)
        try:
            if address == LOCAL:
                options = {"dashboard_address": None, "silence_logs": logging.CRITICAL}
                count = threads.most(threads.requested(workers))
                local = distributed.LocalCluster(n_workers=count, threads_per_worker=1, **options)
                stack.callback(_ended, lambda: local.close(timeout=TIMEOUT))
                client = _client(distributed, local)
            else:
                client = _client(distributed, address)
        except (OSError, ImportError, RuntimeError) as error:
            if address == LOCAL:
                words = " ".join(str(error).split()) or type(error).__name__
                raise FileError(f"the local cluster cannot be started: {words}") from error
            reason = "has another version of dask" if isinstance(error, ImportError) else "does not answer"
            raise FileError(f"{address}: the dask scheduler {reason}; check the address") from error
        stack.callback(_ended, lambda: client.close(timeout=1))
        _check_workers(client, address)
        yield client


def _client(distributed: Any, address: Any) -> Any:
    """Return a client. dask's own timeout does not end the wait for a server that is no scheduler."""
    found: queue.SimpleQueue[Any] = queue.SimpleQueue()

    def start() -> None:
        try:
            found.put(distributed.Client(address, timeout=TIMEOUT, set_as_default=False))
        except BaseException as error:
            found.put(error)

    threading.Thread(target=start, daemon=True).start()
    try:
        client = found.get(timeout=TIMEOUT + LOOK)
    except queue.Empty:
        raise TimeoutError from None
    if isinstance(client, BaseException):
        raise client
    return client


def _ended(close: Callable[[], object]) -> None:
    """End a cluster or a client, which may have ended before."""
    with contextlib.suppress(Exception):
        close()


def _check_workers(client: Any, address: str) -> None:
    """Raise an error if there is no worker, or if one does not have this version."""
    distributed = required(address, "distributed", "cluster")
    try:
        client.wait_for_workers(1, timeout=TIMEOUT)
        found = client.run(_of_version(), on_error="return")
    except (TimeoutError, distributed.TimeoutError) as error:
        raise FileError(f"{address}: the cluster has no workers; start one and {AGAIN}") from error
    except (OSError, RuntimeError) as error:
        raise lost(address) from error
    for worker, version in found.items():
        if isinstance(version, Exception):
            raise FileError(f"{worker}: {MISSING.format(version)}")
        if version != imfilter.__version__:
            raise FileError(
                f"{worker}: the worker has imfilter {version}, and the command {imfilter.__version__}; "
                "install the same version"
            )


def _of_version() -> Callable[[], str]:
    """Return a function that is sent by its code, so that a worker without imfilter can say so."""

    def version() -> str:
        import imfilter

        return str(imfilter.__version__)

    return version


def lost(address: str) -> FileError:
    """Return the error about a cluster that does not answer any more."""
    return FileError(f"{address}: the connection to the cluster is lost")


class State:
    """How many threads a cluster has, which is asked now and then."""

    def __init__(self, client: Any, address: str) -> None:
        self._client, self._address = client, address
        self._asked, self._threads, self._seen = 0.0, 1, time.monotonic()

    def threads(self) -> int:
        """Return the number of threads. Raise an error if there have been none for some time."""
        now = time.monotonic()
        if now - self._asked < LOOK:
            return self._threads
        self._asked = now
        if self._client.status != "running":
            raise lost(self._address)
        try:
            found = sum(self._client.nthreads().values())
        except Exception as error:
            raise lost(self._address) from error
        if found:
            self._seen = now
        elif now - self._seen > TIMEOUT:
            raise FileError(f"{self._address}: the cluster has no workers any more")
        self._threads = max(found, 1)
        return self._threads
