"""
Canny edges
===========

`canny` keeps the ridges of the gradient that are above a threshold or connected to such a ridge.
The result is True on edges.

The command::

    imfilter canny coins.png lines.png --sigma 1.5
"""

import matplotlib.pyplot as plt
from skimage import data

import imfilter

image = data.coins()[10:210, 60:260]
fine = imfilter.canny(image, sigma=1)
coarse = imfilter.canny(image, sigma=3)

pictures = {
    "before": image,
    "sigma 1": fine,
    "sigma 3": coarse,
}
figure, axes = plt.subplots(1, 3, figsize=(9, 3.4), layout="constrained")
for axis, (title, picture) in zip(axes.flat, pictures.items(), strict=True):
    axis.imshow(picture, cmap="gray")
    axis.set_title(title)
    axis.set_axis_off()

# %%
# A larger `sigma` loses the portraits and keeps the outlines.
#
# Picture: `skimage.data.coins`, Brooklyn Museum, no known copyright restrictions.
