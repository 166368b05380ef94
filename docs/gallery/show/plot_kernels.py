"""
Kernels and their maps
======================

`show.kernels` draws kernels with 0 as white, and `show.feature_maps` draws their responses.

The command::

    imfilter show kernels weights.npy kernels.png
"""

import matplotlib.pyplot as plt
import numpy as np
from skimage import data

import imfilter
from imfilter import show

image = data.astronaut()[:256, 100:356]
gray = imfilter.color.rgb_to_gray(image).astype(np.float32)
angles = np.arange(4) * np.pi / 4
r, c = np.mgrid[-7:8, -7:8]
bell = np.exp(-(r**2 + c**2) / 18)
kernels = np.stack([bell * np.sin(0.8 * (r * np.sin(a) + c * np.cos(a))) for a in angles])
maps = np.stack([imfilter.correlate(gray, kernel) for kernel in kernels])

pictures = {
    "before": image,
    "show.kernels": show.kernels(kernels, columns=2),
    "show.feature_maps": show.feature_maps(maps, columns=2),
}
figure, axes = plt.subplots(1, 3, figsize=(9, 3.4), layout="constrained")
for axis, (title, picture) in zip(axes.flat, pictures.items(), strict=True):
    axis.imshow(picture, cmap="gray")
    axis.set_title(title)
    axis.set_axis_off()

# %%
# Red is positive, and blue is negative. Each map is strong where the picture has the wave of its
# kernel.
#
# Picture: `skimage.data.astronaut`, by NASA, public domain.
