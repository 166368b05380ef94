"""
Receptive fields
================

`receptive_fields` gives the size, the jump and the start of what a unit sees, for a list of
:class:`imfilter.layers.Window`, as :class:`imfilter.layers.ReceptiveField`.
"""

import matplotlib.pyplot as plt
import numpy as np
from skimage import data

from imfilter import layers

image = data.camera()
windows = [layers.Window(3, padding=1), layers.Window(2, stride=2)] * 4
fields = layers.receptive_fields(windows)
assert isinstance(fields[0], layers.ReceptiveField)

figure, axis = plt.subplots(figsize=(5, 5), layout="constrained")
axis.imshow(image, cmap="gray")
for number, field in enumerate(fields):
    (top, left), (bottom, right) = np.transpose(field.region((10, 10)))
    box = plt.Rectangle((left, top), right - left, bottom - top, fill=False, color=f"C{number}")
    axis.add_patch(box)
axis.set_xlim(0, 260)
axis.set_ylim(260, 0)

# %%
# Each box is what the unit at (10, 10) of a layer sees. Later layers see more, and their units are
# farther apart.
#
# Picture: `skimage.data.camera`, by Lav Varshney, CC0.
