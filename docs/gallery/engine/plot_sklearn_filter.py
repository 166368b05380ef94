"""
Filters as transformers of scikit-learn
=======================================

:class:`imfilter.sklearn.Filter` is one filter of many images. It is a step of a pipeline of scikit-learn.

The command, for one picture::

    imfilter gaussian coins.png soft.png --sigma 1
"""

import matplotlib.pyplot as plt
from sklearn.datasets import load_digits

from imfilter.sklearn import Filter

digits = load_digits().images[:6]
smooth = Filter("gaussian", sigma=1).fit_transform(digits)

figure, axes = plt.subplots(2, 6, figsize=(8, 3), layout="constrained")
for column, pair in enumerate(zip(digits, smooth, strict=True)):
    for axis, picture in zip(axes[:, column], pair, strict=True):
        axis.imshow(picture, cmap="gray", vmin=0, vmax=16)
        axis.set_axis_off()

# %%
# Upper row: before. Lower row: the strokes are wider and softer.
#
# Data: the digits of scikit-learn, from the UCI Machine Learning Repository (CC BY 4.0).
