"""
Specks: the median
==================

A median takes the middle value of each window. Specks are never in the middle, so they disappear. A
mean spreads them.

The command::

    imfilter median noisy.png clean.png --size 3
"""

import matplotlib.pyplot as plt
import numpy as np
from skimage import data

import imfilter

random = np.random.default_rng(0)
image = data.camera()[60:310, 130:380].copy()
specks = random.random(image.shape)
image[specks < 0.05] = 0
image[specks > 0.95] = 255
median = imfilter.median(image, 3)
mean = imfilter.box(image, 3)

pictures = {
    "before": image,
    "median, 3 x 3": median,
    "mean, 3 x 3": mean,
}
figure, axes = plt.subplots(1, 3, figsize=(9, 3.4), layout="constrained")
for axis, (title, picture) in zip(axes.flat, pictures.items(), strict=True):
    axis.imshow(picture, cmap="gray")
    axis.set_title(title)
    axis.set_axis_off()

# %%
# The median has no specks, and its edges are sharp. The mean has grey spots where the specks were.
#
# Picture: `skimage.data.camera`, by Lav Varshney, CC0.
