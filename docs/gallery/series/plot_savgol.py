"""
Slopes
======

`savgol` fits a polynomial to each window, and `deriv=1` gives its slope. `difference` subtracts
neighbours, so it amplifies noise.

The command::

    imfilter series savgol log.csv out.csv --column price --size 31 --order 2 --deriv 1
"""

import matplotlib.pyplot as plt
import numpy as np

from imfilter import series

random = np.random.default_rng(0)
t = np.arange(300)
x = np.sin(t / 25) + random.normal(0, 0.05, t.size)
slope = series.savgol(x, 31, 2, deriv=1)
difference = series.difference(x)

figure, axes = plt.subplots(2, 1, figsize=(8, 4), sharex=True, layout="constrained")
axes[0].plot(x, "-", label="before")
axes[0].legend(loc="upper left")
axes[1].plot(difference, label="difference", color="lightgray")
axes[1].plot(slope, label="savgol, deriv=1", color="tab:blue")
axes[1].legend(loc="upper left")

# %%
# The true slope is a cosine between -0.04 and 0.04. The difference of neighbours hides it.
#
# Data: made by this code.
