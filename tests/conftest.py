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


@pytest.fixture
def interruptible():
    """Make SIGINT raise KeyboardInterrupt, also in a process that ignores SIGINT, as with nohup."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)
