"""
A derivative in any direction
=============================

`steered` turns a derivative of a Gaussian to an angle. Several angles cost little more than two.

The command::

    imfilter steered coins.png slope.png --sigma 2 --theta 0.785
"""

import matplotlib.pyplot as plt
import numpy as np
from skimage import data

import imfilter

image = data.coins()[10:210, 60:260]
zero, diagonal = imfilter.steered(image, 2, (0, np.pi / 4))

pictures = {
    "before": image,
    "theta 0": zero,
    "theta pi / 4": diagonal,
}
figure, axes = plt.subplots(1, 3, figsize=(9, 3.4), layout="constrained")
for axis, (title, picture) in zip(axes.flat, pictures.items(), strict=True):
    axis.imshow(picture, cmap="gray")
    axis.set_title(title)
    axis.set_axis_off()

# %%
# The light seems to come from another side in the last picture.
#
# Picture: `skimage.data.coins`, Brooklyn Museum, no known copyright restrictions.
