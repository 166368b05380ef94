"""
Spots and their sizes
=====================

`blobs` returns a row, a column and a `sigma` for each bright spot. A disc of radius r has a `sigma`
of about r / 1.41.

The command::

    imfilter blobs hubble.png spots.csv --min-sigma 2
"""

import matplotlib.pyplot as plt
import numpy as np
from skimage import data

import imfilter

image = imfilter.color.rgb_to_gray(data.hubble_deep_field()[300:550, 300:550])
spots = imfilter.blobs(image, 2, 12, threshold=25)

figure, axes = plt.subplots(1, 2, figsize=(8, 4.3), layout="constrained")
for axis, title in zip(axes, ("before", "blobs"), strict=True):
    axis.imshow(image, cmap="gray")
    axis.set_title(title)
    axis.set_axis_off()
for row, column, sigma in spots:
    axes[1].add_patch(plt.Circle((column, row), sigma * np.sqrt(2), color="red", fill=False))

# %%
# The size of each circle is the size of its galaxy.
#
# Picture: `skimage.data.hubble_deep_field`, by NASA, public domain.
