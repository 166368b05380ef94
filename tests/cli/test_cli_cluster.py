"""Arrays of zarr on a cluster of dask: values, work that goes on, and clusters that go away."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import imfilter
from imfilter._cli import blocks, cluster, connection, table
from imfilter._files import unfinished
from tests.cli.commands import done, failed, noise, run, said, subprocess_env
from tests.files.test_zarr import array, image

zarr = pytest.importorskip("zarr")
distributed = pytest.importorskip("distributed")
SHAPE, CHUNKS = (12, 24, 24), (4, 8, 8)  # 27 blocks


class Scheduler:
    """A cluster whose processes can be killed."""

    def __init__(self, folder: Path, workers: int) -> None:
        self.file = folder / "scheduler.json"
        options = ["--no-dashboard", "--port", "0", "--scheduler-file", str(self.file)]
        self.processes = [self._started("distributed.cli.dask_scheduler", *options)]
        while not self.file.exists() or not self.file.read_text():
            time.sleep(0.05)
        self.address = json.loads(self.file.read_text())["address"]
        for _ in range(workers):
            self.add()

    def _started(self, module: str, *options: str) -> Any:
        command = [sys.executable, "-m", module, *options]
        return subprocess.Popen(command, env=subprocess_env(), stderr=subprocess.DEVNULL)

    def add(self) -> None:
        """Start a worker."""
        options = ["--nthreads", "1", "--no-nanny", "--no-dashboard", "--death-timeout", "20"]
        self.processes.append(self._started("distributed.cli.dask_worker", self.address, *options))

    def kill(self, number: int) -> None:
        """Kill a process: the scheduler is number 0."""
        process = self.processes.pop(number)
        process.kill()
        process.wait()

    def end(self) -> None:
        """Kill all processes."""
        while self.processes:
            self.kill(-1)


@pytest.fixture(scope="module")
def scheduler(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scheduler]:
    found = Scheduler(tmp_path_factory.mktemp("cluster"), 2)
    with distributed.Client(found.address, set_as_default=False) as client:
        client.wait_for_workers(2, timeout=60)
    yield found
    found.end()


@pytest.fixture(autouse=True)
def single_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make every chunk a block."""
    monkeypatch.setattr(blocks, "SAMPLES", 1)


@pytest.fixture
def computed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Collect the names of the blocks that are computed."""
    names: list[str] = []
    adding = unfinished.Unfinished.add

    def add(self: Any, name: str) -> None:
        names.append(name)
        adding(self, name)

    monkeypatch.setattr(unfinished.Unfinished, "add", add)
    return names


def stopping(monkeypatch: pytest.MonkeyPatch, after: int, act: Callable[[], None]) -> None:
    """Do something when so many blocks are done."""
    adding = unfinished.Unfinished.add

    def add(self: Any, name: str) -> None:
        adding(self, name)
        if len(self.done) == after:
            act()

    monkeypatch.setattr(unfinished.Unfinished, "add", add)


def values(path: Path) -> np.ndarray:
    return zarr.open(path, mode="r")[...]


@pytest.mark.slow
@pytest.mark.parametrize("version", [2, 3])
def test_values(tmp_path: Path, scheduler: Scheduler, computed: list[str], version: int) -> None:
    pixels = noise(*SHAPE)
    source = array(tmp_path / "a.zarr", pixels, version, chunks=CHUNKS, attributes={"own": 1})
    words = ["--axes", "ZYX", "--cluster", scheduler.address]
    done("gaussian", source, tmp_path / "out.zarr", "--sigma", 2, *words)
    found = zarr.open(tmp_path / "out.zarr", mode="r")
    np.testing.assert_array_equal(found[...], imfilter.gaussian(pixels, 2))
    assert (found.chunks, dict(found.attrs), len(computed)) == (CHUNKS, {"own": 1}, 27)
    done("pipe", source, source, "gaussian --sigma 1.5", "sobel", *words)
    expected = imfilter.sobel(imfilter.gaussian(pixels.astype("f4"), 1.5))
    np.testing.assert_array_equal(values(source), expected)
    assert sorted(os.listdir(tmp_path)) == ["a.zarr", "out.zarr"]


@pytest.mark.slow
def test_thresholds_of_the_whole(tmp_path: Path, scheduler: Scheduler) -> None:
    pixels = noise(2, *SHAPE)
    pixels[1] //= 2
    names = {"_ARRAY_DIMENSIONS": [*"czyx"]}
    source = array(tmp_path / "a.zarr", pixels, 2, chunks=(1, *CHUNKS), attributes=names)
    words = ["--axes", "ZYX", "--cluster", scheduler.address]
    done("threshold", source, tmp_path / "out.zarr", *words)
    for found, volume in zip(values(tmp_path / "out.zarr"), pixels, strict=True):
        np.testing.assert_array_equal(found, volume > imfilter.threshold.otsu(volume))
    done("pipe", source, tmp_path / "pipe.zarr", "sobel", "threshold --method li", "dilate", *words)
    for found, volume in zip(values(tmp_path / "pipe.zarr"), pixels.astype("f4"), strict=True):
        edges = imfilter.sobel(volume)
        white = (edges > imfilter.threshold.li(edges)).astype("f4")
        np.testing.assert_array_equal(found, imfilter.morphology.dilation(white))


@pytest.mark.slow
def test_shards_and_levels(tmp_path: Path, scheduler: Scheduler, computed: list[str]) -> None:
    pixels = noise(16, 16, 32)
    source = array(tmp_path / "a.zarr", pixels, 3, chunks=(4, 4, 8), shards=(8, 8, 16))
    done("median", source, tmp_path / "out.zarr", "--axes", "ZYX", "--cluster", scheduler.address)
    np.testing.assert_array_equal(values(tmp_path / "out.zarr"), imfilter.median(pixels, 3))
    assert len(computed) == 8
    pixels = noise(1, 2, 5, 27, 20, dtype="uint16")
    source = image(tmp_path / "a.ome.zarr", pixels, 3)
    done("gaussian", source, tmp_path / "b.ome.zarr", "--levels", 3, "--cluster", scheduler.address)
    done("gaussian", source, tmp_path / "c.ome.zarr", "--levels", 3)
    found, whole = (zarr.open(tmp_path / f"{name}.ome.zarr", mode="r") for name in "bc")
    for level in "012":
        np.testing.assert_array_equal(found[level][...], whole[level][...])
    assert dict(found.attrs) == dict(whole.attrs)


@pytest.mark.slow
def test_a_worker_that_is_killed(
    tmp_path: Path, scheduler: Scheduler, computed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    pixels = noise(*SHAPE)
    source = array(tmp_path / "a.zarr", pixels, 3, chunks=CHUNKS)
    stopping(monkeypatch, 5, lambda: scheduler.kill(-1))
    done("median", source, tmp_path / "out.zarr", "--axes", "ZYX", "--cluster", scheduler.address)
    np.testing.assert_array_equal(values(tmp_path / "out.zarr"), imfilter.median(pixels, 3))
    assert len(computed) == len(set(computed)) == 27
    scheduler.add()


@pytest.mark.slow
def test_a_chunk_that_cannot_be_read_and_the_work_that_goes_on(
    tmp_path: Path, scheduler: Scheduler, computed: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    pixels = noise(*SHAPE)
    source = array(tmp_path / "a.zarr", pixels, 3, chunks=CHUNKS)
    chunk = source / "c" / "2" / "2" / "2"
    whole, status = chunk.read_bytes(), chunk.stat()
    chunk.write_bytes(bytes(len(whole)))
    os.utime(chunk, ns=(status.st_atime_ns, status.st_mtime_ns))
    words = ["median", source, tmp_path / "out.zarr", "--axes", "ZYX", "--cluster", scheduler.address]
    line = failed(capsys, 1, *words)
    assert line.startswith(f"{source}: block [")
    assert line.endswith(f"; {len(computed)} of 27 blocks are done, run the same command again to go on")
    assert sorted(os.listdir(tmp_path)) == ["a.zarr", "out.zarr.part"]
    before = len(computed)
    assert 0 < before < 27

    other = failed(capsys, 1, *words, "--size", 5)
    assert "holds unfinished work, and it is that of 'median --axes ZYX'" in other
    chunk.write_bytes(whole)
    assert "its input is another one" in failed(capsys, 1, *words)
    os.utime(chunk, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert run(*words) == 0
    assert said(capsys) == f"imfilter: note: {tmp_path / 'out.zarr'}: {before} of 27 blocks were done\n"
    assert len(computed) == len(set(computed)) == 27
    np.testing.assert_array_equal(values(tmp_path / "out.zarr"), imfilter.median(pixels, 3))
    assert sorted(os.listdir(tmp_path)) == ["a.zarr", "out.zarr"]


@pytest.mark.slow
def test_a_command_that_is_killed(tmp_path: Path, scheduler: Scheduler, computed: list[str]) -> None:
    pixels = noise(*SHAPE)
    source = array(tmp_path / "a.zarr", pixels, 3, chunks=CHUNKS)
    words = ["median", source, tmp_path / "out.zarr", "--axes", "ZYX", "--cluster", scheduler.address]
    words = [str(word) for word in words]
    code = "from imfilter._cli import blocks, cluster; blocks.SAMPLES = 1; import imfilter.cli as c"
    code += f"; cluster._AHEAD = 1; c.call({words})"
    listed = tmp_path / "out.zarr.part" / "done.txt"
    process = subprocess.Popen([sys.executable, "-c", code], env=subprocess_env())
    while process.poll() is None and not (listed.exists() and listed.read_text().count("\n") >= 3):
        time.sleep(0.001)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert sorted(os.listdir(tmp_path)) == ["a.zarr", "out.zarr.part"]
    with open(listed, "a") as file:
        file.write("0:1")  # a line that was not written to its end
    before = listed.read_text().count("\n")
    done(*words)
    assert len(computed) == 27 - before
    np.testing.assert_array_equal(values(tmp_path / "out.zarr"), imfilter.median(pixels, 3))
    assert sorted(os.listdir(tmp_path)) == ["a.zarr", "out.zarr"]


@pytest.mark.slow
def test_a_scheduler_that_is_killed(
    tmp_path: Path,
    computed: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    pixels = noise(*SHAPE)
    source = array(tmp_path / "a.zarr", pixels, 3, chunks=CHUNKS)
    found = Scheduler(tmp_path, 1)
    try:
        with monkeypatch.context() as patch:
            stopping(patch, 4, lambda: found.kill(0))
            words = ["median", source, tmp_path / "out.zarr", "--axes", "ZYX", "--cluster"]
            line = failed(capsys, 1, *words, found.address)
        number = len(computed)
        assert line == (
            f"{found.address}: the connection to the cluster is lost; {number} of 27 blocks are done, "
            "run the same command again to go on"
        )
    finally:
        found.end()
    done(*words, "local", "--workers", 1)
    assert len(computed) == len(set(computed)) == 27
    np.testing.assert_array_equal(values(tmp_path / "out.zarr"), imfilter.median(pixels, 3))


@pytest.mark.slow
def test_a_full_disk(
    tmp_path: Path, scheduler: Scheduler, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    source = array(tmp_path / "a.zarr", noise(*SHAPE), 3, chunks=CHUNKS)

    def full(self: Any, name: str) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(unfinished.Unfinished, "add", full)
    out = tmp_path / "out.zarr"
    line = failed(capsys, 1, "median", source, out, "--cluster", scheduler.address)
    assert line.startswith(f"{out}: cannot be written: No space left on device; 0 of ")
    assert not out.exists()


@pytest.mark.slow
def test_no_worker_that_can_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(connection, "TIMEOUT", 0.2)
    monkeypatch.setattr(connection, "LOOK", 0.2)
    source = array(tmp_path / "a.zarr", noise(*SHAPE), 3, chunks=CHUNKS)
    words = ["median", source, tmp_path / "out.zarr", "--cluster"]
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"tcp://127.0.0.1:{server.getsockname()[1]}"
        line = failed(capsys, 1, *words, address)
    assert line == f"{address}: the dask scheduler does not answer; check the address"
    line = failed(capsys, 1, *words, address)
    assert line == f"{address}: the dask scheduler does not answer; check the address"
    check = connection._check_workers

    def soon(client: Any, address: str) -> None:
        """Wait long for the scheduler, but not for workers."""
        monkeypatch.setattr(connection, "TIMEOUT", 0.2)
        check(client, address)

    found = Scheduler(tmp_path, 0)
    try:
        monkeypatch.setattr(connection, "TIMEOUT", 5.0)
        monkeypatch.setattr(connection, "_check_workers", soon)
        line = failed(capsys, 1, *words, found.address)
        assert line.startswith(f"{found.address}: the cluster has no workers; start one")
    finally:
        found.end()
    assert sorted(path.name for path in tmp_path.glob("*.zarr*")) == ["a.zarr"]


@pytest.mark.slow
def test_a_worker_without_the_package(
    tmp_path: Path, scheduler: Scheduler, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    source = array(tmp_path / "a.zarr", noise(*SHAPE), 3, chunks=CHUNKS)

    def missing() -> Any:
        def version() -> str:
            import imfilter_that_is_not_installed

            return str(imfilter_that_is_not_installed.__version__)

        return version

    monkeypatch.setattr(connection, "_of_version", missing)
    line = failed(capsys, 1, "median", source, tmp_path / "out.zarr", "--cluster", scheduler.address)
    assert "a worker cannot import imfilter (No module named" in line
    monkeypatch.setattr(connection, "_of_version", lambda: lambda: "0.0.1")
    line = failed(capsys, 1, "median", source, tmp_path / "out.zarr", "--cluster", scheduler.address)
    assert "the worker has imfilter 0.0.1, and the command" in line


def test_what_does_not_run_on_a_cluster(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = array(tmp_path / "a.zarr", noise(*SHAPE), 3, chunks=CHUNKS)
    out = tmp_path / "out.zarr"
    line = failed(capsys, 2, "median", source, tmp_path / "out.npy", "--cluster", "local")
    assert line.startswith("--cluster is for zarr as IN and as OUT, got ")
    line = failed(capsys, 2, "median", source, source, f"{tmp_path / 'out'}/", "--cluster", "local")
    assert line.startswith("--cluster is for one array of zarr at a time")
    line = failed(capsys, 2, "median", source, out, "--cluster", "there")
    assert "is not local or the address of a dask scheduler, as in tcp://HOST:8786" in line
    line = failed(capsys, 2, "median", source, out, "--cluster", "tcp://h:1", "--workers", 2)
    assert line.startswith("--workers is for --cluster local")
    line = failed(capsys, 2, "hog", source, out, "--cluster", "local")
    assert line == "hog needs the whole array at once; leave out --cluster"
    line = failed(capsys, 2, "clahe", source, out, "--axes", "ZYX", "--cluster", "local")
    assert line == "clahe needs the whole array at once; leave out --cluster"
    line = failed(capsys, 1, "median", tmp_path / "typo.zarr", out, "--cluster", "local")
    assert line.endswith("typo.zarr: cannot be read: No such file or directory")
    assert os.listdir(tmp_path) == ["a.zarr"]


def test_arrays_of_steps_are_described_whole() -> None:
    kernel = np.zeros((40, 40))
    kernel[0, 0] = 1
    other = kernel.copy()
    other[20, 20] = 1e-12
    assert cluster._described(kernel) != cluster._described(other)
    correlate = table.find("correlate", table.COMMANDS)
    assert correlate is not None
    assert cluster._words(correlate, {"kernel": kernel}) == "correlate --kernel (an array of shape (40, 40))"


def test_only_names_of_files_become_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("reflect", "YX", "mask.png"):
        Path(name).touch()
    gaussian = table.find("gaussian", table.COMMANDS)
    assert gaussian is not None
    options = {"mode": "reflect", "axes": "YX", "mask": "mask.png"}
    found = cluster._absolute(gaussian, options)
    assert found == {**options, "mask": str(tmp_path / "mask.png")}


def test_the_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    source = array(tmp_path / "a.zarr", noise(*SHAPE), 3, chunks=CHUNKS)
    monkeypatch.setitem(sys.modules, "distributed", None)
    line = failed(capsys, 1, "median", source, tmp_path / "out.zarr", "--cluster", "local")
    assert line.endswith(
        'needs the package distributed, which is not installed: pip install "imfilter[cluster]"'
    )


def test_one_command_writes_at_a_time(tmp_path: Path) -> None:
    description = {unfinished.TITLE: "median"}
    with (
        unfinished.opened(str(tmp_path / "out.zarr"), description) as part,
        pytest.raises(OSError, match="another command is writing it"),
        unfinished.opened(str(tmp_path / "out.zarr"), description),
    ):
        part.begin(lambda: None)
    assert os.listdir(tmp_path) == []
