"""
The next values
===============

`fit_forecaster` learns a causal kernel by least squares. The :class:`imfilter.series.Forecaster`
also says its errors, beside those of the last value and of the mean:
:class:`imfilter.series.ForecastErrors`.
"""

import matplotlib.pyplot as plt
import numpy as np

from imfilter import series

random = np.random.default_rng(0)
t = np.arange(500)
x = np.sin(t / 8) + 0.5 * np.sin(t / 21) + random.normal(0, 0.1, t.size)
model = series.fit_forecaster(x[:400], 40)
assert isinstance(model, series.Forecaster)
future = model.forecast(100)
errors = model.evaluate(x[400:])

figure, axis = plt.subplots(figsize=(8, 4), layout="constrained")
axis.plot(t[300:], x[300:], label="the series", color="lightgray")
axis.plot(t[400:], future, label="forecast", color="tab:blue")
axis.legend(loc="upper left")

# %%
# The forecast starts at sample 400 and uses nothing after it. It follows both waves, and becomes
# weaker with time.
#
# Data: made by this code.
