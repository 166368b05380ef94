"""Fixtures that several folders use."""

import pytest

from imfilter._filters.linear import apply as linear
from imfilter._filters.rank import apply as rank


@pytest.fixture
def no_remembered_calls(monkeypatch):
    """Start without remembered calls, so that a replaced part is used; restore them after the test."""
    for module in (linear, rank):
        monkeypatch.setattr(module, "_calls", type(module._calls)())
