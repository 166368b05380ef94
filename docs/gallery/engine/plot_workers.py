"""
Threads do not change the result
================================

`set_workers` sets the number of threads. Every filter returns the same bits for any number.

The command::

    imfilter median camera.png out.png --size 9 --workers 1
"""

import matplotlib.pyplot as plt
from skimage import data

import imfilter

image = data.camera()[60:310, 130:380]
with imfilter.set_workers(1):
    one = imfilter.local_std(image, 9)
with imfilter.set_workers(4):
    four = imfilter.local_std(image, 9)
difference = one - four
assert not difference.any()

pictures = {
    "one thread": one,
    "four threads": four,
    "the difference": difference,
}
figure, axes = plt.subplots(1, 3, figsize=(9, 3.4), layout="constrained")
for axis, (title, picture) in zip(axes.flat, pictures.items(), strict=True):
    axis.imshow(picture, cmap="gray")
    axis.set_title(title)
    axis.set_axis_off()

# %%
# The last picture is even: every value is exactly 0.
#
# Picture: `skimage.data.camera`, by Lav Varshney, CC0.
