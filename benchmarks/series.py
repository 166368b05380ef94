"""Comparison of filters of series with SciPy, bottleneck and pandas, on 10 million float64.

`python -m benchmarks.series` prints medians of interleaved runs. Before the measurement, the results are
compared. A ratio is the other library's time divided by imfilter's time, with two threads. Results are new
arrays. In the rows with `out`, both libraries write to the same array in every run, as in a program that
filters one block after the other. bottleneck and pandas take part if they are installed.
"""

import contextlib
import importlib
import time
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import scipy.ndimage as ndi
import scipy.signal as sps

from imfilter import series

from . import measure, report

THREADS, SAMPLES = 2, 10_000_000
#: Number of series along the first or the last axis, and number of samples of each.
MANY, EACH = 1000, 10_000
#: Number of single samples that are pushed.
PUSHES = 20_000
#: Number of samples of the comparisons in which another library takes seconds.
FEWER = 1_000_000

Call = Callable[[], Any]
TAPS = np.hanning(27)[1:-1]


def _module(name: str) -> Any:
    with contextlib.suppress(ImportError), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return importlib.import_module(name)
    return None


def contests(x: np.ndarray) -> Iterator[tuple[str, dict[str, Call]]]:
    """Yield the name and the call of each library for each comparison, imfilter's first."""
    bottleneck, pandas = _module("bottleneck"), _module("pandas")
    frame, out, theirs = None if pandas is None else pandas.Series(x), np.zeros_like(x), np.zeros_like(x)
    two = {"workers": THREADS}
    for size in (3, 5, 10, 25, 100, 999, 1000):
        calls: dict[str, Call] = {
            "imfilter": lambda n=size: series.moving_average(x, n, align="causal", **two),
            "SciPy": lambda n=size: ndi.uniform_filter1d(x, n, mode="nearest", origin=(n - 1) // 2),
        }
        if bottleneck is not None:
            calls["bottleneck"] = lambda n=size: bottleneck.move_mean(x, n)
        if frame is not None:
            calls["pandas"] = lambda n=size: frame.rolling(n).mean().to_numpy()
        yield f"moving_average, {size}", calls
    for size in (5, 25, 100):
        yield (
            f"moving_average, {size}, out",
            {
                "imfilter": lambda n=size: series.moving_average(x, n, out=out, **two),
                "SciPy": lambda n=size: ndi.uniform_filter1d(x, n, mode="nearest", output=theirs),
            },
        )
    for alpha in (0.1, 0.001):
        calls = {
            "imfilter": lambda a=alpha: series.exponential(x, alpha=a, **two),
            "SciPy": lambda a=alpha: sps.lfilter([a], [1, a - 1], x, zi=[(1 - a) * x[0]])[0],
        }
        if frame is not None:
            calls["pandas"] = lambda a=alpha: frame.ewm(alpha=a, adjust=False).mean().to_numpy()
        yield f"exponential, alpha {alpha}", calls
    yield (
        "causal, 25 taps",
        {
            "imfilter": lambda: series.causal(x, TAPS, **two),
            "SciPy": lambda: sps.lfilter(TAPS, 1, x),
        },
    )
    yield (
        "savgol 11/3",
        {
            "imfilter": lambda: series.savgol(x, 11, 3, mode="fit", **two),
            "SciPy": lambda: sps.savgol_filter(x, 11, 3),
        },
    )
    for size in (5, 25):
        calls = {
            "imfilter": lambda n=size: series.median(x, n, align="causal", **two),
            "SciPy": lambda n=size: ndi.median_filter(x, n, mode="nearest", origin=(n - 1) // 2),
        }
        if bottleneck is not None:
            calls["bottleneck"] = lambda n=size: bottleneck.move_median(x, n)
        yield f"median, {size}", calls
    yield from moving(x, bottleneck, frame)


def moving(x: np.ndarray, bottleneck: Any, frame: Any) -> Iterator[tuple[str, dict[str, Call]]]:
    """Yield the comparisons of moving extremes, sums, deviations, variances, ranks and quantiles."""
    two = {"align": "causal", "workers": THREADS}
    names = {"minimum": "min", "maximum": "max", "sum": "sum", "std": "std", "variance": "var"}
    for size in (5, 25, 100, 1000):
        for name, theirs in names.items():
            ours = getattr(series, f"moving_{name}")
            calls: dict[str, Call] = {"imfilter": lambda f=ours, n=size: f(x, n, **two)}
            if bottleneck is not None:
                calls["bottleneck"] = lambda f=f"move_{theirs}", n=size: getattr(bottleneck, f)(x, n)
            if frame is not None:
                own = {"ddof": 0} if theirs in ("std", "var") else {}
                calls["pandas"] = lambda f=theirs, n=size, o=own: getattr(frame.rolling(n), f)(**o).to_numpy()
            yield f"moving_{name}, {size}", calls
    part = x[:FEWER]
    for size in (25, 1000):
        calls = {"imfilter": lambda n=size: 2 * (series.moving_rank(part, n, **two) - 1) / (n - 1) - 1}
        if bottleneck is not None:
            calls["bottleneck"] = lambda n=size: bottleneck.move_rank(part, n)
        yield f"moving_rank, {size}, {FEWER} samples", calls
        calls = {"imfilter": lambda n=size: series.moving_quantile(part, n, 0.3, **two)}
        if frame is not None:
            calls["pandas"] = lambda n=size: frame[:FEWER].rolling(n).quantile(0.3).to_numpy()
        yield f"moving_quantile, {size}, {FEWER} samples", calls


def axes(x: np.ndarray) -> Iterator[tuple[str, Call, Call]]:
    """Yield the same filters along the last axis and along the first."""
    last, first = x.reshape(MANY, EACH), x.reshape(EACH, MANY)
    for name, call in (
        ("moving_average, 5", lambda a, axis: series.moving_average(a, 5, axis=axis)),
        ("moving_average, 25", lambda a, axis: series.moving_average(a, 25, axis=axis)),
        ("moving_average, 100", lambda a, axis: series.moving_average(a, 100, axis=axis)),
        ("exponential", lambda a, axis: series.exponential(a, alpha=0.1, axis=axis)),
        ("causal, 25 taps", lambda a, axis: series.causal(a, TAPS, axis=axis)),
        ("savgol 11/3", lambda a, axis: series.savgol(a, 11, 3, axis=axis)),
        ("median, 5", lambda a, axis: series.median(a, 5, axis=axis)),
    ):
        yield name, lambda c=call: c(last, -1), lambda c=call: c(first, 0)


def push(x: np.ndarray) -> None:
    """Print the time of single samples."""
    values = x[:PUSHES].tolist()
    for call, args, options in (
        (series.moving_average, (5,), {}),
        (series.moving_average, (100,), {}),
        (series.exponential, (), {"alpha": 0.1}),
        (series.causal, (TAPS,), {}),
        (series.savgol, (11, 3), {}),
        (series.median, (9,), {}),
        (series.moving_maximum, (100,), {}),
        (series.moving_std, (100,), {}),
        (series.moving_quantile, (100, 0.9), {}),
        (series.moving_rank, (100,), {}),
    ):
        stream = series.Stream(call, *args, **options)
        stream.push(0.0)
        begin = time.perf_counter()
        for value in values:
            stream.push(value)
        each = (time.perf_counter() - begin) / len(values)
        print(f"push, {call.__name__}{args if call is series.moving_average else ''}: {each * 1e6:.2f} us")


def main() -> None:
    """Print a line for each comparison."""
    x = np.random.default_rng(0).normal(size=SAMPLES)
    for name, calls in contests(x):
        ours = calls["imfilter"]()
        for call in calls.values():
            theirs = call()
            known = np.isfinite(theirs)  # the first windows of bottleneck and pandas are NaN
            # Running sums of squares lose half of the digits of a small deviation.
            np.testing.assert_allclose(ours[known], theirs[known], atol=1e-5 if "std" in name else 1e-9)
        times = measure.race(calls, runs=7, patience=8.0)
        our_time = times["imfilter"].median * 1e3
        others = [
            f"{n} {report.ms(t.median * 1e3)} ms, {t.median * 1e3 / our_time:.2f} times"
            for n, t in times.items()
        ]
        print(f"{name}: imfilter {report.ms(our_time)} ms; {'; '.join(others[1:])}", flush=True)
    for name, last, first in axes(x):
        times = measure.race({"last": last, "first": first}, runs=7, patience=5.0)
        one, other = (times[axis].median * 1e3 for axis in ("last", "first"))
        print(
            f"{name}: {MANY} series along the last axis {report.ms(one)} ms, the first {report.ms(other)} ms",
            flush=True,
        )
    push(x)


if __name__ == "__main__":
    main()
