"""
Grain: non-local means
======================

Each pixel becomes the mean of pixels whose surroundings look alike. The strength comes from
`estimate_noise` unless you give it.

The command::

    imfilter non_local_means noisy.png clean.png
"""

import matplotlib.pyplot as plt
import numpy as np
from skimage import data

import imfilter

random = np.random.default_rng(0)
clean = data.camera()[60:260, 130:330]
image = np.clip(clean + random.normal(0, 20, clean.shape), 0, 255).astype(np.uint8)
found = imfilter.estimate_noise(image)
result = imfilter.non_local_means(image, search=15)
gaussian = imfilter.gaussian(image, 1.5)

pictures = {
    "noise of deviation 20": image,
    "non_local_means": result,
    "gaussian, for comparison": gaussian,
}
figure, axes = plt.subplots(1, 3, figsize=(9, 3.4), layout="constrained")
for axis, (title, picture) in zip(axes.flat, pictures.items(), strict=True):
    axis.imshow(picture, cmap="gray")
    axis.set_title(title)
    axis.set_axis_off()

# %%
# Look at the sky and at the tripod. The sky is smooth in both results, but the tripod is sharp in the
# first one only.
#
# Picture: `skimage.data.camera`, by Lav Varshney, CC0.
