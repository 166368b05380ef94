"""
Methods for a whole picture
===========================

The methods answer different questions. Try several, and look at the masks.

The command::

    imfilter threshold coins.png mask.png --method li
    imfilter threshold coins.png mask.png --method triangle
"""

import matplotlib.pyplot as plt
from skimage import data

from imfilter import threshold

image = data.coins()[10:210, 60:260]
pictures = {"before": image}
values = {
    "isodata": threshold.isodata(image),
    "li": threshold.li(image),
    "mean": threshold.mean(image),
    "minimum": threshold.minimum(image),
    "otsu": threshold.otsu(image),
    "triangle": threshold.triangle(image),
    "yen": threshold.yen(image),
}
pictures |= {f"{name}: {value:.0f}": image > value for name, value in values.items()}

figure, axes = plt.subplots(2, 4, figsize=(10, 5.4), layout="constrained")
for axis, (title, picture) in zip(axes.flat, pictures.items(), strict=True):
    axis.imshow(picture, cmap="gray")
    axis.set_title(title)
    axis.set_axis_off()

# %%
# A low threshold takes parts of the bright background with the coins. A high one loses dark coins.
#
# Picture: `skimage.data.coins`, Brooklyn Museum, no known copyright restrictions.
