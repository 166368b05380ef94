"""
Unsharp masking
===============

The difference between the picture and a smoothed copy is added. `amount` says how much.

The command::

    imfilter unsharp_mask chelsea.png sharp.png --sigma 2 --amount 1.5
"""

import matplotlib.pyplot as plt
from skimage import data

import imfilter

image = data.chelsea()[20:230, 120:330]
sharp = imfilter.unsharp_mask(image, sigma=2, amount=1.5, channel_axis=-1)
too_much = imfilter.unsharp_mask(image, sigma=2, amount=6, channel_axis=-1)

pictures = {
    "before": image,
    "amount 1.5": sharp,
    "amount 6: too much": too_much,
}
figure, axes = plt.subplots(1, 3, figsize=(9, 3.4), layout="constrained")
for axis, (title, picture) in zip(axes.flat, pictures.items(), strict=True):
    axis.imshow(picture, cmap="gray")
    axis.set_title(title)
    axis.set_axis_off()

# %%
# Look at the whiskers and at the fur. With too much, bright and dark lines follow every edge, and the
# noise grows.
#
# Picture: `skimage.data.chelsea`, by Stéfan van der Walt, CC0.
