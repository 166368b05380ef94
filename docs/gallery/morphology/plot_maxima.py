"""
Maxima that matter
==================

`local_maxima` finds every plateau that is above its neighbours. `h_maxima` finds those that are at
least h above their surroundings.
"""

import matplotlib.pyplot as plt
import numpy as np
from skimage import data

import imfilter
from imfilter import morphology

image = imfilter.gaussian(data.coins(), 3)
every = morphology.local_maxima(image)
high = morphology.h_maxima(image, 30)
low = morphology.h_minima(image, 30) | morphology.local_minima(image) & (image < 40)

figure, axes = plt.subplots(1, 3, figsize=(9, 3), layout="constrained")
shown = {"local_maxima": every, "h_maxima, h = 30": high, "dark places": low}
for axis, (title, marks) in zip(axes, shown.items(), strict=True):
    axis.imshow(image, cmap="gray")
    rows, columns = np.nonzero(marks)
    axis.plot(columns, rows, "r.", markersize=3)
    axis.set_title(title)
    axis.set_axis_off()

# %%
# Many small maxima are noise. The marks of `h_maxima` are few, about one for each coin.
#
# Picture: `skimage.data.coins`, Brooklyn Museum, no known copyright restrictions.
