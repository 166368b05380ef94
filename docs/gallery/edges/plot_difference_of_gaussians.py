"""
Detail of one size
==================

The difference of two Gaussians keeps what is larger than the first and smaller than the second.

The command::

    imfilter difference_of_gaussians coins.png detail.png --low 1.5 --high 6 --signed
"""

import matplotlib.pyplot as plt
from skimage import data

import imfilter

image = data.coins()[10:210, 60:260]
fine = imfilter.difference_of_gaussians(image, 0.5, 1.5)
coarse = imfilter.difference_of_gaussians(image, 3, 10)

pictures = {
    "before": image,
    "0.5 to 1.5": fine,
    "3 to 10": coarse,
}
figure, axes = plt.subplots(1, 3, figsize=(9, 3.4), layout="constrained")
for axis, (title, picture) in zip(axes.flat, pictures.items(), strict=True):
    axis.imshow(picture, cmap="gray")
    axis.set_title(title)
    axis.set_axis_off()

# %%
# The fine band has the portraits. The coarse band has the coins as a whole, and no shade of the
# background.
#
# Picture: `skimage.data.coins`, Brooklyn Museum, no known copyright restrictions.
