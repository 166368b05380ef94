"""
What will it cost?
==================

`plan` returns a :class:`imfilter.Plan`: the algorithm, the reason and the predicted cost, without
filtering anything.
"""

import matplotlib.pyplot as plt
import numpy as np

import imfilter

random = np.random.default_rng(0)
sizes = np.unique(np.geomspace(3, 101, 12).astype(int) | 1)
plans = {
    "box": [imfilter.plan((1080, 1920), "float32", np.ones((n, n))) for n in sizes],
    "product of rows and columns": [
        imfilter.plan((1080, 1920), "float32", [np.arange(1.0, n + 1), np.arange(2.0, n + 2)]) for n in sizes
    ],
    "any kernel": [imfilter.plan((1080, 1920), "float32", random.normal(size=(n, n))) for n in sizes],
}
assert isinstance(plans["box"][0], imfilter.Plan)

figure, axis = plt.subplots(figsize=(8, 4.4), layout="constrained")
marks = {}
for color, (name, found) in enumerate(plans.items()):
    axis.loglog(sizes, [1000 * plan.cost for plan in found], color=f"C{color}", label=name)
    for size, plan in zip(sizes, found, strict=True):
        mark = marks.setdefault(plan.algorithm, "osD^vP*X"[len(marks)])
        axis.plot(size, 1000 * plan.cost, mark, color=f"C{color}")
for algorithm, mark in marks.items():
    axis.plot([], [], mark, color="gray", label=algorithm)
axis.set_xlabel("size of the kernel")
axis.set_ylabel("predicted ms on one core")
axis.legend(fontsize=8)

# %%
# The marks are the chosen algorithms. The cost of a box does not grow with its size. Large kernels of
# any values use the FFT.
#
# Data: made by this code.
