"""
The patches that a kernel likes
===============================

`show.patches` finds the windows with the strongest response.

The command::

    imfilter show patches coins.png patches.png --kernel kernel.npy --count 9 --size 32
"""

import matplotlib.pyplot as plt
import numpy as np
from skimage import data

from imfilter import show

image = data.coins()
r, c = np.mgrid[-14:15, -14:15]
kernel = np.where(np.hypot(r, c) < 11, 1.0, -0.8)  # a bright disc on a dark ground
sheet = show.patches(image, kernel, 9, size=48)

pictures = {
    "before": image,
    "the kernel": kernel,
    "show.patches": sheet,
}
figure, axes = plt.subplots(1, 3, figsize=(9, 3.4), layout="constrained")
for axis, (title, picture) in zip(axes.flat, pictures.items(), strict=True):
    axis.imshow(picture, cmap="gray")
    axis.set_title(title)
    axis.set_axis_off()

# %%
# All windows have a small bright coin in the middle.
#
# Picture: `skimage.data.coins`, Brooklyn Museum, no known copyright restrictions.
