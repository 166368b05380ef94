"""
Each slice by itself
====================

`axes` names the axes along which a filter works. All other axes are left alone.
"""

import matplotlib.pyplot as plt
import numpy as np

import imfilter

random = np.random.default_rng(0)
z, y, x = np.mgrid[-10:10, -40:40, -40:40] * np.reshape((4, 1, 1), (3, 1, 1, 1))
ball = 100.0 * (np.sqrt(z**2 + y**2 + x**2) < 25)
volume = (ball + random.normal(0, 30, ball.shape)).astype(np.float32)  # slices are 4 mm apart

slices = imfilter.median(volume, 5, axes=(1, 2))
whole = imfilter.median(volume, 5)

pictures = {
    "a cut across slices": volume[:, 40],
    "axes=(1, 2)": slices[:, 40],
    "every axis": whole[:, 40],
}
figure, axes = plt.subplots(1, 3, figsize=(9, 4), layout="constrained")
for axis, (title, picture) in zip(axes.flat, pictures.items(), strict=True):
    axis.imshow(picture, cmap="gray", aspect=4, vmin=-20, vmax=120)
    axis.set_title(title)
    axis.set_axis_off()

# %%
# With `axes=(1, 2)`, the rows of the cut are independent of each other.
#
# Picture: made by this code.
