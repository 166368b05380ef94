"""Fixtures that several folders use."""

import signal
from dataclasses import replace

import pytest

from imfilter._base.call_cache import Calls
from imfilter._filters.linear import apply as linear
from imfilter._filters.rank import apply as rank


@pytest.fixture
def no_remembered_calls(monkeypatch):
    """Start without stored calls, so that a replaced part is used. Restore them after the test."""
    for module in (linear, rank):
        monkeypatch.setattr(module, "FAMILY", replace(module.FAMILY, calls=Calls()))


def pytest_configure():
    """End at signals as usual: a process that nohup started, or a shell in the background, ignores some.

    The processes that tests start inherit what is ignored.
    """
    for name in ("SIGHUP", "SIGQUIT"):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
