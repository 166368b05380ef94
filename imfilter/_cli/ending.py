"""End of the process: remove partial files, and set the exit status."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Iterator
from typing import Any

import click

from .._files import partial
from . import messages

# Signals of program errors, and signals that by default do not end a process.
_UNHANDLED = "BUS FPE ILL SEGV TRAP SYS ABRT CHLD CLD CONT STOP KILL TSTP TTIN TTOU URG WINCH INFO"
_SHOW_CURSOR = b"\r\033[?25h"
#: Name of the thread that waits for signals.
WAITING = "imfilter-signals"
_bars = 0  # number of progress bars on the terminal; they hide its cursor


def on_signals() -> None:
    """Remove partial files before a signal ends the process.

    A separate thread waits for the signals, because Python would handle them only after a filter is done.
    Then the signal itself ends the process, so that shells see the signal. Ignored signals stay ignored.
    """
    if not hasattr(signal, "sigwait"):  # on Windows, Ctrl-C is the only signal, and it raises an exception
        return
    unhandled = {getattr(signal, f"SIG{name}", None) for name in _UNHANDLED.split()}
    defaults = (signal.SIG_DFL, signal.default_int_handler)
    waited = {n for n in signal.valid_signals() if n not in unhandled and signal.getsignal(n) in defaults}
    if signal.SIGINT in waited:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_BLOCK, waited)
    threading.Thread(target=_wait, args=(waited,), name=WAITING, daemon=True).start()


def _wait(waited: set[int]) -> None:
    number = signal.sigwait(waited)
    partial.remove_all()
    if _bars:
        with contextlib.suppress(OSError, AttributeError, ValueError):
            os.write(sys.stderr.fileno(), _SHOW_CURSOR)  # 2, or another while decoders are silent
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {number})
    os.kill(os.getpid(), number)


@contextlib.contextmanager
def progress(*arguments: Any, **options: Any) -> Iterator[Any]:
    """Show a progress bar on standard error. The cursor is always restored."""
    global _bars
    with click.progressbar(*arguments, file=sys.stderr, **options) as bar:
        _bars += 1
        try:
            yield bar
        finally:
            _bars -= 1


def discard() -> None:
    """Discard all further output, because standard output is closed."""
    with contextlib.suppress(OSError, AttributeError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def flushed(code: int) -> int:
    """Flush standard output, and return the exit code. It is 1 if the flush fails."""
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except BrokenPipeError:  # the reader closed the pipe
        discard()
    except OSError as error:
        discard()
        if code == 0:
            return full(error)
    return code


def full(error: OSError) -> int:
    """Report that standard output cannot be written, and return the exit code."""
    messages.say("error", f"standard output: cannot be written: {error.strerror or error}")
    return 1
