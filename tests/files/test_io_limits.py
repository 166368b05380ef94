"""A file of a megabyte is refused within 2 s of the processor and 300 MB, whatever it claims."""

from __future__ import annotations

import json
import pickle
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.commands import subprocess_env
from tests.files import hostile
from tests.files.pictures import ROOT

pytestmark = pytest.mark.slow

# The process ends if it needs more memory than the limit, or 10 s. There is one arena for all threads, so
# that the memory that is asked for is what counts. Of up to three times, the least counts: other processes
# make a processor slower for a moment.
READER = """
import json, logging, os, pickle, resource, signal, sys, time, warnings
WITHOUT = sys.argv[2] == "without"
if WITHOUT:
    sys.modules["imagecodecs"] = None
from imfilter import io
from imfilter._files import pictures, tiff
logging.disable(logging.CRITICAL)
warnings.simplefilter("ignore")
files = pickle.load(open(sys.argv[1], "rb"))
path = sys.argv[1] + ".file"


def attempt(data):
    with open(path, "wb") as file:
        file.write(data)
    try:
        return "read " + str(io.read(path).pixels.shape)
    except io.FileError as error:
        return str(error)
    except MemoryError:
        return "MemoryError"


for _, data in files[: int(sys.argv[3])]:  # sound files, for what is loaded on first use
    attempt(data)
pages = int(open("/proc/self/statm").read().split()[0])
limit = pages * resource.getpagesize() + 300 * 2**20
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
for name, data in files[int(sys.argv[3]):]:
    print(json.dumps(name), end=" ", flush=True)
    signal.setitimer(signal.ITIMER_PROF, 10)
    least = 10
    for _ in range(3):
        begin = time.process_time()
        said = attempt(data)
        least = min(least, time.process_time() - begin)
        if least < 2:
            break
    signal.setitimer(signal.ITIMER_PROF, 0)
    print(json.dumps(said), f"{least:.3f}", flush=True)
"""


def outcomes(tmp_path: Path, files: list[tuple[str, bytes]], packages: str) -> dict[str, str]:
    """Read files in a process with limits, and return what came of each."""
    sound = list(hostile.seeds())
    (tmp_path / "files").write_bytes(pickle.dumps(sound + files))
    command = [sys.executable, "-c", READER, str(tmp_path / "files"), packages, str(len(sound))]
    environment = subprocess_env() | {"MALLOC_ARENA_MAX": "1", "OMP_NUM_THREADS": "1"}
    process = subprocess.run(
        command,
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=500,
    )
    lines = process.stdout.splitlines()
    why = f"signal {signal.Signals(-process.returncode).name}" if process.returncode < 0 else process.stderr
    assert process.returncode == 0, f"{lines[-1]}: {why}"
    found = {}
    decoder = json.JSONDecoder()
    for line in lines:
        name, place = decoder.raw_decode(line)
        found[name], place = decoder.raw_decode(line, place + 1)
        assert float(line[place:]) < 2, (name, line[place:])
    assert len(found) == len(files)
    prefix = f"{tmp_path}/files.file: "
    for name, said in found.items():
        assert said.startswith((prefix, "read (")), (name, said)
        assert "\n" not in said, name
        assert len(said) < 500, name
        assert not any(words in said for words in NO_MEMORY), (name, said)
    return {name: said.removeprefix(prefix) for name, said in found.items()}


NO_MEMORY = ("for the memory of this machine", "MemoryError", "llocat")

#: What is sound enough to be read: bombs of which a reader takes only what it needs, and long ways round.
READ = {
    "a PNG that unpacks to a gigabyte",
    "EXIF of overlapping values in a PNG",
    "EXIF of overlapping values that is cut short",
    "EXIF of overlapping values in a JPEG",
    "EXIF of overlapping values in a TIFF",
    "EXIF in text",
    "a million fill bytes",
    "OME-XML in deep tags",
    "OME-XML of many blocks",
    "OME-XML of a milliard of planes",
    "ImageJ text of many lines",
}


@pytest.fixture(scope="module")
def files() -> list[tuple[str, bytes]]:
    return [*hostile.tiffs(), *hostile.stacks(), *hostile.pngs(), *hostile.jpegs(), *hostile.others()]


@pytest.mark.parametrize("packages", ["with", "without"])
def test_files_made_to_hurt(tmp_path: Path, files: list[tuple[str, bytes]], packages: str) -> None:
    assert all(len(data) < 1.05 * hostile.MEGABYTE for _, data in files)
    found = outcomes(tmp_path, files, packages)
    bombs = {name for name in found if " in a strip of 4096" in name}
    assert len(bombs) == 3
    for name, said in found.items():
        if name not in READ | bombs:
            assert not said.startswith("read "), (name, said)


@pytest.mark.parametrize("packages", ["with", "without"])
def test_files_damaged_at_random(tmp_path: Path, packages: str) -> None:
    found = outcomes(tmp_path, list(hostile.hunt(1500, 20)), packages)
    read = sum(said.startswith("read ") for said in found.values())
    assert 150 < read < 1200
    assert any("imfilter[tiff]" in said for said in found.values()) == (packages == "without")
