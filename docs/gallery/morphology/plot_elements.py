"""
Elements
========

An element is a set of pixels, as an array or as an `Element` that is computed fast. `ball` is a
disc for volumes.
"""

import matplotlib.pyplot as plt
import numpy as np

from imfilter import morphology

shapes = {
    "disk(9)": morphology.disk(9),
    "diamond(9)": morphology.diamond(9),
    "octagon(7, 5)": morphology.octagon(7, 5),
    "rectangle((9, 17))": morphology.rectangle((9, 17)),
    "line(19, 0.5)": morphology.line(19, 0.5),
    "star(7)": morphology.star(7),
}
assert isinstance(shapes["disk(9)"], morphology.Element)
middle = np.asarray(morphology.ball(9))[9]

figure, axes = plt.subplots(2, 3, figsize=(8, 5.6), layout="constrained")
for axis, (title, element) in zip(axes.flat, shapes.items(), strict=True):
    axis.imshow(np.pad(np.asarray(element), 2), cmap="gray")
    axis.set_title(title)
    axis.set_axis_off()
assert np.array_equal(middle, np.asarray(shapes["disk(9)"]))

# %%
# White pixels belong to the element. The middle slice of `ball(9)` is `disk(9)`.
#
# Data: made by this code.
