"""
Minimum, percentile, maximum
============================

A percentile takes a rank of the window. 0 is the minimum, 50 the median, 100 the maximum.

The command::

    imfilter minimum text.png dark.png --size 5
    imfilter percentile text.png out.png --q 25 --size 5
    imfilter maximum text.png bright.png --size 5
"""

import matplotlib.pyplot as plt
from skimage import data

import imfilter

image = data.text()[40:170, 20:250]
dark = imfilter.minimum(image, 5)
quarter = imfilter.percentile(image, 25, 5)
bright = imfilter.maximum(image, 5)

pictures = {
    "before": image,
    "minimum": dark,
    "percentile 25": quarter,
    "maximum": bright,
}
figure, axes = plt.subplots(2, 2, figsize=(9, 5.4), layout="constrained")
for axis, (title, picture) in zip(axes.flat, pictures.items(), strict=True):
    axis.imshow(picture, cmap="gray")
    axis.set_title(title)
    axis.set_axis_off()

# %%
# The letters are dark. The minimum makes them thick, and the maximum removes them: what stays is the
# paper.
#
# Picture: `skimage.data.text`, by Pete Warden, public domain.
