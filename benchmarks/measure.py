"""Timing: contestants take turns, forth and back. So changes in the speed of the machine affect all."""

import gc
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

#: Shortest sample, in seconds. Shorter calls are repeated within a sample.
_SAMPLE_SECONDS = 2e-3


@dataclass(frozen=True)
class Timing:
    """Seconds per call, over several samples."""

    median: float
    deviation: float  # median of the absolute deviations from the median
    fastest: float
    slowest: float
    runs: int

    @classmethod
    def of(cls, samples: list[float]) -> "Timing":
        """Summarise samples in seconds."""
        median = statistics.median(samples)
        deviation = statistics.median(abs(s - median) for s in samples)
        return cls(median, deviation, min(samples), max(samples), len(samples))

    def as_json(self) -> dict[str, float]:
        """Return the figures in milliseconds."""
        return {
            "median_ms": self.median * 1e3,
            "deviation_ms": self.deviation * 1e3,
            "fastest_ms": self.fastest * 1e3,
            "slowest_ms": self.slowest * 1e3,
            "runs": self.runs,
        }


def race(
    contestants: dict[str, Callable[[], object]],
    *,
    runs: int,
    patience: float,
    clock: Callable[[], float] = time.perf_counter,
) -> dict[str, Timing]:
    """Time the contestants in turns, forth and back, and return the timing of each.

    With ``clock=time.process_time``, times are those of the processor, of all threads together.

    Every contestant first runs once to load its code and its memory. This run is not a sample. A contestant
    whose turns would take more than `patience` seconds gets fewer turns, at least one. If its first run takes
    longer than this, it is the only sample. If the second run takes a third of this, it is also a sample.
    """

    def sample(call: Callable[[], object], repeats: int) -> float:
        begin = clock()
        for _ in range(repeats):
            call()
        return (clock() - begin) / repeats

    repeats, turns_left, samples = {}, {}, {}
    for name, call in contestants.items():
        first = sample(call, 1)
        if first > patience:
            turns_left[name], samples[name] = 0, [first]
            continue
        # The first run may have compiled or loaded something. The second run gives the time of one call.
        duration = max(sample(call, 1), 1e-7)
        repeats[name] = max(1, round(_SAMPLE_SECONDS / duration))
        samples[name] = [duration] if duration > patience / 3 else []
        turns_left[name] = max(1, min(runs, int(patience / (duration * repeats[name]))) - len(samples[name]))
    collecting = gc.isenabled()
    gc.disable()
    try:
        order = list(contestants)
        while any(turns_left.values()):
            for name in order:
                if turns_left[name]:
                    turns_left[name] -= 1
                    samples[name].append(sample(contestants[name], repeats[name]))
            order.reverse()  # caches keep data of the last call, so none may always follow the same other
    finally:
        if collecting:
            gc.enable()
    return {name: Timing.of(values) for name, values in samples.items()}
