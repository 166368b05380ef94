"""
Uneven light
============

`homomorphic` works on the logarithm: light times pattern becomes a sum. It makes slow changes
weaker and fast changes stronger.

The command::

    imfilter homomorphic text.png even.png --cutoff 0.02
"""

import matplotlib.pyplot as plt
from skimage import data

import imfilter

image = data.text()[:160, 20:300]
even = imfilter.homomorphic(image, 0.02, low_gain=0.4, high_gain=1.3)

pictures = {
    "before": image,
    "homomorphic": even,
}
figure, axes = plt.subplots(1, 2, figsize=(8, 2.9), layout="constrained")
for axis, (title, picture) in zip(axes.flat, pictures.items(), strict=True):
    axis.imshow(picture, cmap="gray")
    axis.set_title(title)
    axis.set_axis_off()

# %%
# The shade at the top left is weaker, and the letters have the same contrast everywhere.
#
# Picture: `skimage.data.text`, by Pete Warden, public domain.
