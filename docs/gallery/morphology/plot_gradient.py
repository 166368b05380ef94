"""
The morphological gradient
==========================

Dilation minus erosion: the largest step between a pixel and its neighbours.

The command::

    imfilter gradient coins.png edges.png
"""

import matplotlib.pyplot as plt
from skimage import data

from imfilter import morphology

image = data.coins()[10:210, 60:260]
steps = morphology.gradient(image)
wide = morphology.gradient(image, morphology.disk(3))

pictures = {
    "before": image,
    "3 x 3 cross": steps,
    "disc of radius 3": wide,
}
figure, axes = plt.subplots(1, 3, figsize=(9, 3.4), layout="constrained")
for axis, (title, picture) in zip(axes.flat, pictures.items(), strict=True):
    axis.imshow(picture, cmap="gray")
    axis.set_title(title)
    axis.set_axis_off()

# %%
# A larger element makes wider edges.
#
# Picture: `skimage.data.coins`, Brooklyn Museum, no known copyright restrictions.
