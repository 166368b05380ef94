"""
Depthwise and pointwise layers
==============================

`depthwise` filters each channel by itself, and `pointwise` mixes channels. `depthwise_separable`
does both.
"""

import matplotlib.pyplot as plt
import numpy as np
from skimage import data

from imfilter import layers

image = data.astronaut()[:256, 100:356]
x = np.moveaxis(image, -1, 0).astype(np.float32) / 255
depth = np.ones((3, 1, 9, 9), np.float32) / 81
point = np.array([[0.3, 0.6, 0.1], [1, -1, 0]], np.float32)
each = layers.depthwise(x, depth, padding=4)
mixed = layers.pointwise(x, point)
both = layers.depthwise_separable(x, depth, point, padding=4)

pictures = {
    "before": image,
    "depthwise: blurred": np.moveaxis(each, 0, -1).clip(0, 1),
    "pointwise: luminance": mixed[0],
    "both: red minus green": both[1],
}
figure, axes = plt.subplots(2, 2, figsize=(8, 8.6), layout="constrained")
for axis, (title, picture) in zip(axes.flat, pictures.items(), strict=True):
    axis.imshow(picture, cmap="gray")
    axis.set_title(title)
    axis.set_axis_off()

# %%
# The second picture keeps its colours. The third one keeps its detail.
#
# Picture: `skimage.data.astronaut`, by NASA, public domain.
