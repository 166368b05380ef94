"""
Live
====

`Stream` takes samples or chunks as they arrive. `Cascade` chains filters. The numbers are those of
the whole series.

The command::

    imfilter series exponential log.csv out.csv --column price --alpha 0.1
"""

from functools import partial

import matplotlib.pyplot as plt
import numpy as np

from imfilter import series

random = np.random.default_rng(0)
t = np.arange(300)
clean = np.where(t < 150, 10.0, 14.0) + np.sin(t / 20)
x = clean + random.normal(0, 0.4, t.size)
x[random.choice(300, 12, replace=False)] += 8  # spikes

median = partial(series.median, size=5, align="causal")
chain = series.Cascade(median, partial(series.exponential, halflife=8))
live = series.Stream(chain)
chunks = np.split(x, [70, 71, 200])
results = [live.push(chunk) for chunk in chunks]
assert np.array_equal(np.concatenate(results), chain(x))

figure, axis = plt.subplots(figsize=(8, 4), layout="constrained")
axis.plot(x, color="lightgray", label="before")
for start, result in zip((0, 70, 71, 200), results, strict=True):
    axis.plot(start + np.arange(len(result)), result, ".-", markersize=3)
axis.legend(loc="upper left")

# %%
# Each colour is a chunk. There is no seam where chunks meet.
#
# Data: made by this code.
