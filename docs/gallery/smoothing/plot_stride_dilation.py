"""
Stride, dilation and padding
============================

`correlate` has the options of a convolution layer. A stride computes every second result only. A
dilation spreads the taps.

The command::

    imfilter correlate camera.png small.png --kernel "1,1,1; 1,1,1; 1,1,1" --stride 2
"""

import matplotlib.pyplot as plt
import numpy as np
from skimage import data

import imfilter

image = data.camera()[60:310, 130:380]
kernel = np.ones((3, 3)) / 9
strided = imfilter.correlate(image, kernel, stride=3)
dilated = imfilter.correlate(image, kernel, dilation=6)
valid = imfilter.correlate(image, np.ones((61, 61)) / 61**2, padding="valid")

pictures = {
    "before": image,
    "stride 3: a third of the size": strided,
    "dilation 6: nine copies": dilated,
    "padding valid: whole windows only": valid,
}
figure, axes = plt.subplots(2, 2, figsize=(8, 8.6), layout="constrained")
for axis, (title, picture) in zip(axes.flat, pictures.items(), strict=True):
    axis.imshow(picture, cmap="gray")
    axis.set_title(title)
    axis.set_axis_off()

# %%
# Look at the axes of the pictures: the second has 84 x 84 pixels, the last 190 x 190.
#
# Picture: `skimage.data.camera`, by Lav Varshney, CC0.
