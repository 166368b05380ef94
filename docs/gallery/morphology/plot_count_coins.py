"""
Count the coins
===============

A top-hat removes the background, a threshold makes a mask, and the mask is cleaned.
`scipy.ndimage.label` counts.

The command::

    imfilter tophat coins.png flat.png --element disk:30
    imfilter threshold flat.png mask.png
"""

import matplotlib.pyplot as plt
import numpy as np
from scipy import ndimage
from skimage import data

from imfilter import morphology, threshold

image = data.coins()
flat = morphology.white_tophat(image, morphology.disk(30))
mask = morphology.fill_holes(flat > threshold.otsu(flat))
mask = morphology.area_opening(mask, 300)
labels, count = ndimage.label(mask)

figure, axes = plt.subplots(1, 3, figsize=(9, 3), layout="constrained")
axes[0].imshow(image, cmap="gray")
axes[1].imshow(flat, cmap="gray")
axes[2].imshow(np.where(labels, labels % 9 + 1, 0), cmap="tab10")
for axis, title in zip(axes, ("before", "white_tophat", f"{count} coins"), strict=True):
    axis.set_title(title)
    axis.set_axis_off()

# %%
# Each coin has one colour.
#
# Picture: `skimage.data.coins`, Brooklyn Museum, no known copyright restrictions.
