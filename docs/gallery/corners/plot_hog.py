"""
Histograms of oriented gradients
================================

`hog` describes a picture by the directions of its gradients in cells. `visualize=True` draws them
as stars. `imfilter.sklearn.HOG` is the same in pipelines.

The command::

    imfilter hog astronaut.png stars.png
"""

import matplotlib.pyplot as plt
from skimage import data

import imfilter

image = data.astronaut()[:256, 100:356]
descriptor, stars = imfilter.hog(image, channel_axis=-1, visualize=True)

pictures = {
    "before": image,
    "the histograms as stars": stars**0.5,
}
figure, axes = plt.subplots(1, 2, figsize=(8, 4.3), layout="constrained")
for axis, (title, picture) in zip(axes.flat, pictures.items(), strict=True):
    axis.imshow(picture, cmap="gray")
    axis.set_title(title)
    axis.set_axis_off()

# %%
# Along the outline of the face, the stars are lines. In even regions they are dark.
#
# Picture: `skimage.data.astronaut`, by NASA, public domain.
