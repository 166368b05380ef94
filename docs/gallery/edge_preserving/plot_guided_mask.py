"""
Fit a rough mask to a picture
=============================

With a guide, the mask of a brush becomes a mask that follows the picture: edges of the guide become
edges of the result.

The command::

    imfilter guided mask.png fine.png --guide chelsea.png --radius 20 --eps 100
"""

import matplotlib.pyplot as plt
import numpy as np
from skimage import data

import imfilter

image = data.camera()[60:310, 130:380]
rows, columns = np.mgrid[:250, :250]
rough = np.where((np.hypot(rows - 55, columns - 95) < 40) | ((rows > 60) & (abs(columns - 70) < 60)), 255, 0)
rough = rough.astype(np.uint8)
fine = imfilter.guided(rough, 20, 100, guide=image)

pictures = {
    "the picture": image,
    "a rough mask": rough,
    "guided by the picture": fine,
}
figure, axes = plt.subplots(1, 3, figsize=(9, 3.4), layout="constrained")
for axis, (title, picture) in zip(axes.flat, pictures.items(), strict=True):
    axis.imshow(picture, cmap="gray")
    axis.set_title(title)
    axis.set_axis_off()

# %%
# The outline of the last mask follows the head, the coat and the camera.
#
# Picture: `skimage.data.camera`, by Lav Varshney, CC0.
