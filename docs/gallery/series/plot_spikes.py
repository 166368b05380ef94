"""
Spikes: median and mean
=======================

A median ignores spikes and keeps steps. A moving average spreads both. A Gaussian is a smoother
average.

The command::

    imfilter series median log.csv out.csv --column price --size 9
    imfilter series moving_average log.csv out.csv --column price --size 9
"""

import matplotlib.pyplot as plt
import numpy as np

from imfilter import series

random = np.random.default_rng(0)
t = np.arange(300)
clean = np.where(t < 150, 10.0, 14.0) + np.sin(t / 20)
x = clean + random.normal(0, 0.4, t.size)
x[random.choice(300, 12, replace=False)] += 8  # spikes

median = series.median(x, 9)
average = series.moving_average(x, 9)
smooth = series.gaussian(x, 3)

figure, axes = plt.subplots(2, 1, figsize=(8, 4), sharex=True, layout="constrained")
axes[0].plot(x, "-", label="before")
axes[0].legend(loc="upper left")
axes[1].plot(median, "-", label="median")
axes[1].plot(average, "-", label="moving_average")
axes[1].plot(smooth, "-", label="gaussian")
axes[1].legend(loc="upper left")

# %%
# Look at the step in the middle. The median keeps it. Each spike is a bump in the average.
#
# Data: made by this code.
