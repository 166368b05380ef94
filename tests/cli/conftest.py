"""Fixtures of the tests of the command."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Any

import pytest

from imfilter import cli
from imfilter._cli import streamed, strips
from imfilter._files import lazy


@pytest.fixture(scope="session", autouse=True)
def commands_are_built_once() -> Iterator[None]:
    """Keep the command of each filter: a process builds one, the tests thousands, in 1 to 2 of 6.5 ms."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cli, "_click_command", functools.cache(cli._click_command))
        yield


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Stream every file in bands of few rows. Collect the names of the outputs that are written in bands."""
    monkeypatch.setattr(streamed, "_SMALL", 0)
    monkeypatch.setattr(strips, "_BAND", 1)
    monkeypatch.setattr(lazy, "_READ", 1)
    names: list[str] = []
    writing = streamed._write

    def watched(made: Any, rows: Any, destination: str, *more: Any) -> None:
        names.append(destination)
        writing(made, rows, destination, *more)

    monkeypatch.setattr(streamed, "_write", watched)
    return names
