"""
Ridges: Sato and Meijering
==========================

`sato` gives the strength of a ridge in grey values. `meijering` is made for very thin lines, such
as neurites.

The command::

    imfilter sato retina.png ridges.png --sigmas 2,4
    imfilter meijering retina.png lines.png --sigmas 1,2
"""

import matplotlib.pyplot as plt
from skimage import data

import imfilter

image = imfilter.color.rgb_to_gray(data.retina()[450:850, 500:900])

ridges = imfilter.sato(image, (2, 4))
lines = imfilter.meijering(image, (1, 2))

pictures = {
    "before": image,
    "sato": ridges,
    "meijering": lines,
}
figure, axes = plt.subplots(1, 3, figsize=(9, 3.4), layout="constrained")
for axis, (title, picture) in zip(axes.flat, pictures.items(), strict=True):
    axis.imshow(picture, cmap="gray")
    axis.set_title(title)
    axis.set_axis_off()

# %%
# `meijering` scales each scale to 1, so it also shows weak lines between the vessels.
#
# Picture: `skimage.data.retina`, CC0.
