"""
Local contrast: CLAHE
=====================

The histogram of each tile is spread. `clip_limit` says how much contrast may grow, so noise stays
small.

The command::

    imfilter clahe retina.png clear.png --clip-limit 3
"""

import matplotlib.pyplot as plt
from skimage import data

import imfilter

image = data.microaneurysms()
clear = imfilter.clahe(image, clip_limit=3)
strong = imfilter.clahe(image, clip_limit=20)

pictures = {
    "before": image,
    "clip_limit 3": clear,
    "clip_limit 20": strong,
}
figure, axes = plt.subplots(1, 3, figsize=(9, 3.4), layout="constrained")
for axis, (title, picture) in zip(axes.flat, pictures.items(), strict=True):
    axis.imshow(picture, cmap="gray", vmin=0, vmax=255)
    axis.set_title(title)
    axis.set_axis_off()

# %%
# The dark spots are hard to see at first. With too large a limit, the ground has spots too.
#
# Picture: `skimage.data.microaneurysms`, by Andreas Maier, CC0.
