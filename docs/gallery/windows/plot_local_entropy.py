"""
Texture in bits
===============

`local_entropy` counts how many grey values a window has, and how evenly. It does not depend on how
far they are apart.

The command::

    imfilter entropy camera.png texture.png --size 9
"""

import matplotlib.pyplot as plt
import numpy as np
from skimage import data

import imfilter

image = np.hstack([data.brick()[:150, :150], data.grass()[:150, :150], data.gravel()[:150, :150]])
texture = imfilter.local_entropy(image, 15)

pictures = {
    "brick, grass and gravel": image,
    "local_entropy": texture,
}
figure, axes = plt.subplots(2, 1, figsize=(8, 5.4), layout="constrained")
for axis, (title, picture) in zip(axes.flat, pictures.items(), strict=True):
    axis.imshow(picture, cmap="gray")
    axis.set_title(title)
    axis.set_axis_off()

# %%
# Windows of grass and gravel have many grey values. Bricks are even inside, so they are dark.
#
# Picture: `skimage.data.brick`, from CC0Textures, CC0.
