"""
Smooth without bad pixels
=========================

A sample under the mask counts as the mean of the others in its window. It may have any value.

The command::

    imfilter gaussian camera.png soft.png --sigma 2 --mask good.png
"""

import matplotlib.pyplot as plt
import numpy as np
from skimage import data

import imfilter

random = np.random.default_rng(0)
image = data.camera()[60:310, 130:380].copy()
good = random.random(image.shape) > 0.3
image[~good] = 0  # dead pixels
without = imfilter.gaussian(image, 2)
with_mask = imfilter.gaussian(image, 2, mask=good)

pictures = {
    "30% dead pixels": image,
    "no mask": without,
    "mask=good": with_mask,
}
figure, axes = plt.subplots(1, 3, figsize=(9, 3.4), layout="constrained")
for axis, (title, picture) in zip(axes.flat, pictures.items(), strict=True):
    axis.imshow(picture, cmap="gray", vmin=0, vmax=255)
    axis.set_title(title)
    axis.set_axis_off()

# %%
# Without the mask, the dead pixels make the picture darker.
#
# Picture: `skimage.data.camera`, by Lav Varshney, CC0.
