"""
Colour needs its axis
=====================

Every axis is spatial unless `channel_axis` names the channels. Without it, a Gaussian also mixes
red, green and blue.

The command::

    imfilter gaussian astronaut.png soft.png --sigma 3
"""

import matplotlib.pyplot as plt
from skimage import data

import imfilter

image = data.astronaut()[:256, 100:356]
right = imfilter.gaussian(image, 3, channel_axis=-1)
wrong = imfilter.gaussian(image, (3, 3, 3))

pictures = {
    "before": image,
    "channel_axis=-1": right,
    "every axis is spatial": wrong,
}
figure, axes = plt.subplots(1, 3, figsize=(9, 3.4), layout="constrained")
for axis, (title, picture) in zip(axes.flat, pictures.items(), strict=True):
    axis.imshow(picture, cmap="gray")
    axis.set_title(title)
    axis.set_axis_off()

# %%
# The last picture lost its colours: the filter mixed them. The command knows the channels of a
# picture file.
#
# Picture: `skimage.data.astronaut`, by NASA, public domain.
