"""
Borders
=======

`mode` says what lies beyond the border. The strip below each title is the border that the filter
sees.

The command::

    imfilter gaussian camera.png soft.png --sigma 8 --mode edge
"""

import matplotlib.pyplot as plt
import numpy as np
from skimage import data

import imfilter

image = data.camera()[140:220, 200:280]
pictures = {"before": image}
for mode in ("mirror", "symmetric", "edge", "wrap", "zero"):
    shift = np.zeros((41, 41))
    shift[0, 0] = 1  # each result is the sample 20 rows and columns before it
    pictures[mode] = imfilter.correlate(image, shift, mode=mode)

figure, axes = plt.subplots(2, 3, figsize=(9, 6.4), layout="constrained")
for axis, (title, picture) in zip(axes.flat, pictures.items(), strict=True):
    axis.imshow(picture, cmap="gray", vmin=0, vmax=255)
    axis.set_title(title)
    axis.set_axis_off()

# %%
# Each picture is moved by 20 pixels, so its first rows and columns come from beyond the border.
# Compare how they continue the picture.
#
# Picture: `skimage.data.camera`, by Lav Varshney, CC0.
