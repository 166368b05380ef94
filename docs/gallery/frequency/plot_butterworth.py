"""
Low, high and band pass
=======================

`butterworth` keeps frequencies below, above or between its cut-offs, in periods for each pixel. It
has no ringing.

The command::

    imfilter butterworth camera.png low.png --cutoff 0.05
"""

import matplotlib.pyplot as plt
from skimage import data

import imfilter

image = data.camera()[60:310, 130:380]
low = imfilter.butterworth(image, 0.05)
high = imfilter.butterworth(image, 0.05, kind="high", dtype="float32")
band = imfilter.butterworth(image, (0.05, 0.15), kind="band", dtype="float32")

pictures = {
    "before": image,
    "low": low,
    "high": high,
    "band": band,
}
figure, axes = plt.subplots(2, 2, figsize=(8, 8.6), layout="constrained")
for axis, (title, picture) in zip(axes.flat, pictures.items(), strict=True):
    axis.imshow(picture, cmap="gray")
    axis.set_title(title)
    axis.set_axis_off()

# %%
# The low pass and the high pass add up to the picture. The band has no even regions and no finest
# detail.
#
# Picture: `skimage.data.camera`, by Lav Varshney, CC0.
