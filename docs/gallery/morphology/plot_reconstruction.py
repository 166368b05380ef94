"""
Reconstruction
==============

The seed grows inside the mask. What is not connected to the seed stays away.

The command::

    imfilter reconstruct horse.png out.png --seed seed.png
"""

import matplotlib.pyplot as plt
import numpy as np
from skimage import data

from imfilter import morphology

mask = data.binary_blobs(200, blob_size_fraction=0.12, volume_fraction=0.4, rng=3)
seed = np.zeros_like(mask)
seed[:, :60] = mask[:, :60]
result = morphology.reconstruction(seed, mask)

pictures = {
    "the mask": mask,
    "the seed": seed,
    "reconstruction": result,
}
figure, axes = plt.subplots(1, 3, figsize=(9, 3.4), layout="constrained")
for axis, (title, picture) in zip(axes.flat, pictures.items(), strict=True):
    axis.imshow(picture, cmap="gray")
    axis.set_title(title)
    axis.set_axis_off()

# %%
# Blobs that have a part in the seed are whole. The others are gone.
#
# Picture: `skimage.data.binary_blobs`, made by a program.
