"""
The bilateral filter
====================

Pixels count if they are near and if their values are similar. `sigma_range` says what similar
means, in grey values.

The command::

    imfilter bilateral chelsea.png smooth.png --sigma-space 4 --sigma-range 40
"""

import matplotlib.pyplot as plt
from skimage import data

import imfilter

image = data.chelsea()[20:230, 120:330]
smooth = imfilter.bilateral(image, 4, 40, channel_axis=-1)
gaussian = imfilter.gaussian(image, 4, channel_axis=-1)

pictures = {
    "before": image,
    "bilateral, 4 and 40": smooth,
    "gaussian, sigma 4": gaussian,
}
figure, axes = plt.subplots(1, 3, figsize=(9, 3.4), layout="constrained")
for axis, (title, picture) in zip(axes.flat, pictures.items(), strict=True):
    axis.imshow(picture, cmap="gray")
    axis.set_title(title)
    axis.set_axis_off()

# %%
# The fur is smooth in both results. The eyes and the nose have edges in the bilateral result only.
#
# Picture: `skimage.data.chelsea`, by Stéfan van der Walt, CC0.
