"""
Local contrast
==============

`local_std` is the standard deviation of each window, and `local_variance` its square.

The command::

    imfilter std camera.png contrast.png --size 9
    imfilter variance camera.png contrast.tif --size 9
"""

import matplotlib.pyplot as plt
from skimage import data

import imfilter

image = data.camera()[60:310, 130:380]
deviation = imfilter.local_std(image, 9)
variance = imfilter.local_variance(image, window="gaussian", sigma=4)

pictures = {
    "before": image,
    "local_std, 9 x 9": deviation,
    "local_variance, Gaussian window": variance**0.25,
}
figure, axes = plt.subplots(1, 3, figsize=(9, 3.4), layout="constrained")
for axis, (title, picture) in zip(axes.flat, pictures.items(), strict=True):
    axis.imshow(picture, cmap="gray")
    axis.set_title(title)
    axis.set_axis_off()

# %%
# Edges are bright, and the grass is grey. The sky is black, because it is even.
#
# Picture: `skimage.data.camera`, by Lav Varshney, CC0.
