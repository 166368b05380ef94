"""
The guided filter
=================

In each box, the result is a line of the guide. The time does not depend on the radius. `eps` is the
variance that counts as texture.

The command::

    imfilter guided chelsea.png smooth.png --radius 8 --eps 400
"""

import matplotlib.pyplot as plt
from skimage import data

import imfilter

image = data.camera()[60:310, 130:380]
weak = imfilter.guided(image, 8, 100)
strong = imfilter.guided(image, 8, 2000)

pictures = {
    "before": image,
    "eps 100": weak,
    "eps 2000": strong,
}
figure, axes = plt.subplots(1, 3, figsize=(9, 3.4), layout="constrained")
for axis, (title, picture) in zip(axes.flat, pictures.items(), strict=True):
    axis.imshow(picture, cmap="gray")
    axis.set_title(title)
    axis.set_axis_off()

# %%
# The grass disappears first. The camera and the tripod stay until `eps` is as large as their
# variance.
#
# Picture: `skimage.data.camera`, by Lav Varshney, CC0.
