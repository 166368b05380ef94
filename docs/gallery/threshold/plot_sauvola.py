"""
A page in uneven light
======================

A threshold for each pixel comes from the mean and the deviation of its window. `niblack`, `sauvola`
and `local` do this.

The command::

    imfilter threshold page.png black_and_white.png --method sauvola --size 25
"""

import matplotlib.pyplot as plt
from skimage import data

from imfilter import threshold

image = data.text()
whole = image > threshold.otsu(image)
sauvola = image > threshold.sauvola(image, 25)
niblack = image > threshold.niblack(image, 25)
local = image > threshold.local(image, 25, offset=10)

pictures = {
    "before": image,
    "otsu, one number": whole,
    "sauvola": sauvola,
    "local, offset 10": local,
}
figure, axes = plt.subplots(2, 2, figsize=(9, 4.2), layout="constrained")
for axis, (title, picture) in zip(axes.flat, pictures.items(), strict=True):
    axis.imshow(picture, cmap="gray")
    axis.set_title(title)
    axis.set_axis_off()

# %%
# One number makes the dark part of the page black. The local thresholds keep the letters. `niblack`
# also keeps noise of the paper.
#
# Picture: `skimage.data.text`, by Pete Warden, public domain.
