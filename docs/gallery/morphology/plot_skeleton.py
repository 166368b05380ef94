"""
Skeletons
=========

`skeleton` thins an object to lines that are one pixel wide. `thin` stops after some steps.

The command::

    imfilter skeleton horse.png lines.png
"""

import matplotlib.pyplot as plt
from skimage import data

import imfilter
from imfilter import morphology

mask = ~data.horse()
lines = morphology.skeleton(mask)
thinner = morphology.thin(mask, 12)

pictures = {
    "before": mask,
    "thin, 12 steps": thinner,
    "skeleton": imfilter.maximum(lines, 3),
}
figure, axes = plt.subplots(1, 3, figsize=(9, 2.8), layout="constrained")
for axis, (title, picture) in zip(axes.flat, pictures.items(), strict=True):
    axis.imshow(picture, cmap="gray")
    axis.set_title(title)
    axis.set_axis_off()

# %%
# The lines go through legs, body and head. They are drawn 3 pixels wide here.
#
# Picture: `skimage.data.horse`, by Andreas Preuss, CC0.
