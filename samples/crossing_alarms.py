"""Alarms when a noisy series passes a threshold: a centred filter run live is late, a causal one on time.

What a centred filter says of a sample is known `lookahead` samples later. What it says of the newest one is
of half a window, and of samples that it makes up.
"""

import numpy as np

from imfilter import series

RUNS, CROSSING = 300, 600
SIZE, LINE = 41, 163  # a mean of 41 samples and the end of a line through 163 have the same noise

rng = np.random.default_rng(0)
slow = 0.02 * (np.arange(900) - CROSSING)  # rises, and passes 0 at the crossing
x = slow + rng.normal(0, 0.5, (RUNS, len(slow)))

# The centred filter again at each new sample: the last result is what is known of it then.
ends = [series.moving_average(x[:, max(0, t + 1 - SIZE) : t + 1], SIZE)[:, -1] for t in range(len(slow))]
filters = {
    "centred mean, waited for": (series.moving_average(x, SIZE), series.timing(series.moving_average, SIZE)),
    "centred mean, newest sample": (np.stack(ends, axis=1), None),
}
for name, call, how in (
    ("causal mean", series.moving_average, (SIZE,)),
    ("causal line", series.savgol, (LINE, 1)),
):
    timing = series.timing(call, *how, align="causal")
    filters[name] = (call(x, *how, align="causal"), timing)

late = {}
for name, (y, timing) in filters.items():
    late[name] = np.argmax(y > 0, axis=1) - CROSSING + (timing.lookahead if timing else 0)
    low, high = np.percentile(late[name], (5, 95))
    noise = np.std(y[:, 200:400] - y[:, 200:400].mean(axis=0))
    said = f"lookahead {timing.lookahead:2}, delay {timing.delay:2.0f}" if timing else "at its end"
    alarm = f"{np.median(late[name]):+4.0f} samples ({low:+.0f} to {high:+.0f})"
    print(f"{name:28} {said:23} noise {noise:.2f}   alarm at {alarm}")
