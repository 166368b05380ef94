"""Fixtures of the tests of weighted sums."""

import pytest

from imfilter._filters.linear import planner


@pytest.fixture
def by_transform(monkeypatch, no_remembered_calls):
    """Make the planner choose transforms for every kernel."""
    choose = planner.choose
    monkeypatch.setattr(
        planner, "choose", lambda *args, **options: choose(*args, **options | {"method": "fft"})
    )
