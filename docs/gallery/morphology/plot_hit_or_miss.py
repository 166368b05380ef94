"""
Hit or miss
===========

`hit_or_miss` finds places where one pattern is in the object and another one is in the background.
"""

import matplotlib.pyplot as plt
import numpy as np
from skimage import data

from imfilter import morphology

mask = ~data.horse()[::2, ::2]
corner = np.zeros((9, 9), bool)
corner[4:, 4:] = True  # in the object
outside = np.zeros((9, 9), bool)
outside[:3, :3] = True  # in the background
found = morphology.hit_or_miss(mask, corner, outside)

figure, axes = plt.subplots(1, 2, figsize=(8, 3.6), layout="constrained")
rows, columns = np.nonzero(found)
for axis, title in zip(axes, ("before", "hit_or_miss"), strict=True):
    axis.imshow(mask, cmap="gray")
    axis.set_title(title)
    axis.set_axis_off()
axes[1].plot(columns, rows, "r.", markersize=3)

# %%
# The marks follow the parts of the outline that face the upper left.
#
# Picture: `skimage.data.horse`, by Andreas Preuss, CC0.
