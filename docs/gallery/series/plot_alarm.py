"""
An alarm
========

A sample is unusual if it is more than four standard deviations from the mean of the past. The sum
counts alarms.

The command::

    imfilter series moving_std log.csv out.csv --column price --size 50
"""

import matplotlib.pyplot as plt
import numpy as np

from imfilter import series

random = np.random.default_rng(0)
t = np.arange(300)
clean = np.where(t < 150, 10.0, 14.0) + np.sin(t / 20)
x = clean + random.normal(0, 0.4, t.size)
x[random.choice(300, 12, replace=False)] += 8  # spikes

mean = series.moving_average(x, 50, align="causal")
deviation = series.moving_std(x, 50, align="causal", ddof=1)
assert np.allclose(deviation**2, series.moving_variance(x, 50, align="causal", ddof=1))
alarm = x[1:] > mean[:-1] + 4 * deviation[:-1]
alarm[:50] = False  # the past is too short
recent = series.moving_sum(alarm.astype(float), 50, align="causal")

figure, axes = plt.subplots(2, 1, figsize=(8, 4.6), sharex=True, layout="constrained")
axes[0].plot(x, color="black", linewidth=0.8, label="before")
axes[0].plot(mean + 4 * deviation, label="mean + 4 deviations")
axes[0].plot(t[1:][alarm], x[1:][alarm], "rx", label="alarm")
axes[0].legend(loc="upper left")
axes[1].plot(t[1:], recent)
axes[1].set_ylabel("alarms of 50 samples")

# %%
# The crosses are on spikes. Soon after a spike, the deviation is large, so a second spike may be
# missed.
#
# Data: made by this code.
