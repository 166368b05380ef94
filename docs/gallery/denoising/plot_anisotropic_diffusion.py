"""
Diffusion that stops at edges
=============================

Values flow to their neighbours, but hardly across differences above `kappa`. More iterations smooth
more.

The command::

    imfilter anisotropic_diffusion noisy.png clean.png --iterations 20 --kappa 30
"""

import matplotlib.pyplot as plt
import numpy as np
from skimage import data

import imfilter

random = np.random.default_rng(0)
clean = data.camera()[60:260, 130:330]
image = np.clip(clean + random.normal(0, 10, clean.shape), 0, 255).astype(np.uint8)
few = imfilter.anisotropic_diffusion(image, 5, 30)
many = imfilter.anisotropic_diffusion(image, 60, 30)

pictures = {
    "noise of deviation 10": image,
    "5 iterations": few,
    "60 iterations": many,
}
figure, axes = plt.subplots(1, 3, figsize=(9, 3.4), layout="constrained")
for axis, (title, picture) in zip(axes.flat, pictures.items(), strict=True):
    axis.imshow(picture, cmap="gray")
    axis.set_title(title)
    axis.set_axis_off()

# %%
# The grass becomes flat, and the outline of the man stays.
#
# Picture: `skimage.data.camera`, by Lav Varshney, CC0.
