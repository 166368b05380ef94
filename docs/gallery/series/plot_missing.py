"""
Samples that are missing
========================

NaN is absent with `nan="ignore"`. Where too little is known, `min_coverage` makes the result NaN.
"""

import matplotlib.pyplot as plt
import numpy as np

from imfilter import series

random = np.random.default_rng(0)
t = np.arange(300)
x = np.sin(t / 25) + random.normal(0, 0.1, t.size)
x[random.random(300) < 0.2] = np.nan
x[120:160] = np.nan
smooth = series.gaussian(x, 8, nan="ignore")
careful = series.moving_average(x, 21, nan="ignore", min_coverage=0.5)

figure, axis = plt.subplots(figsize=(8, 4), layout="constrained")
axis.plot(x, ".", label="before")
axis.plot(smooth, label="gaussian", color="tab:blue")
axis.plot(careful, label="moving_average, min_coverage=0.5", color="tab:orange", linewidth=3, alpha=0.6)
axis.legend(loc="upper left")

# %%
# Single gaps do not matter. In the long gap, one result is a guess, and the other one is absent.
#
# Data: made by this code.
