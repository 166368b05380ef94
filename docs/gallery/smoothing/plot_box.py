"""
Smooth with a box
=================

The mean of a box costs the same for every size. Its weights end abruptly, which shows at bright
points.

The command::

    imfilter box camera.png soft.png --size 15
"""

import matplotlib.pyplot as plt
import numpy as np

import imfilter

image = np.zeros((80, 80), np.uint8)
image[20, 20] = image[20, 60] = image[60, 40] = 255
box = imfilter.box(image.astype(float), 15)
gaussian = imfilter.gaussian(image.astype(float), 4.3)

pictures = {
    "before": image,
    "box, 15 x 15": box,
    "gaussian, sigma 4.3": gaussian,
}
figure, axes = plt.subplots(1, 3, figsize=(9, 3.4), layout="constrained")
for axis, (title, picture) in zip(axes.flat, pictures.items(), strict=True):
    axis.imshow(picture, cmap="gray")
    axis.set_title(title)
    axis.set_axis_off()

# %%
# Look at the single points. The box makes squares of them, and the Gaussian makes round spots. Both
# have about the same variance.
#
# Picture: made by this code.
