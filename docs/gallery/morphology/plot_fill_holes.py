"""
Fill holes
==========

A hole is a part of the background that no path connects to the border.

The command::

    imfilter fill_holes horse.png filled.png
"""

import matplotlib.pyplot as plt
from skimage import data

from imfilter import morphology, threshold

flat = morphology.white_tophat(data.coins(), morphology.disk(30))
mask = flat > threshold.otsu(flat)
filled = morphology.fill_holes(mask)

pictures = {
    "mask of a threshold": mask,
    "fill_holes": filled,
}
figure, axes = plt.subplots(1, 2, figsize=(8, 4.3), layout="constrained")
for axis, (title, picture) in zip(axes.flat, pictures.items(), strict=True):
    axis.imshow(picture, cmap="gray")
    axis.set_title(title)
    axis.set_axis_off()

# %%
# The dark parts of the portraits are holes in the coins. They are white now.
#
# Picture: `skimage.data.coins`, Brooklyn Museum, no known copyright restrictions.
