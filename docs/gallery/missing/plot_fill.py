"""
Fill holes
==========

`fill` replaces absent samples from their neighbourhood and keeps the others. A large `sigma` after
a small one fills large holes.

The command::

    imfilter fill scratched.tif filled.tif --nodata 0 --sigma 3
"""

import matplotlib.pyplot as plt
import numpy as np
from skimage import data

import imfilter

image = data.camera()[60:310, 130:380].astype(np.float32)
rows, columns = np.mgrid[:250, :250]
image[(rows + 2 * columns) % 90 < 6] = np.nan  # scratches
image[150:170, 170:200] = np.nan  # a hole
filled = imfilter.fill(imfilter.fill(image, 2), 8)

pictures = {
    "absent samples are white": np.where(np.isnan(image), 255, image),
    "filled": filled,
}
figure, axes = plt.subplots(1, 2, figsize=(8, 4.3), layout="constrained")
for axis, (title, picture) in zip(axes.flat, pictures.items(), strict=True):
    axis.imshow(picture, cmap="gray")
    axis.set_title(title)
    axis.set_axis_off()

# %%
# Scratches are hard to see now. The large hole has no detail, because none is known.
#
# Picture: `skimage.data.camera`, by Lav Varshney, CC0.
