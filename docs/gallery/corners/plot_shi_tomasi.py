"""
Good corners to follow
======================

`shi_tomasi` is the smaller eigenvalue of the matrix that `harris` uses. It is in the units of a
squared gradient.
"""

import matplotlib.pyplot as plt
from skimage import data

import imfilter

image = data.camera()[60:310, 130:380]
response = imfilter.shi_tomasi(image, size=5)
places = imfilter.corner_peaks(response, min_distance=10, count=60)

figure, axes = plt.subplots(1, 2, figsize=(8, 4.3), layout="constrained")
for axis, title in zip(axes, ("before", "the 60 strongest"), strict=True):
    axis.imshow(image, cmap="gray")
    axis.set_title(title)
    axis.set_axis_off()
axes[1].plot(places[:, 1], places[:, 0], "r+")

# %%
# The marks are on the camera, the tripod and the buildings. The even sky has none.
#
# Picture: `skimage.data.camera`, by Lav Varshney, CC0.
