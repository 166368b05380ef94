"""
How strong is the noise?
========================

`estimate_noise` gives the standard deviation of even noise, from one picture alone.

The command::

    imfilter estimate_noise noisy.png
"""

import matplotlib.pyplot as plt
import numpy as np
from skimage import data

import imfilter

random = np.random.default_rng(0)
clean = data.camera().astype(np.float64)
added = np.arange(0, 41, 4)
found = [imfilter.estimate_noise(clean + random.normal(0, s, clean.shape)) for s in added]

figure, axis = plt.subplots(figsize=(6, 4), layout="constrained")
axis.plot(added, added, color="gray", label="added = found")
axis.plot(added, found, "o", label="estimate_noise")
axis.set_xlabel("deviation of the added noise")
axis.set_ylabel("found")
axis.legend()

# %%
# The points are near the line where both numbers are equal. At the left, the texture of the picture
# counts as noise.
#
# Picture: `skimage.data.camera`, by Lav Varshney, CC0.
