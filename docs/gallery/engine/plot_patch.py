"""
Code for SciPy, on this engine
==============================

Inside `patch`, functions of `scipy.ndimage` run here and return what SciPy returns. `report` counts
the calls, and `unpatch` ends it.
"""

import matplotlib.pyplot as plt
from scipy import ndimage
from skimage import data

import imfilter

image = data.camera()[60:310, 130:380].astype(float)
before = ndimage.gaussian_filter(image, 4)
imfilter.patch("scipy.ndimage")
after = ndimage.gaussian_filter(image, 4)
calls = imfilter.report()
imfilter.unpatch()

pictures = {
    "before": image,
    "SciPy": before,
    "patched": after,
}
figure, axes = plt.subplots(1, 3, figsize=(9, 3.4), layout="constrained")
for axis, (title, picture) in zip(axes.flat, pictures.items(), strict=True):
    axis.imshow(picture, cmap="gray")
    axis.set_title(title)
    axis.set_axis_off()

# %%
# Both results look alike. They differ by less than the last digits of a float.
#
# Picture: `skimage.data.camera`, by Lav Varshney, CC0.
