"""
The range of usual values
=========================

Moving quantiles make a band that spikes hardly change. The moving minimum and maximum contain every
sample.

The command::

    imfilter series moving_quantile log.csv out.csv --column price --size 41 --q 0.9
"""

import matplotlib.pyplot as plt
import numpy as np

from imfilter import series

random = np.random.default_rng(0)
t = np.arange(300)
clean = np.where(t < 150, 10.0, 14.0) + np.sin(t / 20)
x = clean + random.normal(0, 0.4, t.size)
x[random.choice(300, 12, replace=False)] += 8  # spikes

low = series.moving_quantile(x, 41, 0.1)
high = series.moving_quantile(x, 41, 0.9)
least = series.moving_minimum(x, 41)
most = series.moving_maximum(x, 41)

figure, axis = plt.subplots(figsize=(8, 4), layout="constrained")
axis.fill_between(t, least, most, color="tab:blue", alpha=0.2, label="moving_minimum to moving_maximum")
axis.fill_between(t, low, high, color="tab:blue", alpha=0.5, label="moving_quantile, 0.1 to 0.9")
axis.plot(x, color="black", linewidth=0.8, label="before")
axis.legend(loc="upper left")

# %%
# The dark band follows the series. The light band jumps at every spike.
#
# Data: made by this code.
