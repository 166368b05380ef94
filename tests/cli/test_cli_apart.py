"""What a large picture needs is compiled in a copy of the process, whose memory the system gets back."""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from imfilter import io
from imfilter._cli import apart, ending, messages
from imfilter._simd import code_files, jit
from tests.cli.commands import noise, subprocess_env
from tests.cli.streaming import tiff
from tests.files.test_zarr import image

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only there a copy compiles")
# Writes the number of each process that compiles.
COMPILING = """
import os, sys
from imfilter import cli
from imfilter._simd import jit

compile = jit.Kernel._compile
def told(*arguments):
    os.write(1, b"%d\\n" % os.getpid())
    return compile(*arguments)
jit.Kernel._compile = told
cli.main()
"""
# Waits in the compiler.
WAITING = """
import os, time
from imfilter import cli
from imfilter._simd import jit

def wait(*arguments):
    os.write(1, b"%d\\n" % os.getpid())
    time.sleep(100)
jit.Kernel._compile = wait
cli.main()
"""


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """The threads of the tests do not count."""
    monkeypatch.setattr(threading, "enumerate", lambda: [threading.current_thread()])


def refused() -> int:
    """Do what a system does that allows no more processes."""
    raise BlockingIOError


def kernel(file: Path, compiles: Callable[[], object]) -> Callable[[], int]:
    """Work that needs a kernel, which is kept if the file exists."""

    def work() -> int:
        if not file.exists():
            if jit.only_kept.get():
                raise jit.NotKept
            compiles()
            file.write_text(str(os.getpid()))
        return int(file.read_text())

    return work


def test_a_copy_compiles_once(tmp_path: Path) -> None:
    work = kernel(tmp_path / "kernel", lambda: None)
    copy = apart.compiled(work)
    assert copy != os.getpid()
    assert apart.compiled(work) == copy, "what is kept is not compiled"
    assert not jit.only_kept.get()


def test_a_copy_has_positions_of_its_own(tmp_path: Path) -> None:
    """A buffered file does not look where it is, so a copy that reads must not move it."""
    path, data = tmp_path / "data", os.urandom(100_000)
    path.write_bytes(data)
    with path.open("rb") as file:
        begin = file.read(4096)  # reads more into the buffer

        def compiles() -> None:
            assert begin + file.read() == data
            (tmp_path / "right").touch()

        apart.compiled(kernel(tmp_path / "kernel", compiles))
        assert (tmp_path / "right").exists(), "the copy read what follows"
        assert begin + file.read(50_000) == data[:54_096]


def test_a_copy_collects_garbage(tmp_path: Path) -> None:
    enabled = gc.isenabled()
    gc.disable()  # as the command does
    try:
        apart.compiled(kernel(tmp_path / "kernel", lambda: (tmp_path / "gc").write_text(str(gc.isenabled()))))
        assert not gc.isenabled()
    finally:
        (gc.enable if enabled else gc.disable)()
    assert (tmp_path / "gc").read_text() == "True"


@pytest.mark.parametrize("why", ["thread", "folder", "fork", "system"])
def test_this_process_compiles_where_no_copy_can(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, why: str
) -> None:
    if why == "thread":
        monkeypatch.setattr(threading, "enumerate", lambda: [threading.Thread()])
    elif why == "folder":
        monkeypatch.setattr(code_files, "can_keep", lambda: False)
    elif why == "fork":
        monkeypatch.setattr(os, "fork", refused)
    else:
        monkeypatch.setattr(sys, "platform", "darwin")
    assert apart.compiled(kernel(tmp_path / "kernel", lambda: None)) == os.getpid()


@pytest.mark.parametrize("name", [ending.WAITING, "imfilter_0", "zarr_io", "zarr_pool_0", "asyncio_3"])
def test_a_thread_that_waits_does_not_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """It waits for signals, for a part of a filter, or for chunks to read."""
    monkeypatch.setattr(threading, "enumerate", lambda: [threading.Thread(name=name)])
    assert apart.compiled(kernel(tmp_path / "kernel", lambda: None)) != os.getpid()


def test_an_error_of_the_work_is_raised(tmp_path: Path) -> None:
    def fails() -> None:
        raise ValueError(os.getpid())

    with pytest.raises(ValueError, match=str(os.getpid())):
        apart.compiled(kernel(tmp_path / "kernel", fails))


def test_a_message_is_said_once(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    work = kernel(tmp_path / "kernel", lambda: None)

    def speaks() -> int:
        messages.say("warning", "before")
        made = work()
        messages.say("warning", "after")
        return made

    with messages.once():
        assert apart.compiled(speaks) != os.getpid()
    assert capfd.readouterr().err == "imfilter: warning: before\nimfilter: warning: after\n"


def test_messages_before_an_error_are_said(capfd: pytest.CaptureFixture[str]) -> None:
    def fails() -> None:
        messages.say("warning", "before")
        raise ValueError

    with pytest.raises(ValueError, match=r"^$"):
        apart.compiled(fails)
    assert capfd.readouterr().err == "imfilter: warning: before\n"


def test_a_copy_whose_status_the_system_takes(tmp_path: Path) -> None:
    before = signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    try:
        assert apart.compiled(kernel(tmp_path / "kernel", lambda: None)) != os.getpid()
    finally:
        signal.signal(signal.SIGCHLD, before)


def test_a_part_of_other_work_has_a_copy_of_its_own(tmp_path: Path) -> None:
    copies = tmp_path / "copies"
    copies.mkdir()
    work = kernel(tmp_path / "kernel", lambda: (copies / str(os.getpid())).touch())
    found = apart.compiled(lambda: apart.compiled(work))
    assert found != os.getpid()
    assert os.listdir(copies) == [str(found)]


def test_a_copy_that_is_killed_is_no_error(tmp_path: Path) -> None:
    this = os.getpid()

    def killed() -> None:
        if os.getpid() != this:
            os.kill(os.getpid(), signal.SIGKILL)

    assert apart.compiled(kernel(tmp_path / "kernel", killed)) == this


def test_a_copy_that_hangs_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It waits for a lock that no thread of it will release, or computes for ever. This process compiles."""
    this, lock = os.getpid(), threading.Lock()
    monkeypatch.setattr(apart, "_LOOK", 0.01)

    def waits() -> None:
        if os.getpid() != this:
            (tmp_path / "copy").write_text(str(os.getpid()))
            lock.acquire()

    def computes() -> None:
        if os.getpid() != this:
            (tmp_path / "copy").write_text(str(os.getpid()))
        while os.getpid() != this:
            pass

    for number, (work, limit) in enumerate([(waits, "_IDLE"), (computes, "_LONGEST")]):
        with lock, monkeypatch.context() as patched:
            patched.setattr(apart, limit, 0.3)
            before = len(os.listdir("/proc/self/fd"))
            assert apart.compiled(kernel(tmp_path / f"kernel{number}", work)) == this
            assert len(os.listdir("/proc/self/fd")) == before
        with pytest.raises(ProcessLookupError):
            os.kill(int((tmp_path / "copy").read_text()), 0)


def test_a_copy_that_works_for_long_is_not_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apart, "_LOOK", 0.05)
    monkeypatch.setattr(apart, "_IDLE", 0.5)

    def computes() -> None:
        end = time.monotonic() + 1.5
        while time.monotonic() < end:
            sum(range(1000))

    assert apart.compiled(kernel(tmp_path / "kernel", computes)) != os.getpid()


@contextlib.contextmanager
def command(source: Path, code: str, name: str = "erode", *steps: str) -> Iterator[subprocess.Popen[str]]:
    """The command as a process, with an empty folder for compiled code."""
    words = [name, source, source.with_name(f"out{source.suffix}"), *steps]
    with subprocess.Popen(
        [sys.executable, "-c", code, *map(str, words)],
        env=subprocess_env() | {"IMFILTER_CACHE_DIR": str(source.with_name("cache"))},
        stdout=subprocess.PIPE,
        text=True,
    ) as running:
        try:
            yield running
        finally:
            running.kill()


@pytest.mark.slow  # compiles into an empty folder
@pytest.mark.parametrize(("name", "copies"), [("erode", 1), ("sobel", 2)])  # sobel: for the edge, for a band
def test_the_command_compiles_for_a_large_picture_in_a_copy(tmp_path: Path, name: str, copies: int) -> None:
    source = tiff(tmp_path / "in.tif", noise(4200, 4000))
    with command(source, COMPILING, name) as running:
        found = set(running.communicate()[0].split())
    assert running.returncode == 0
    assert len(found) == copies
    assert str(running.pid) not in found
    assert (tmp_path / "out.tif").stat().st_size > 4200 * 4000


@pytest.mark.slow  # compiles into an empty folder
def test_steps_before_a_threshold_are_compiled_in_a_copy(tmp_path: Path) -> None:
    """Threads compute their bands. The threshold itself is compiled when threads exist, so in no copy."""
    source = tiff(tmp_path / "in.tif", noise(4200, 4000))
    with command(source, COMPILING, "pipe", "erode", "threshold") as running:
        first, *_ = running.communicate()[0].split()
    assert running.returncode == 0
    assert first != str(running.pid)


@pytest.mark.slow  # compiles into an empty folder
@pytest.mark.parametrize(
    "words",
    [
        ["median", "--axes", "ZYX"],
        ["threshold", "--axes", "ZYX"],
        ["threshold", "--axes", "X", "--method", "mean"],
        ["pipe", "sobel", "threshold --method li", "--axes", "YX"],
        ["gaussian", "--levels", "2"],
    ],
    ids="_".join,
)
def test_the_command_compiles_for_an_array_of_zarr_in_a_copy(tmp_path: Path, words: list[str]) -> None:
    """Also the sums of thresholds and of levels, and the steps before a threshold."""
    pytest.importorskip("zarr")
    source = image(tmp_path / "in.zarr", noise(1, 1, 13, 40, 50, dtype="uint16"), 3)
    code = f"from imfilter._cli import blockwise; blockwise._LARGE = 0{COMPILING}"
    with command(source, code, *words) as running:
        found = set(running.communicate()[0].split())
    assert running.returncode == 0
    assert found
    assert str(running.pid) not in found


@pytest.mark.slow  # compiles into an empty folder
@pytest.mark.parametrize("words", [["median", "--axes", "YX"], ["pipe", "erode", "threshold"]], ids="_".join)
@pytest.mark.parametrize("together", [1, 1 << 26])
def test_the_command_compiles_for_a_stack_in_a_copy(tmp_path: Path, words: list[str], together: int) -> None:
    """Pages are filtered alone, or some together with those around them."""
    io.write(tmp_path / "in.tif", io.Image(noise(13, 40, 50), axes="ZYX"))
    code = f"from imfilter._cli import stack_work; stack_work._FRAMES = {together}{COMPILING}"
    with command(tmp_path / "in.tif", code, *words) as running:
        found = set(running.communicate()[0].split())
    assert running.returncode == 0
    assert found
    assert str(running.pid) not in found


@pytest.mark.slow  # starts processes
def test_the_copy_ends_with_the_command(tmp_path: Path) -> None:
    source = tiff(tmp_path / "in.tif", noise(4200, 4000))
    for number in (signal.SIGTERM, signal.SIGINT):
        with command(source, WAITING) as running:
            assert running.stdout is not None
            copy = int(running.stdout.readline())
            assert copy != running.pid
            running.send_signal(number)
            assert running.wait(20) == -number
        for _ in range(200):
            try:
                os.kill(copy, 0)
            except ProcessLookupError:
                break
            time.sleep(0.05)
        else:
            pytest.fail("the copy is still there")
    assert [path.name for path in tmp_path.iterdir() if "out" in path.name] == []
