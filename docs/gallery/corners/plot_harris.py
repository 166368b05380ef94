"""
Harris corners
==============

The measure is large where the gradients of a window point in several directions. `corner_peaks`
finds its maxima.

The command::

    imfilter harris text.png corners.csv --count 100
"""

import matplotlib.pyplot as plt
from skimage import data

import imfilter

image = data.checkerboard()
image = imfilter.gaussian(image, 1)
response = imfilter.harris(image, size=5)
places = imfilter.corner_peaks(response, min_distance=8, relative=0.1)

figure, axes = plt.subplots(1, 3, figsize=(9, 3.4), layout="constrained")
shown = {"before": image, "harris": response, "corner_peaks": image}
for axis, (title, picture) in zip(axes, shown.items(), strict=True):
    axis.imshow(picture, cmap="gray")
    axis.set_title(title)
    axis.set_axis_off()
axes[2].plot(places[:, 1], places[:, 0], "r+")

# %%
# Each inner corner of the board has one mark. The straight edges have none.
#
# Data: made by this code.
