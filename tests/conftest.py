"""Fixtures that several folders use."""

import signal
from dataclasses import replace

import pytest

from imfilter._base.call_cache import Calls
from imfilter._filters.linear import apply as linear
from imfilter._filters.rank import apply as rank


@pytest.fixture
def no_remembered_calls(monkeypatch):
    """Start without remembered calls, so that a replaced part is used; restore them after the test."""
    for module in (linear, rank):
        monkeypatch.setattr(module, "FAMILY", replace(module.FAMILY, calls=Calls()))


@pytest.fixture
def interruptible():
    """Have SIGINT raise KeyboardInterrupt, also in a process that was started to ignore it, as with nohup."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)
