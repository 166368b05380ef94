"""
How much is known?
==================

`coverage` is the share of the window that is present. `min_coverage` makes results NaN where it is
too small.

The command::

    imfilter gaussian depth.tif soft.tif --sigma 6 --min-coverage 0.5
"""

import matplotlib.pyplot as plt
import numpy as np
from skimage import data

import imfilter

image = data.camera()[60:310, 130:380].astype(np.float32)
blobs = data.binary_blobs(250, blob_size_fraction=0.2, volume_fraction=0.5, rng=2)
image[blobs] = np.nan  # clouds
share = imfilter.coverage(~blobs, sigma=6)
soft = imfilter.gaussian(image, 6, nan="ignore", min_coverage=0.5)

pictures = {
    "clouds are absent": image,
    "coverage": share,
    "min_coverage=0.5": soft,
}
figure, axes = plt.subplots(1, 3, figsize=(9, 3.4), layout="constrained")
for axis, (title, picture) in zip(axes.flat, pictures.items(), strict=True):
    axis.imshow(picture, cmap="gray")
    axis.set_title(title)
    axis.set_axis_off()

# %%
# White in the second picture means that everything is known. The last picture is empty in the middle
# of clouds.
#
# Picture: `skimage.data.camera`, by Lav Varshney, CC0.
