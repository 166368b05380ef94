"""
The first call compiles
=======================

The first call of a filter on a type of image compiles. :func:`imfilter.warmup` compiles the usual
kernels in advance, and a cache keeps them. A function of your own compiles in each new process
unless it is in a file.

The command::

    imfilter median camera.png out.png --size 3
"""

import time

import matplotlib.pyplot as plt
import numpy as np
from skimage import data

import imfilter

image = data.camera()[:256, :256]


def middle(window):
    return (np.max(window) + np.min(window)) / 2


times = []
for _ in range(4):
    start = time.perf_counter()
    result = imfilter.generic(image, middle, 5)
    times.append(time.perf_counter() - start)

figure, axes = plt.subplots(1, 3, figsize=(9, 3.2), layout="constrained")
axes[0].imshow(image, cmap="gray")
axes[1].imshow(result, cmap="gray")
axes[2].bar(range(1, 5), times)
axes[2].set_ylabel("seconds")
axes[2].set_yscale("log")
for axis, title in zip(axes, ("before", "(max + min) / 2", "four calls"), strict=True):
    axis.set_title(title)

# %%
# The first bar is compilation. Later calls take milliseconds.
#
# Picture: `skimage.data.camera`, by Lav Varshney, CC0.
