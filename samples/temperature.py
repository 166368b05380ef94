"""A noisy temperature, smoothed: averages take the noise, a median the spikes, and the past alone lags.

Simulated: a day of a room, a sample every ten seconds, with noise and now and then a reading that is wrong.
"""

import csv
import sys
from pathlib import Path

import numpy as np

from imfilter import series

FOLDER = Path(sys.argv[1] if len(sys.argv) > 1 else ".")

rng = np.random.default_rng(0)
seconds = np.arange(0, 24 * 3600, 10)
true = 20 + 3 * np.sin(2 * np.pi * seconds / (24 * 3600)) + 1.5 * np.sin(2 * np.pi * seconds / 3600)
measured = true + rng.normal(0, 0.3, len(true))
wrong = rng.random(len(true)) < 0.01
measured[wrong] += rng.choice([-8, 8], wrong.sum())

SIZE = 25  # samples: four minutes
clean, past = (series.median(measured, 5, align=align) for align in ("centre", "causal"))
results = {
    "measured": measured,
    "moving average": series.moving_average(measured, SIZE),
    "median": series.median(measured, SIZE),
    "median then average": series.moving_average(clean, SIZE),
    "causal of the same": series.moving_average(past, SIZE, align="causal"),
    "causal exponential": series.exponential(past, span=SIZE),
}
errors = {name: np.sqrt(np.mean((x - true) ** 2)) for name, x in results.items()}
for name, error in errors.items():
    print(f"{name:20} off by {error:.3f} degrees (root mean square)")

with open(FOLDER / "temperature.csv", "w", newline="") as file:
    table = csv.writer(file)
    table.writerow(["seconds", *results])
    table.writerows(zip(seconds.tolist(), *(x.round(3).tolist() for x in results.values()), strict=True))
