"""
Sobel gradients
===============

Without `axis`, `sobel` returns the gradient magnitude. With `axis`, it returns one derivative.

The command::

    imfilter sobel coins.png edges.png
"""

import matplotlib.pyplot as plt
from skimage import data

import imfilter

image = data.coins()[10:210, 60:260]
magnitude = imfilter.sobel(image)
down = imfilter.sobel(image, axis=0)
right = imfilter.sobel(image, axis=1)

pictures = {
    "before": image,
    "magnitude": magnitude,
    "axis 0": down,
    "axis 1": right,
}
figure, axes = plt.subplots(2, 2, figsize=(8, 8.6), layout="constrained")
for axis, (title, picture) in zip(axes.flat, pictures.items(), strict=True):
    axis.imshow(picture, cmap="gray")
    axis.set_title(title)
    axis.set_axis_off()

# %%
# In the magnitude, an outline is bright on all sides. In one derivative, one side is white and the
# other side is black.
#
# Picture: `skimage.data.coins`, Brooklyn Museum, no known copyright restrictions.
