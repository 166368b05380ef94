"""
A convolution layer
===================

`conv` sums over the channels. `prepare` lays out the weights once and returns a
:class:`imfilter.layers.PreparedConv`.
"""

import matplotlib.pyplot as plt
import numpy as np
from skimage import data

import imfilter
from imfilter import layers

image = data.astronaut()[:256, 100:356]
x = np.moveaxis(image, -1, 0).astype(np.float32) / 255  # channels first
weight = np.zeros((2, 3, 3, 3), np.float32)
weight[0] = imfilter.weights.SOBEL.kernel(axis=0)  # edges of all colours
weight[1, 0, 1, 1], weight[1, 2, 1, 1] = 1, -1  # red minus blue
edges, red = layers.conv(x, weight, padding=1)
again = layers.prepare(weight, padding=1)(x)
assert np.array_equal(again[0], edges)

pictures = {
    "before": image,
    "edges in all channels": edges,
    "red minus blue": red,
}
figure, axes = plt.subplots(1, 3, figsize=(9, 3.4), layout="constrained")
for axis, (title, picture) in zip(axes.flat, pictures.items(), strict=True):
    axis.imshow(picture, cmap="gray")
    axis.set_title(title)
    axis.set_axis_off()

# %%
# The suit is bright in the last picture, because it is orange.
#
# Picture: `skimage.data.astronaut`, by NASA, public domain.
