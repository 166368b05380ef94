"""
Make a picture larger
=====================

`linear` is soft, `cubic` and `lanczos` are sharper and may overshoot at edges.

The command::

    imfilter resize coins.png large.png --scale 6 --method lanczos
"""

import matplotlib.pyplot as plt
from skimage import data

import imfilter

image = data.coins()[30:70, 70:110]
linear = imfilter.resize(image, scale=6, method="linear")
cubic = imfilter.resize(image, scale=6, method="cubic")
lanczos = imfilter.resize(image, scale=6, method="lanczos")

pictures = {
    "before, 40 x 40": image,
    "linear": linear,
    "cubic": cubic,
    "lanczos": lanczos,
}
figure, axes = plt.subplots(2, 2, figsize=(8, 8.6), layout="constrained")
for axis, (title, picture) in zip(axes.flat, pictures.items(), strict=True):
    axis.imshow(picture, cmap="gray")
    axis.set_title(title)
    axis.set_axis_off()

# %%
# Look at the rim of the coin. `linear` has a grid of soft squares, `lanczos` the sharpest rim.
#
# Picture: `skimage.data.coins`, Brooklyn Museum, no known copyright restrictions.
