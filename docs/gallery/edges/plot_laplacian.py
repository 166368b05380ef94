"""
Second derivatives
==================

The Laplacian is the sum of second differences. After a Gaussian it finds spots and edges of one
size.

The command::

    imfilter laplacian_of_gaussian coins.png spots.png --sigma 3
"""

import matplotlib.pyplot as plt
from skimage import data

import imfilter

image = data.coins()[10:210, 60:260]
sharp = imfilter.laplacian(image)
smooth = imfilter.laplacian_of_gaussian(image, 3)

pictures = {
    "before": image,
    "laplacian": sharp,
    "laplacian_of_gaussian, sigma 3": smooth,
}
figure, axes = plt.subplots(1, 3, figsize=(9, 3.4), layout="constrained")
for axis, (title, picture) in zip(axes.flat, pictures.items(), strict=True):
    axis.imshow(picture, cmap="gray")
    axis.set_title(title)
    axis.set_axis_off()

# %%
# The Laplacian of the picture itself shows its noise. After smoothing, each edge has a dark and a
# bright side.
#
# Picture: `skimage.data.coins`, Brooklyn Museum, no known copyright restrictions.
