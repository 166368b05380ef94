"""
Make a picture smaller
======================

`area` averages the pixels that fall into a new one. `nearest` takes one of them, so patterns appear
that are not there.

The command::

    imfilter resize brick.png small.png --scale 0.2
"""

import matplotlib.pyplot as plt
from skimage import data

import imfilter

image = data.brick()
nearest = imfilter.resize(image, (74, 74), method="nearest")
area = imfilter.resize(image, (74, 74))

pictures = {
    "before, 512 x 512": image,
    "nearest, 74 x 74": nearest,
    "area, 74 x 74": area,
}
figure, axes = plt.subplots(1, 3, figsize=(9, 3.4), layout="constrained")
for axis, (title, picture) in zip(axes.flat, pictures.items(), strict=True):
    axis.imshow(picture, cmap="gray")
    axis.set_title(title)
    axis.set_axis_off()

# %%
# The joints are broken in the second picture, and whole in the last one.
#
# Picture: `skimage.data.brick`, from CC0Textures, CC0.
