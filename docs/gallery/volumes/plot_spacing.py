"""
Slices that are far apart
=========================

With `spacing`, `sigma` is in millimetres. The filter is as wide across slices as within them.
"""

import matplotlib.pyplot as plt
import numpy as np

import imfilter

random = np.random.default_rng(0)
z, y, x = np.mgrid[-10:10, -40:40, -40:40] * np.reshape((4, 1, 1), (3, 1, 1, 1))
ball = 100.0 * (np.sqrt(z**2 + y**2 + x**2) < 25)
volume = (ball + random.normal(0, 30, ball.shape)).astype(np.float32)  # slices are 4 mm apart

equal = imfilter.gaussian(volume, 3, spacing=(4, 1, 1))
indices = imfilter.gaussian(volume, 3)  # sigma in samples: 12 mm across slices

pictures = {
    "a cut across slices": volume[:, 40],
    "sigma of 3 mm": equal[:, 40],
    "sigma of 3 samples": indices[:, 40],
}
figure, axes = plt.subplots(1, 3, figsize=(9, 4), layout="constrained")
for axis, (title, picture) in zip(axes.flat, pictures.items(), strict=True):
    axis.imshow(picture, cmap="gray", aspect=4, vmin=-20, vmax=120)
    axis.set_title(title)
    axis.set_axis_off()

# %%
# The pictures are cuts across the slices of a ball. Without `spacing`, the ball is smeared
# vertically.
#
# Picture: made by this code.
