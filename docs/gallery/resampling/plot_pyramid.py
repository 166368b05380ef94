"""
Pyramids
========

Each level is smoothed and has half the size. The levels of a Laplacian pyramid are differences.
"""

import matplotlib.pyplot as plt
import numpy as np
from skimage import data

import imfilter

image = data.astronaut()[:256, 100:356]
levels = imfilter.pyramid(image, 3, channel_axis=-1)
details = imfilter.pyramid(imfilter.color.rgb_to_gray(image).astype(np.float32), 3, kind="laplacian")

figure, axes = plt.subplots(2, 4, figsize=(10, 5.4), layout="constrained")
for row, levels_of_row in zip(axes, (levels, details), strict=True):
    for axis, level in zip(row, levels_of_row, strict=True):
        axis.imshow(level, cmap="gray")
        axis.set_title(f"{level.shape[0]} x {level.shape[1]}")
        axis.set_axis_off()

# %%
# All levels are drawn in the same size here, so later levels show larger pixels.
#
# Picture: `skimage.data.astronaut`, by NASA, public domain.
