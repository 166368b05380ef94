"""Filters of series against SciPy's, on 10 million float64: `python -m benchmarks.series`.

Medians of runs in turns; what both compute is compared before it is timed. A ratio is SciPy's time divided by
imfilter's, which uses two threads where there are two.
"""

import time
from collections.abc import Callable, Iterator

import numpy as np
import scipy.ndimage as ndi
import scipy.signal as sps

from imfilter import series

from . import measure, report

THREADS, SAMPLES = 2, 10_000_000
#: Series side by side and one after the other, and the samples of each.
MANY, EACH = 1000, 10_000
#: Single samples that are pushed.
PUSHES = 20_000

Call = Callable[[], np.ndarray]
TAPS = np.hanning(27)[1:-1]


def contests(x: np.ndarray) -> Iterator[tuple[str, Call, Call]]:
    """Yield the name, and the calls of both libraries, of each comparison."""
    two = {"workers": THREADS}
    for size in (5, 100, 1000):
        yield (
            f"moving_average, {size}",
            lambda n=size: series.moving_average(x, n, **two),
            lambda n=size: ndi.uniform_filter1d(x, n, mode="nearest"),
        )
    for alpha in (0.1, 0.001):
        yield (
            f"exponential, alpha {alpha}",
            lambda a=alpha: series.exponential(x, alpha=a, mode="zero", **two),
            lambda a=alpha: sps.lfilter([a], [1, a - 1], x),
        )
    yield "causal, 25 taps", lambda: series.causal(x, TAPS, **two), lambda: sps.lfilter(TAPS, 1, x)
    yield (
        "savgol 11/3",
        lambda: series.savgol(x, 11, 3, mode="fit", **two),
        lambda: sps.savgol_filter(x, 11, 3),
    )
    yield (
        "median, 5",
        lambda: series.median(x, 5, **two),
        lambda: ndi.median_filter(x, 5, mode="nearest"),
    )


def axes(x: np.ndarray) -> Iterator[tuple[str, Call, Call]]:
    """Yield the same filters along the last axis and along the first."""
    last, first = x.reshape(MANY, EACH), x.reshape(EACH, MANY)
    for name, call in (
        ("moving_average, 25", lambda a, axis: series.moving_average(a, 25, axis=axis)),
        ("exponential", lambda a, axis: series.exponential(a, alpha=0.1, axis=axis)),
        ("causal, 25 taps", lambda a, axis: series.causal(a, TAPS, axis=axis)),
        ("savgol 11/3", lambda a, axis: series.savgol(a, 11, 3, axis=axis)),
    ):
        yield name, lambda c=call: c(last, -1), lambda c=call: c(first, 0)


def push(x: np.ndarray) -> None:
    """Print how long single samples take."""
    values = x[:PUSHES].tolist()
    for call, args, options in (
        (series.moving_average, (5,), {}),
        (series.moving_average, (100,), {}),
        (series.exponential, (), {"alpha": 0.1}),
        (series.causal, (TAPS,), {}),
        (series.median, (9,), {}),
    ):
        stream = series.Stream(call, *args, **options)
        stream.push(0.0)
        begin = time.perf_counter()
        for value in values:
            stream.push(value)
        each = (time.perf_counter() - begin) / len(values)
        print(f"push, {call.__name__}: {each * 1e6:.2f} us")


def main() -> None:
    """Print a line for each comparison."""
    x = np.random.default_rng(0).normal(size=SAMPLES)
    for name, ours, theirs in contests(x):
        np.testing.assert_allclose(ours(), theirs(), atol=1e-9)
        times = measure.race({"imfilter": ours, "SciPy": theirs}, runs=7, patience=5.0)
        one, other = (times[library].median * 1e3 for library in ("imfilter", "SciPy"))
        print(f"{name}: imfilter {report.ms(one)} ms, SciPy {report.ms(other)} ms, {other / one:.2f} times")
    for name, last, first in axes(x):
        times = measure.race({"last": last, "first": first}, runs=7, patience=5.0)
        one, other = (times[axis].median * 1e3 for axis in ("last", "first"))
        print(
            f"{name}: {MANY} series along the last axis {report.ms(one)} ms, the first {report.ms(other)} ms"
        )
    push(x)


if __name__ == "__main__":
    main()
