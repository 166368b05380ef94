"""
Remove stripes
==============

Stripes of one frequency along one axis are a band. Take the band of each column away.
"""

import matplotlib.pyplot as plt
import numpy as np
from skimage import data

import imfilter

clean = data.camera()[60:310, 130:380]
image = clean + 25 * np.sin(2 * np.pi * 0.2 * np.arange(250))[:, None]
stripes = imfilter.butterworth(image, (0.19, 0.21), kind="band", order=4, axes=(0,))
along = imfilter.box(stripes, (1, 101))  # the stripes are even along the rows
result = image - along

pictures = {
    "with stripes": image,
    "the band, averaged along rows": along,
    "the difference": result,
}
figure, axes = plt.subplots(1, 3, figsize=(9, 3.4), layout="constrained")
for axis, (title, picture) in zip(axes.flat, pictures.items(), strict=True):
    axis.imshow(picture, cmap="gray")
    axis.set_title(title)
    axis.set_axis_off()

# %%
# The sky is even again. Detail stays, because the band was averaged along the rows.
#
# Picture: `skimage.data.camera`, by Lav Varshney, CC0.
