"""
Vessels: Frangi
===============

`frangi` finds tubes at several scales. `black_ridges=True` is the default: dark lines.

The command::

    imfilter frangi retina.png vessels.png --sigmas 2,4,6 --black-ridges
"""

import matplotlib.pyplot as plt
from skimage import data

import imfilter

image = imfilter.color.rgb_to_gray(data.retina()[450:850, 500:900])

vessels, scale = imfilter.frangi(image, (2, 4, 6), return_scale=True)

pictures = {
    "before": image,
    "frangi": vessels**0.5,
    "sigma of the best scale": scale,
}
figure, axes = plt.subplots(1, 3, figsize=(9, 3.4), layout="constrained")
for axis, (title, picture) in zip(axes.flat, pictures.items(), strict=True):
    axis.imshow(picture, cmap="gray")
    axis.set_title(title)
    axis.set_axis_off()

# %%
# Look at the last picture: wide vessels are found at the large scale, and thin ones at the small
# scale.
#
# Picture: `skimage.data.retina`, CC0.
