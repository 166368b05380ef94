"""
Names of other libraries
========================

`imfilter.compat.ndimage`, `imfilter.compat.cv2` and `imfilter.compat.skimage` have the functions of
these libraries by their names.
"""

import matplotlib.pyplot as plt
from skimage import data

from imfilter.compat import ndimage

image = data.coins()[10:210, 60:260]
across = ndimage.sobel(image.astype(float), axis=1)
closed = ndimage.grey_closing(image, (9, 9))

pictures = {
    "before": image,
    "ndimage.sobel": across,
    "ndimage.grey_closing": closed,
}
figure, axes = plt.subplots(1, 3, figsize=(9, 3.4), layout="constrained")
for axis, (title, picture) in zip(axes.flat, pictures.items(), strict=True):
    axis.imshow(picture, cmap="gray")
    axis.set_title(title)
    axis.set_axis_off()

# %%
# `ndimage.sobel` takes one axis, as in SciPy: one side of a coin is white, the other side black.
#
# Picture: `skimage.data.coins`, Brooklyn Museum, no known copyright restrictions.
