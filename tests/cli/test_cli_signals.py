"""A signal ends the command as it ends every program, and nothing half-written stays."""

from __future__ import annotations

import json
import os
import pty
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.commands import COINS, subprocess_env

pytestmark = pytest.mark.slow  # each test starts processes
SIGNALS = [
    *("SIGHUP", "SIGINT", "SIGQUIT", "SIGTERM", "SIGUSR1", "SIGUSR2", "SIGALRM", "SIGVTALRM", "SIGPROF"),
    *("SIGXCPU", "SIGIO", "SIGRTMIN", "SIGRTMAX"),
]
# The file is written but for its last step, of which the test is told.
WRITING = """
import os, sys, time

def wait(descriptor):
    print("written", flush=True)
    time.sleep(100)
os.fsync = wait
from imfilter import cli
cli.main()
"""
# The same for commands of which each has a signal. Prints how they end.
COPIES = """
import json, os, sys, time
import imfilter
from imfilter import cli, io

commands, codes = json.loads(sys.argv[1]), []
imfilter.box(io.read(commands[0][2]).pixels, 1, workers=1)  # imports what the commands need
for number, *words in commands:
    reading, writing = os.pipe()
    copy = os.fork()
    if copy == 0:
        def wait(descriptor):
            os.write(writing, b"w")
            time.sleep(100)
        os.fsync, sys.argv = wait, ["imfilter", *words]
        try:
            cli.main()
        finally:
            os._exit(99)
    os.close(writing)
    if os.read(reading, 1) == b"w":
        os.kill(copy, number)
    codes.append(os.waitstatus_to_exitcode(os.waitpid(copy, 0)[1]))
    os.close(reading)
print(json.dumps(codes))
"""
# A filter that takes long and never comes back to Python.
FILTERING = """
import ctypes
import imfilter
def long(*arguments, **options):
    print("written", flush=True)
    ctypes.CDLL(None).sleep(100)
imfilter.box = long
from imfilter import cli
cli.main()
"""


def no_core() -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def start(code: str, out: Path, before: Callable[[], None] = no_core, *options: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", code, "box", str(COINS), str(out), "--size", "1", *options],
        env=subprocess_env(),
        preexec_fn=before,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ended(running: subprocess.Popen[str], number: int) -> str:
    """Send a signal when the command has come to the place; return what it said."""
    assert running.stdout is not None
    assert running.stdout.readline() == "written\n"
    running.send_signal(number)
    errors = running.communicate(timeout=60)[1]
    assert running.returncode == -number
    return "".join(line for line in errors.splitlines() if "compiling" not in line)


def test_the_part_that_is_written_goes(tmp_path: Path) -> None:
    """Each command is a process of its own, a copy of one that has imported the package."""
    cases = [(name, old) for name in SIGNALS if hasattr(signal, name) for old in (None, b"old")]
    commands = []
    for place, (name, old) in enumerate(cases):
        out = tmp_path / str(place) / "out.png"
        out.parent.mkdir()
        if old is not None:
            out.write_bytes(old)
        commands.append([int(getattr(signal, name)), "box", str(COINS), str(out), "--size", "1"])
    done = subprocess.run(
        # From Python 3.12 on, a warning tells of threads. Those of Numba and OpenBLAS wait.
        [sys.executable, "-W", "ignore::DeprecationWarning", "-c", COPIES, json.dumps(commands)],
        env=subprocess_env(),
        preexec_fn=no_core,
        capture_output=True,
        text=True,
        timeout=500,
        check=True,
    )
    assert [line for line in done.stderr.splitlines() if "compiling" not in line] == []
    codes = dict(zip(cases, json.loads(done.stdout), strict=True))
    assert codes == {case: -int(getattr(signal, case[0])) for case in cases}
    for place, (name, old) in enumerate(cases):
        left = {path.name: path.read_bytes() for path in (tmp_path / str(place)).iterdir()}
        assert left == ({"out.png": old} if old else {}), (name, old)


@pytest.mark.parametrize("name", ["SIGHUP", "SIGINT", "SIGTERM"])
def test_a_filter_that_runs_long_ends_at_once(tmp_path: Path, name: str) -> None:
    began = time.monotonic()
    assert ended(start(FILTERING, tmp_path / "out.png"), getattr(signal, name)) == ""
    assert time.monotonic() - began < 60  # the filter would take 100 s
    assert os.listdir(tmp_path) == []


def ignoring() -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)


def test_a_signal_that_is_ignored_stays_ignored(tmp_path: Path) -> None:
    """As it is under nohup."""
    code = WRITING.replace("time.sleep(100)", "os.kill(os.getpid(), 1); time.sleep(0.5)")
    running = start(code, tmp_path / "out.png", ignoring)
    running.communicate(timeout=60)
    assert running.returncode == 0
    assert os.listdir(tmp_path) == ["out.png"]


def test_a_plot_and_its_table_both_go(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    (tmp_path / "in.csv").write_text("1\n2\n3\n")
    table, result, plot = (str(tmp_path / name) for name in ("in.csv", "out.csv", "out.png"))
    arguments = ["median", table, result, "--size", "3", "--plot", plot]
    running = subprocess.Popen(
        [sys.executable, "-c", WRITING, "series", *arguments],
        env=subprocess_env(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    ended(running, signal.SIGTERM)
    assert os.listdir(tmp_path) == ["in.csv"]


def test_the_cursor_comes_back() -> None:
    """A progress bar hides it on a terminal."""
    code = (
        "import os, signal, time\n"
        "from imfilter._cli import ending\n"
        "ending.on_signals()\n"
        "with ending.progress(range(3)) as bar:\n"
        "    for step in bar:\n"
        "        os.kill(os.getpid(), signal.SIGTERM)\n"
        "        time.sleep(60)\n"
    )
    terminal, other = pty.openpty()
    with subprocess.Popen([sys.executable, "-c", code], env=subprocess_env(), stderr=other) as running:
        os.close(other)
        shown = b""
        try:
            while piece := os.read(terminal, 1000):
                shown += piece
        except OSError:  # how a terminal ends
            pass
        os.close(terminal)
        assert running.wait(60) == -signal.SIGTERM
    assert b"\x1b[?25l" in shown
    assert shown.endswith(b"\x1b[?25h")


def test_the_library_alone_changes_no_signal() -> None:
    """It belongs to another program, whose signals they are."""
    code = (
        "import signal\n"
        "before = [signal.getsignal(n) for n in signal.valid_signals()]\n"
        "import imfilter, imfilter.cli, imfilter.io\n"
        "assert [signal.getsignal(n) for n in signal.valid_signals()] == before\n"
        "assert signal.pthread_sigmask(signal.SIG_BLOCK, []) == set()\n"
    )
    subprocess.run([sys.executable, "-c", code], env=subprocess_env(), check=True)
