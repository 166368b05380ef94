"""
The newest samples count most
=============================

`exponential` weighs a sample by its age. `weighted_average` takes any weights for the last samples.

The command::

    imfilter series exponential log.csv out.csv --column price --halflife 10
"""

import matplotlib.pyplot as plt
import numpy as np

from imfilter import series

random = np.random.default_rng(0)
t = np.arange(300)
clean = np.where(t < 150, 10.0, 14.0) + np.sin(t / 20)
x = clean + random.normal(0, 0.4, t.size)
x[random.choice(300, 12, replace=False)] += 8  # spikes

fading = series.exponential(x, halflife=10)
weighted = series.weighted_average(x, np.arange(1.0, 21), align="causal")

figure, axis = plt.subplots(figsize=(8, 4), layout="constrained")
axis.plot(x, label="before", color="lightgray")
axis.plot(fading, label="exponential", color="tab:blue")
axis.plot(weighted, label="weighted_average", color="tab:orange")
axis.legend(loc="upper left")

# %%
# After the step, both need some samples to reach the new value. The exponential mean never forgets
# completely.
#
# Data: made by this code.
