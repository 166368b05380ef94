"""
Objects at the border
=====================

`clear_border` removes objects that touch the border, because their areas are unknown.
"""

import matplotlib.pyplot as plt
from skimage import data

from imfilter import morphology

mask = data.binary_blobs(200, blob_size_fraction=0.12, volume_fraction=0.4, rng=3)
inside = morphology.clear_border(mask)

pictures = {
    "before": mask,
    "clear_border": inside,
}
figure, axes = plt.subplots(1, 2, figsize=(8, 4.3), layout="constrained")
for axis, (title, picture) in zip(axes.flat, pictures.items(), strict=True):
    axis.imshow(picture, cmap="gray")
    axis.set_title(title)
    axis.set_axis_off()

# %%
# Follow the border: no white pixel is left on it.
#
# Picture: `skimage.data.binary_blobs`, made by a program.
