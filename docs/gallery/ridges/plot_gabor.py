"""
Waves of one frequency
======================

A Gabor filter answers to one frequency (in periods for each pixel) and one direction.

The command::

    imfilter gabor brick.png waves.png --frequency 0.05 --theta 1.57
"""

import matplotlib.pyplot as plt
import numpy as np
from skimage import data

import imfilter

image = data.brick()[100:400, 100:400]
across = imfilter.gabor(image, 0.05, 0, part="magnitude")
along = imfilter.gabor(image, 0.05, np.pi / 2, part="magnitude")

pictures = {
    "before": image,
    "theta 0": across,
    "theta pi / 2": along,
}
figure, axes = plt.subplots(1, 3, figsize=(9, 3.4), layout="constrained")
for axis, (title, picture) in zip(axes.flat, pictures.items(), strict=True):
    axis.imshow(picture, cmap="gray")
    axis.set_title(title)
    axis.set_axis_off()

# %%
# The second picture has the long joints, and the last one has the short joints across them.
#
# Picture: `skimage.data.brick`, from CC0Textures, CC0.
