"""
Remove small objects by area
============================

`area_opening` removes bright regions with fewer pixels than the area. `area_closing` does it with
dark regions. Shapes stay as they are.
"""

import matplotlib.pyplot as plt
import numpy as np
from skimage import data

from imfilter import morphology

random = np.random.default_rng(0)
mask = data.binary_blobs(200, blob_size_fraction=0.15, volume_fraction=0.5, rng=3)
noisy = mask ^ (random.random(mask.shape) < 0.03)
opened = morphology.area_opening(noisy, 30)
both = morphology.area_closing(opened, 30)

pictures = {
    "before": noisy,
    "area_opening": opened,
    "then area_closing": both,
}
figure, axes = plt.subplots(1, 3, figsize=(9, 3.4), layout="constrained")
for axis, (title, picture) in zip(axes.flat, pictures.items(), strict=True):
    axis.imshow(picture, cmap="gray")
    axis.set_title(title)
    axis.set_axis_off()

# %%
# The specks are gone, and the outlines of the blobs keep their details.
#
# Picture: `skimage.data.binary_blobs`, made by a program.
