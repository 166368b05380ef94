"""
A film
======

A film is an array with an axis of time. A median in time removes noise and keeps what stands still.
"""

import matplotlib.pyplot as plt
import numpy as np
from skimage import data

import imfilter
from imfilter import series

random = np.random.default_rng(0)
ground = data.camera()[60:260:2, 130:330:2].astype(np.float32)
film = np.repeat(ground[None], 11, axis=0)
for t in range(11):
    film[t, 20:32, 8 * t : 8 * t + 12] = 255  # a square that moves
film += random.normal(0, 25, film.shape).astype(np.float32)
still = series.median(film, 11, axis=0)
moving = imfilter.gaussian(film, (1, 1, 1), order=(1, 0, 0))

pictures = {
    "one picture of the film": film[5],
    "median in time": still[5],
    "derivative in time": moving[5],
}
figure, axes = plt.subplots(1, 3, figsize=(9, 3.4), layout="constrained")
for axis, (title, picture) in zip(axes.flat, pictures.items(), strict=True):
    axis.imshow(picture, cmap="gray")
    axis.set_title(title)
    axis.set_axis_off()

# %%
# The square is gone in the second picture. In the last one, its front is white, and its back is
# black.
#
# Picture: `skimage.data.camera`, by Lav Varshney, CC0.
