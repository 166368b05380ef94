"""
Smooth with a Gaussian
======================

A Gaussian takes a weighted mean around each pixel. `sigma` is the width of the weights in pixels.
The result has the type of the image.

The command::

    imfilter gaussian camera.png soft.png --sigma 4
"""

import matplotlib.pyplot as plt
from skimage import data

import imfilter

image = data.camera()[60:310, 130:380]
soft = imfilter.gaussian(image, 2)
softer = imfilter.gaussian(image, 6)

pictures = {
    "before": image,
    "sigma 2": soft,
    "sigma 6": softer,
}
figure, axes = plt.subplots(1, 3, figsize=(9, 3.4), layout="constrained")
for axis, (title, picture) in zip(axes.flat, pictures.items(), strict=True):
    axis.imshow(picture, cmap="gray")
    axis.set_title(title)
    axis.set_axis_off()

# %%
# Look at the tripod. Thin lines disappear first, and large shapes stay.
#
# Picture: `skimage.data.camera`, by Lav Varshney, CC0.
