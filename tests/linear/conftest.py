"""Fixtures of the tests of weighted sums."""

import pytest

from imfilter._filters.linear import planner


@pytest.fixture
def by_transform(monkeypatch, no_remembered_calls):
    """Make the planner choose transforms for every kernel."""
    choose = planner.choose

    def chosen(operator, request, *others):
        return choose(operator, request._replace(method="fft"), *others)

    monkeypatch.setattr(planner, "choose", chosen)
