"""
Pipelines: several filters as one
=================================

A pipeline runs filters one after the other. Between them, values are floats.
:class:`imfilter.Pipeline` can be pickled, and saved as TOML for the command.

The command::

    imfilter pipe coins.png edges.png "gaussian --sigma 2" sobel "threshold --method otsu"
"""

import matplotlib.pyplot as plt
from skimage import data

import imfilter

image = data.coins()
edges = imfilter.Pipeline([("gaussian", {"sigma": 2}), "sobel", "threshold.otsu"])

pictures = {
    "before": image,
    "gaussian, sobel, otsu": edges(image),
}
figure, axes = plt.subplots(1, 2, figsize=(8, 4.3), layout="constrained")
for axis, (title, picture) in zip(axes.flat, pictures.items(), strict=True):
    axis.imshow(picture, cmap="gray")
    axis.set_title(title)
    axis.set_axis_off()

# %%
# White pixels are at the outlines of the coins.
#
# Picture: `skimage.data.coins`, Brooklyn Museum, no known copyright restrictions.
