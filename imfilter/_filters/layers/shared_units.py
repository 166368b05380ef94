"""Units of work that threads take one range after the other.

With a fixed half each, two threads wait for the one that starts late or shares its core. A whole depthwise
layer takes 0.9 ms on one core.
"""

from time import thread_time

import numpy as np
import numpy.typing as npt

from imfilter._base import threads
from imfilter._base.program import PATIENCE, SMALL, Program, address

#: Multiply-adds of the smallest range: some 20 us. `PATIENCE` limits the largest one.
_LEAST = 1_000_000


def run(
    program: Program, source: npt.NDArray, target: npt.NDArray, workers: int | None, step: int = 1
) -> None:
    """Compute all units of a layer. `step` neighbouring units share a part of their work.

    The kernels of layers set no flags, and no result depends on the bytes after a line. So the workspace is
    not zeroed. One thread computes a small layer, and one that is known to take little time: 128 to 128
    channels of 14 x 14 took 120 us, and 210 with two threads (Zen 4).
    """
    units, pace = program.lines, program.pace
    small = program.work <= SMALL
    count = 1 if small or 0 < pace.seconds * units < threads.LEAST else min(units, threads.most(workers))
    ranges = _ranges(units, count, program.work, step)

    def task(_first: int, _last: int) -> None:
        workspace = np.empty(program.workspace, np.uint8)
        where = address(source), address(target), address(workspace)
        begin, done = thread_time(), 0
        try:
            while ranges:
                first, last = ranges.pop()
                program.call(*where, first, last)
                done += last - first
        except IndexError:  # another thread took the last one
            pass
        except BaseException:
            ranges.clear()
            raise
        if done and not small:
            pace.note(thread_time() - begin, done)

    threads.run(task, count, workers if count > 1 else 1)


def _ranges(units: int, count: int, work: int, step: int) -> list[tuple[int, int]]:
    """Return ranges of units, the first last. Each is a part of the rest, so all threads end together."""
    # A range that starts within a step repeats the shared part. So there are few, unless threads would idle.
    step = step if units >= step * count else -(-units // count)
    least = max(1, -(-units * _LEAST // max(work, 1)))
    most = max(1, units * PATIENCE // max(work, 1))
    found, start = [], 0
    while start < units:
        size = min(max((units - start) // (2 * count), least), most) if count > 1 else most
        stop = min(start + -(-size // step) * step, units)
        found.append((start, stop))
        start = stop
    return found[::-1]
