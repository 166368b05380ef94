"""
Operators for gradients
=======================

`scharr` is nearly the same in all directions. `prewitt` smooths least evenly. `farid` has five
taps, and `roberts` has two.

The command::

    imfilter scharr coins.png edges.png
    imfilter prewitt coins.png edges.png
    imfilter farid coins.png edges.png
    imfilter roberts coins.png edges.png
"""

import matplotlib.pyplot as plt
from skimage import data

import imfilter

image = data.coins()[10:110, 60:160]
results = {
    "scharr": imfilter.scharr(image),
    "prewitt": imfilter.prewitt(image),
    "farid": imfilter.farid(image),
    "roberts": imfilter.roberts(image),
}

pictures = {
    "scharr": results["scharr"],
    "prewitt": results["prewitt"],
    "farid": results["farid"],
    "roberts": results["roberts"],
}
figure, axes = plt.subplots(2, 2, figsize=(8, 8.6), layout="constrained")
for axis, (title, picture) in zip(axes.flat, pictures.items(), strict=True):
    axis.imshow(picture, cmap="gray")
    axis.set_title(title)
    axis.set_axis_off()

# %%
# `roberts` has the thinnest edges and the most noise. `farid` has the widest edges.
#
# Picture: `skimage.data.coins`, Brooklyn Museum, no known copyright restrictions.
