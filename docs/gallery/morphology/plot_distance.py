"""
Distance to the background
==========================

`distance` gives the exact Euclidean distance of each pixel to the nearest pixel of the background.

The command::

    imfilter distance horse.png distance.tif
"""

import matplotlib.pyplot as plt
from skimage import data

from imfilter import morphology

mask = ~data.horse()
distance = morphology.distance(mask)

pictures = {
    "before": mask,
    "distance": distance,
}
figure, axes = plt.subplots(1, 2, figsize=(8, 3.6), layout="constrained")
for axis, (title, picture) in zip(axes.flat, pictures.items(), strict=True):
    axis.imshow(picture, cmap="gray")
    axis.set_title(title)
    axis.set_axis_off()

# %%
# The body is farther from the background than the legs. The maximum is the radius of the largest disc
# inside.
#
# Picture: `skimage.data.horse`, by Andreas Preuss, CC0.
