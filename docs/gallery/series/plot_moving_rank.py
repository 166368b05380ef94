"""
Ranks and functions of your own
===============================

`moving_rank` gives the place of the newest sample among the others of its window. `moving_apply`
compiles a function of your own.

The command::

    imfilter series moving_rank log.csv out.csv --column price --size 30
"""

import matplotlib.pyplot as plt
import numpy as np

from imfilter import series

random = np.random.default_rng(0)
t = np.arange(300)
clean = np.where(t < 150, 10.0, 14.0) + np.sin(t / 20)
x = clean + random.normal(0, 0.4, t.size)
x[random.choice(300, 12, replace=False)] += 8  # spikes

rank = series.moving_rank(x, 30, align="causal")


def span(window):
    return window.max() - window.min()


spread = series.moving_apply(x, span, 30, align="causal")

figure, axes = plt.subplots(3, 1, figsize=(8, 5), sharex=True, layout="constrained")
axes[0].plot(x, "-", label="before")
axes[0].legend(loc="upper left")
axes[1].plot(rank, "-", label="moving_rank")
axes[1].legend(loc="upper left")
axes[2].plot(spread, "-", label="moving_apply")
axes[2].legend(loc="upper left")

# %%
# The rank is at its largest value right after the step. The span jumps at each spike.
#
# Data: made by this code.
