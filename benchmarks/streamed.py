"""Memory and time of the command for a picture larger than memory may be: `python -m benchmarks.streamed`.

The script writes a picture into a folder, runs programs that filter it or only copy it, one after the other
in each round, and deletes what it made. The default is a BigTIFF of 100,000 x 40,000 bytes; the disk needs
twice its 4 GB. Each line has the least and the median of the processor times and of the durations, and the
largest resident memory that the system counted for the process. The floor is a loop that only copies bytes
and waits for the disk, as the command does and libvips does not. libvips runs if its program `vips` is
installed. Linux only.

Each round begins with another program, because what runs before a program changes its time: a virtual machine
may give free memory back to its host, and the program that needs it next waits for the host. The copy of 4 GB
in memory took 8.6 s, and 1.5 s when it was repeated at once. Short runs, as with ``--height 16000``, meet
this less often.

A picture that was just written is in the page cache, so its programs read memory. With ``--cold`` its pages
are written to the disk and dropped from the cache before each run, so each program reads the disk. The folder
must be on a disk: a folder in memory, as /tmp of some systems, has no other place for its pages.
"""

import argparse
import os
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import tifffile

ROOT = Path(__file__).resolve().parent.parent
#: Copies the bytes of a file, and waits until they are on the disk.
LOOP = """
import os, sys
source, target = os.open(sys.argv[1], os.O_RDONLY), os.open(sys.argv[2], os.O_WRONLY | os.O_CREAT)
part = memoryview(bytearray(1 << 22))
while count := os.readv(source, [part]):
    os.write(target, part[:count])
os.fsync(target)
"""
#: Reads a picture and writes it, in the bands of the command.
COPY = """
import sys
from imfilter._cli import heap, pipeline, streamed, strips
from imfilter._files import bands
image = bands.opened(sys.argv[1], None)
heap.keep_freed()
with bands.writing(sys.argv[2], strips.cut(image, slice(0, 1)), image.pixels.shape[0]) as write:
    pipeline.run(strips.parts(image), lambda piece: piece, write, 2, streamed.BESIDE)
"""


def make(path: Path, width: int, height: int) -> None:
    """Write a picture with slopes, edges and noise."""
    noise = np.random.default_rng(0).integers(0, 32, (512, width), np.uint8)
    slope = (np.arange(width) // 7).astype(np.uint8)

    def strips():
        for start in range(0, height, 128):
            rows = np.arange(start, min(start + 128, height))
            yield noise[rows % 512] + slope + (rows[:, None] // 5).astype(np.uint8)

    tifffile.imwrite(
        path,
        strips(),
        shape=(height, width),
        dtype=np.uint8,
        rowsperstrip=128,
        bigtiff=True,
        photometric="minisblack",
        metadata=None,
    )


def drop(path: Path) -> None:
    """Write the pages of a file to the disk, and drop them from the page cache."""
    file = os.open(path, os.O_RDONLY)
    try:
        os.fsync(file)  # a page that is not on the disk yet would stay
        os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)
    finally:
        os.close(file)


def run(arguments: list[str]) -> tuple[float, float, float]:
    """Return the processor time, the duration and the megabytes of a process."""
    begin = time.perf_counter()
    process = os.posix_spawnp(arguments[0], arguments, os.environ | {"PYTHONPATH": str(ROOT)})
    _, status, used = os.wait4(process, 0)
    duration = time.perf_counter() - begin
    if os.waitstatus_to_exitcode(status):
        raise RuntimeError(f"{arguments} failed")
    return used.ru_utime + used.ru_stime, duration, used.ru_maxrss / 1e3


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--width", type=int, default=100_000)
    parser.add_argument("--height", type=int, default=40_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", help="folder for the pictures; default: that for temporary files")
    parser.add_argument(
        "--cold", action="store_true", help="drop the picture from the page cache before each run"
    )
    given = parser.parse_args()
    if given.cold and not hasattr(os, "posix_fadvise"):
        parser.error("--cold needs a system with posix_fadvise, such as Linux; measure without it")
    with tempfile.TemporaryDirectory(dir=given.folder) as folder:
        source, out = Path(folder) / "in.tif", Path(folder) / "out.tif"
        make(source, given.width, given.height)
        files = [str(source), str(out)]
        programs = {
            "copy in a loop": [sys.executable, "-S", "-c", LOOP, *files],
            "read and write alone": [sys.executable, "-c", COPY, *files],
            "imfilter sobel": [sys.executable, "-m", "imfilter", "sobel", *files],
            "imfilter gaussian": [sys.executable, "-m", "imfilter", "gaussian", *files, "--sigma", "2"],
        }
        if shutil.which("vips"):
            programs["vips sobel"] = ["vips", "sobel", *files]
            programs["vips gaussblur"] = ["vips", "gaussblur", *files, "2"]
            programs["vips copy"] = ["vips", "copy", *files]
        found: dict[str, list[tuple[float, float, float]]] = {name: [] for name in programs}
        order = list(programs)
        for number in range(given.rounds):
            first = number % len(order)
            for name in order[first:] + order[:first]:
                if given.cold:
                    drop(source)
                found[name].append(run(programs[name]))
                out.unlink()
    load = os.getloadavg()[0]
    place = "on the disk" if given.cold else "in the page cache"
    print(f"{given.width} x {given.height} bytes {place}, {given.rounds} rounds, load at the end {load:.1f}")
    print("Processor times and durations: the least and the median")
    for name, samples in found.items():
        cpu, duration, memory = zip(*samples, strict=True)
        print(
            f"{name:22} {min(cpu):6.1f} and {statistics.median(cpu):6.1f} s of processors, "
            f"{min(duration):6.1f} and {statistics.median(duration):6.1f} s, at most {max(memory):4.0f} MB"
        )


if __name__ == "__main__":
    main()
