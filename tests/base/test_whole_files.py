"""The scheduler of the tests gives away the same files as `--dist=loadfile`, also if a process ends."""

import itertools
from types import SimpleNamespace

import pytest

pytest.importorskip("xdist")
from xdist.scheduler import LoadFileScheduling
from xdist.scheduler.loadscope import Producer

from tests.whole_files import WholeFiles

SIZES = (1, 7, 3, 1, 1, 12, 2, 5)
NAMES = [f"tests/test_{file}.py::test_{i}" for file, size in enumerate(SIZES) for i in range(size)]


class Process:
    """A process that is given tests by their places."""

    def __init__(self, name):
        self.gateway = SimpleNamespace(id=name)
        self.shutting_down = False
        self.given, self.done = [], 0

    def send_runtest_some(self, places):
        self.given += places

    def shutdown(self):
        self.shutting_down = True


def events(kind, lost):
    """Run all tests with two processes by turns, of which one may end. Return what happened in order."""
    config = SimpleNamespace(
        getvalue=lambda name: ["popen", "popen"], option=SimpleNamespace(loadscopereorder=False)
    )
    scheduler, happened = kind(config, Producer("", enabled=False)), []
    processes = [Process("first"), Process("second")]
    for process in processes:
        scheduler.add_node(process)
        scheduler.add_node_collection(process, list(NAMES))
    scheduler.schedule()
    for turn in itertools.count():
        if turn == lost:
            happened.append(scheduler.remove_node(processes.pop()))
        at_work = [process for process in processes if process.done < len(process.given)]
        if not at_work:
            break
        process = at_work[turn % len(at_work)]
        place = process.given[process.done]
        process.done += 1
        scheduler.mark_test_complete(process, place)
        happened.append((process.gateway.id, place, scheduler.has_pending, scheduler.tests_finished))
    return happened


@pytest.mark.parametrize("lost", [None, 0, 1, 5, 8, 20])
def test_files_are_given_as_by_loadfile(lost):
    found = events(WholeFiles, lost)
    assert found == events(LoadFileScheduling, lost)
    assert len(found) >= len(NAMES) if lost is None else len(found) > 1
