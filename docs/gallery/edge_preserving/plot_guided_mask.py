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
brush = imfilter.morphology.opening(image < 90, np.ones((15, 15)))  # large strokes of a square brush
rough = np.where(brush, 255, 0).astype(np.uint8)
fine = imfilter.guided(rough, 10, 100, guide=image)

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
