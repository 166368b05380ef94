"""
A function of your own
======================

`generic` compiles a Python function and calls it for each window.
"""

import matplotlib.pyplot as plt
import numpy as np
from skimage import data

import imfilter

image = data.coins()[10:210, 60:260]


def spread(window):
    return np.max(window) - np.min(window)


def second_largest(window):
    return np.sort(window)[-2]


result = imfilter.generic(image, spread, 5)
bright = imfilter.generic(image, second_largest, 5)

pictures = {
    "before": image,
    "max - min": result,
    "the second largest": bright,
}
figure, axes = plt.subplots(1, 3, figsize=(9, 3.4), layout="constrained")
for axis, (title, picture) in zip(axes.flat, pictures.items(), strict=True):
    axis.imshow(picture, cmap="gray")
    axis.set_title(title)
    axis.set_axis_off()

# %%
# The range is large at edges. The second largest value is a maximum that ignores one bright speck.
#
# Picture: `skimage.data.coins`, Brooklyn Museum, no known copyright restrictions.
