"""
Flat regions: total variation
=============================

`total_variation` finds the picture with few changes that is near to the noisy one. The weight says
how flat it becomes.

The command::

    imfilter total_variation noisy.png clean.png --weight 30
"""

import matplotlib.pyplot as plt
import numpy as np
from skimage import data

import imfilter

random = np.random.default_rng(0)
clean = data.camera()[60:260, 130:330]
image = np.clip(clean + random.normal(0, 20, clean.shape), 0, 255).astype(np.uint8)
weak = imfilter.total_variation(image, 20)
strong = imfilter.total_variation(image, 80)

pictures = {
    "noise of deviation 20": image,
    "weight 20": weak,
    "weight 80": strong,
}
figure, axes = plt.subplots(1, 3, figsize=(9, 3.4), layout="constrained")
for axis, (title, picture) in zip(axes.flat, pictures.items(), strict=True):
    axis.imshow(picture, cmap="gray")
    axis.set_title(title)
    axis.set_axis_off()

# %%
# With the large weight, the coat is one flat region with a sharp outline.
#
# Picture: `skimage.data.camera`, by Lav Varshney, CC0.
