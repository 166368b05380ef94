"""
The background under a rolling ball
===================================

A ball rolls below the picture. It does not fit into objects that are narrower than itself, so it
shows the background.

The command::

    imfilter rolling_ball coins.png background.png --radius 50
"""

import matplotlib.pyplot as plt
from skimage import data

import imfilter

image = data.coins()
background = imfilter.rolling_ball(image, 50)
flat = image - background

pictures = {
    "before": image,
    "rolling_ball, radius 50": background,
    "the difference": flat,
}
figure, axes = plt.subplots(1, 3, figsize=(9, 3.4), layout="constrained")
for axis, (title, picture) in zip(axes.flat, pictures.items(), strict=True):
    axis.imshow(picture, cmap="gray")
    axis.set_title(title)
    axis.set_axis_off()

# %%
# The background has no coins. The difference has no bright corner.
#
# Picture: `skimage.data.coins`, Brooklyn Museum, no known copyright restrictions.
