"""
Erosion, dilation, opening, closing
===================================

The element slides over the picture. Erosion takes the minimum and dilation the maximum. An opening
is both, in this order.

The command::

    imfilter erode text.png out.png --element disk:2
    imfilter dilate text.png out.png --element disk:2
    imfilter open text.png out.png --element disk:2
    imfilter close text.png out.png --element disk:2
"""

import matplotlib.pyplot as plt
from skimage import data

from imfilter import morphology

image = data.text()[40:170, 20:250]
element = morphology.disk(2)
eroded = morphology.erosion(image, element)
dilated = morphology.dilation(image, element)
opened = morphology.opening(image, element)
closed = morphology.closing(image, element)

pictures = {
    "before": image,
    "erosion": eroded,
    "dilation": dilated,
    "opening": opened,
    "closing": closed,
    "image - closing": image.astype(int) - closed,
}
figure, axes = plt.subplots(2, 3, figsize=(9, 4.4), layout="constrained")
for axis, (title, picture) in zip(axes.flat, pictures.items(), strict=True):
    axis.imshow(picture, cmap="gray")
    axis.set_title(title)
    axis.set_axis_off()

# %%
# The letters are dark. A closing removes dark details that are thinner than the disc, and keeps the
# shade of the paper.
#
# Picture: `skimage.data.text`, by Pete Warden, public domain.
