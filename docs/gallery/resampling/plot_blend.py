"""
Blend two pictures
==================

Blend each level of two Laplacian pyramids with a mask of the same level. `from_pyramid` puts them
together without a seam.
"""

import matplotlib.pyplot as plt
import numpy as np
from skimage import data

import imfilter

left = data.grass()[:256, :256].astype(np.float32)
right = data.gravel()[:256, :256].astype(np.float32)
mask = np.zeros((256, 256), np.float32)
mask[:, :128] = 1
cut = np.where(mask > 0, left, right)
parts = [imfilter.pyramid(picture, 5, kind="laplacian") for picture in (left, right)]
shares = imfilter.pyramid(mask, 5)
levels = [share * a + (1 - share) * b for share, a, b in zip(shares, *parts, strict=True)]
blended = imfilter.from_pyramid(levels)

pictures = {
    "cut and pasted": cut,
    "blended": blended,
}
figure, axes = plt.subplots(1, 2, figsize=(8, 4.3), layout="constrained")
for axis, (title, picture) in zip(axes.flat, pictures.items(), strict=True):
    axis.imshow(picture, cmap="gray")
    axis.set_title(title)
    axis.set_axis_off()

# %%
# The seam in the middle of the first picture is gone in the second one.
#
# Picture: `skimage.data.grass`, from CC0Textures, CC0.
