"""
More than two classes
=====================

`multi_otsu` returns the thresholds between several classes. `numpy.digitize` gives each pixel its
class.

The command::

    imfilter threshold camera.png classes.png --method multi_otsu --classes 4
"""

import matplotlib.pyplot as plt
import numpy as np
from skimage import data

from imfilter import threshold

image = data.camera()[60:310, 130:380]
values = threshold.multi_otsu(image, 4)
classes = np.digitize(image, values, right=True)

pictures = {
    "before": image,
    "four classes": classes,
}
figure, axes = plt.subplots(1, 2, figsize=(8, 4.3), layout="constrained")
for axis, (title, picture) in zip(axes.flat, pictures.items(), strict=True):
    axis.imshow(picture, cmap="gray")
    axis.set_title(title)
    axis.set_axis_off()

# %%
# The coat, the grass, the buildings and the sky have a class each.
#
# Picture: `skimage.data.camera`, by Lav Varshney, CC0.
