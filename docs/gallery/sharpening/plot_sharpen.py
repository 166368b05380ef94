"""
Sharpen with the Laplacian
==========================

`sharpen` subtracts the sum of the second differences. It works on the finest detail only.

The command::

    imfilter sharpen chelsea.png sharp.png --amount 0.5
"""

import matplotlib.pyplot as plt
from skimage import data

import imfilter

image = data.chelsea()[60:200, 150:290]
sharp = imfilter.sharpen(image, 0.5, channel_axis=-1)

pictures = {
    "before": image,
    "sharpen, amount 0.5": sharp,
}
figure, axes = plt.subplots(1, 2, figsize=(8, 4.3), layout="constrained")
for axis, (title, picture) in zip(axes.flat, pictures.items(), strict=True):
    axis.imshow(picture, cmap="gray")
    axis.set_title(title)
    axis.set_axis_off()

# %%
# Look at the hairs around the eye. They have more contrast, and so has the grain of the camera.
#
# Picture: `skimage.data.chelsea`, by Stéfan van der Walt, CC0.
