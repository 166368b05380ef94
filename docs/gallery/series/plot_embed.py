"""
Features of a series
====================

`embed` filters a series and takes the largest values of the whole, of halves and of quarters.
Series of any length give the same number of features.
"""

from functools import partial

import matplotlib.pyplot as plt
import numpy as np

from imfilter import series

random = np.random.default_rng(0)
t = np.arange(256)
calm = random.normal(0, 0.2, (20, 256))
bursts = calm + np.where((t > 100) & (t < 130), np.sin(t * 1.5), 0)
filters = [partial(series.moving_std, size=9), partial(series.gaussian, sigma=8)]
features = series.embed(np.vstack([calm, bursts]), filters)

figure, axes = plt.subplots(2, 1, figsize=(8, 5), layout="constrained")
axes[0].plot(calm[0], label="calm")
axes[0].plot(bursts[0] - 3, label="with a burst")
axes[0].legend(loc="upper left")
axes[1].imshow(features.reshape(40, -1), aspect="auto")
axes[1].set_xlabel("feature")
axes[1].set_ylabel("series")

# %%
# Each row belongs to one series. The lower half has bursts, and some of its features are brighter.
#
# Data: made by this code.
