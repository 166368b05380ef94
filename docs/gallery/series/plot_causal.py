"""
Only the past
=============

`align="causal"` uses the samples up to now, so the result is late. `timing` says by how much, and
`check_causal` proves that a function does not look ahead. The results are
:class:`imfilter.series.Timing` and :class:`imfilter.series.Causality`.

The command::

    imfilter series causal x.npy out.npy --kernel 0.5,0.3,0.2
"""

import matplotlib.pyplot as plt
import numpy as np

from imfilter import series

random = np.random.default_rng(0)
t = np.arange(200)
x = np.sin(t / 15) + random.normal(0, 0.2, t.size)
centred = series.moving_average(x, 21)
late = series.moving_average(x, 21, align="causal")
own = series.causal(x, [0.4, 0.3, 0.2, 0.1])  # the newest sample first
delay = series.timing(series.moving_average, 21, align="causal").delay
assert series.check_causal(lambda values: series.causal(values, [0.4, 0.3, 0.2, 0.1]), 50).causal

figure, axis = plt.subplots(figsize=(8, 4), layout="constrained")
axis.plot(x, label="before", color="lightgray")
axis.plot(centred, label="centred", color="tab:blue")
axis.plot(late, label="causal", color="tab:orange")
axis.plot(own, label="causal kernel of 4 taps", color="tab:green")
axis.legend(loc="upper left")

# %%
# The causal average is the centred one, moved to the right by its delay of 10 samples.
#
# Data: made by this code.
