"""
Smooth a noisy picture along a clean one
========================================

The weights may come from another picture of the same scene. Here the red channel is noisy, and the
green one is the guide.

The command::

    imfilter bilateral noisy.png smooth.png --guide chelsea.png --sigma-space 4 --sigma-range 12
"""

import matplotlib.pyplot as plt
import numpy as np
from skimage import data

import imfilter

random = np.random.default_rng(0)
image = data.astronaut()[:200, 130:330]
red = np.clip(image[..., 0] + random.normal(0, 40, image.shape[:2]), 0, 255).astype(np.uint8)
alone = imfilter.bilateral(red, 4, 60)
joint = imfilter.bilateral(red, 4, 12, guide=image[..., 1])

pictures = {
    "red, with noise of deviation 40": red,
    "by itself": alone,
    "guide: the green channel": joint,
}
figure, axes = plt.subplots(1, 3, figsize=(9, 3.4), layout="constrained")
for axis, (title, picture) in zip(axes.flat, pictures.items(), strict=True):
    axis.imshow(picture, cmap="gray")
    axis.set_title(title)
    axis.set_axis_off()

# %%
# Look at the eyes and at the hair: with the guide they are sharp, although the noise hides them in
# the first picture.
#
# Picture: `skimage.data.astronaut`, by NASA, public domain.
