"""A temperature some hours ahead, forecast from the last days, against two ways to know nothing.

The series is simulated, three years of hours: the cycles of the year and of the day, and weather that comes
and goes within days. The kernels are fitted to the first two years; the errors are those of the third.
"""

import numpy as np

from imfilter import series

YEAR = 365 * 24
rng = np.random.default_rng(7)
hour = np.arange(3 * YEAR)
weather = np.zeros(len(hour))
for t in range(2, len(hour)):  # an autoregressive process of order 2
    weather[t] = 1.25 * weather[t - 1] - 0.265 * weather[t - 2] + rng.normal(scale=0.35)
season = 9 - 9 * np.cos(2 * np.pi * (hour / YEAR - 0.05))
daily = (3 - np.cos(2 * np.pi * hour / YEAR)) * np.sin(2 * np.pi * (hour - 9) / 24)
temperature = season + daily + weather + rng.normal(scale=0.1, size=len(hour))  # of the thermometer
past, future = temperature[: 2 * YEAR], temperature[2 * YEAR :]

print("root mean square errors in degrees, over a year that was not learned from")
print("hours ahead   forecast   last value   mean")
for horizon in (1, 6, 24):
    model = series.fit_forecaster(past, 48, horizon=horizon)
    errors = model.evaluate(future)
    print(f"{horizon:11d} {errors.model:10.2f} {errors.last:12.2f} {errors.mean:6.2f}")

# The same forecasts live: each sample, as it arrives, gives the value of an hour later.
live = series.Stream(series.fit_forecaster(past, 48), initial=past[-47:])
for t in range(3):
    print(
        f"now {future[t]:5.2f}, in an hour about {live.push(future[t]):5.2f}; it came to {future[t + 1]:5.2f}"
    )
