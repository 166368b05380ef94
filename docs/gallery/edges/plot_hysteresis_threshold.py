"""
Two thresholds
==============

A pixel above the low threshold stays if it is connected to one above the high threshold.
"""

import matplotlib.pyplot as plt
from skimage import data

import imfilter

image = data.coins()[10:210, 60:260]
gradient = imfilter.sobel(image)
low = gradient > 120
high = gradient > 350
both = imfilter.hysteresis_threshold(gradient, 120, 350)

pictures = {
    "gradient": gradient,
    "above 120": low,
    "above 350": high,
    "hysteresis_threshold": both,
}
figure, axes = plt.subplots(2, 2, figsize=(8, 8.6), layout="constrained")
for axis, (title, picture) in zip(axes.flat, pictures.items(), strict=True):
    axis.imshow(picture, cmap="gray")
    axis.set_title(title)
    axis.set_axis_off()

# %%
# The last picture has whole outlines, as the second one has, and less of its noise.
#
# Picture: `skimage.data.coins`, Brooklyn Museum, no known copyright restrictions.
