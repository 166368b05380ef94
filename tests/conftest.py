"""Fixtures that several folders use."""

import functools
import gc
import hashlib
import os
import signal
import sys
import types
from dataclasses import replace

import numpy as np
import pytest

from imfilter._base.call_cache import Calls
from imfilter._filters.linear import apply as linear
from imfilter._filters.rank import apply as rank
from tests import longest, looping

#: The generators of random numbers of each module of tests, and their states before the first test.
_GENERATORS = {}


@pytest.fixture(scope="session", autouse=True)
def no_wait_for_the_disk():
    """Do not wait until files are on the disk, which no test could notice. Processes that tests start wait.

    The tests write thousands of files. The waits were a sixth of the time of the tests of the command.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", _without_waiting)
        yield


def _without_waiting(descriptor):
    """Check the descriptor as `os.fsync` does."""
    os.fstat(descriptor)


@pytest.fixture
def no_remembered_calls(monkeypatch):
    """Start without stored calls, so that a replaced part is used. Restore them after the test."""
    for module in (linear, rank):
        monkeypatch.setattr(module, "FAMILY", replace(module.FAMILY, calls=Calls()))


def pytest_configure(config):
    """Keep the order of files, and end at signals as usual.

    No garbage is collected while tests are: the search through 20,000 of them took a third of the time.

    A process that nohup started, or a shell in the background, ignores some signals. The processes that tests
    start inherit what is ignored.
    """
    if hasattr(config.option, "loadscopereorder"):  # pytest-xdist would start files with many tests first
        config.option.loadscopereorder = False
    for name in ("SIGHUP", "SIGQUIT"):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    gc.disable()


def pytest_collection_finish():
    """Prepare the tests."""
    _find_generators()
    _search_seldom()


def _find_generators():
    """Find the generators of random numbers at the top of modules."""
    for name, module in list(sys.modules.items()):
        if name.startswith("tests."):
            # `isinstance` would execute the modules that wait for their first use.
            values = [value for value in vars(module).values() if type(value) is np.random.Generator]
            _GENERATORS[name] = [(value.bit_generator, value.bit_generator.state) for value in values]


@functools.cache
def _read_by(name):
    """Return the generators of a module, and of modules that it imports, whole or a function or class."""
    names, found = [name], {}
    for one in names:
        found |= {id(generator): (generator, state) for generator, state in _GENERATORS[one]}
        for value in vars(sys.modules[one]).values():
            if type(value) is types.ModuleType:
                other = value.__name__
            elif type(value) in (types.FunctionType, functools._lru_cache_wrapper, type):
                other = value.__module__
            else:
                continue
            if other in _GENERATORS and other not in names:
                names.append(other)
    return list(found.values())


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item):
    """Begin a test, and each case of a loop in it, with random numbers that depend on its name alone."""
    with looping.prepared(lambda: begin_numbers(item)):
        return (yield)


def begin_numbers(item):
    """Set the generators that a test reads to a place that depends on its name."""
    place = int.from_bytes(hashlib.blake2b(item.nodeid.encode(), digest_size=16).digest())
    for generator, state in _read_by(item.module.__name__):
        generator.state = state
        generator.advance(place)


def _search_seldom():
    """Collect garbage from now on, but seldom, and do not search through the tests.

    The compiler makes millions of objects that live on. With Python's own threshold of 700 objects, three
    files took 102 s of processor time from an empty cache, and searches through objects 9.4 s of it. With
    this threshold they take 96 s and 3.6 s, and as much memory.
    """
    gc.freeze()
    gc.set_threshold(20_000)
    gc.enable()


def pytest_collection_modifyitems(items):
    """Put the longest files first, so that no process works alone at the end."""
    places = {path: place for place, path in enumerate(longest.files())}
    items.sort(key=lambda item: places.get(item.path, len(places)))


def pytest_unconfigure():
    """Search for garbage once, for exceptions while objects are deleted. pytest then searches five times.

    Each search took 0.4 s in a process with three million objects, of which the compiler makes most.
    """
    gc.collect()
    gc.freeze()
