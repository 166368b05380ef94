"""
Derivatives of a Gaussian
=========================

`order` takes derivatives of the smoothed picture: one number for each axis.
"""

import matplotlib.pyplot as plt
import numpy as np
from skimage import data

import imfilter

image = data.camera()[60:310, 130:380].astype(np.float32)
down = imfilter.gaussian(image, 2, order=(1, 0))
right = imfilter.gaussian(image, 2, order=(0, 1))

pictures = {
    "before": image,
    "order (1, 0)": down,
    "order (0, 1)": right,
}
figure, axes = plt.subplots(1, 3, figsize=(9, 3.4), layout="constrained")
for axis, (title, picture) in zip(axes.flat, pictures.items(), strict=True):
    axis.imshow(picture, cmap="gray")
    axis.set_title(title)
    axis.set_axis_off()

# %%
# Grey is 0. White means that the values grow downwards (second picture) or to the right (third
# picture).
#
# Picture: `skimage.data.camera`, by Lav Varshney, CC0.
