"""
Pooling
=======

Pooling takes the maximum or the mean of each window and moves by its stride, as the layers of a
network do.
"""

import matplotlib.pyplot as plt
from skimage import data

import imfilter

image = data.coins()[10:202, 60:252]
largest = imfilter.max_pool(image, 6)
average = imfilter.avg_pool(image, 6)

pictures = {
    "before, 192 x 192": image,
    "max_pool, 32 x 32": largest,
    "avg_pool, 32 x 32": average,
}
figure, axes = plt.subplots(1, 3, figsize=(9, 3.4), layout="constrained")
for axis, (title, picture) in zip(axes.flat, pictures.items(), strict=True):
    axis.imshow(picture, cmap="gray")
    axis.set_title(title)
    axis.set_axis_off()

# %%
# The maximum keeps bright rims and makes them wide. The mean looks like a small photograph.
#
# Picture: `skimage.data.coins`, Brooklyn Museum, no known copyright restrictions.
