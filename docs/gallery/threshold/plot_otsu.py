"""
Otsu's threshold
================

`otsu` finds the value that separates two classes best. The threshold is a number, and the
comparison makes the mask.

The command::

    imfilter threshold coins.png mask.png --method otsu
"""

import matplotlib.pyplot as plt
from skimage import data

from imfilter import threshold

image = data.cell()
value = threshold.otsu(image)

figure, axes = plt.subplots(1, 3, figsize=(9, 3.2), layout="constrained")
axes[0].imshow(image, cmap="gray")
axes[1].hist(image.ravel(), 64)
axes[1].axvline(value, color="red")
axes[1].set_yticks([])
axes[2].imshow(image > value, cmap="gray")
for axis, title in zip(axes, ("before", "histogram", f"above {value}"), strict=True):
    axis.set_title(title)
for axis in (axes[0], axes[2]):
    axis.set_axis_off()

# %%
# The vertical line in the histogram is the threshold: it lies between the two classes.
#
# Picture: `skimage.data.cell`, by Fanny Georgi and others, CC0.
