"""
Gradients at a scale
====================

`gaussian_gradient_magnitude` smooths and differentiates in one step.

The command::

    imfilter gaussian_gradient_magnitude gravel.png edges.png --sigma 4
"""

import matplotlib.pyplot as plt
from skimage import data

import imfilter

image = data.gravel()[:256, :256]
fine = imfilter.gaussian_gradient_magnitude(image, 1)
coarse = imfilter.gaussian_gradient_magnitude(image, 5)

pictures = {
    "before": image,
    "sigma 1": fine,
    "sigma 5": coarse,
}
figure, axes = plt.subplots(1, 3, figsize=(9, 3.4), layout="constrained")
for axis, (title, picture) in zip(axes.flat, pictures.items(), strict=True):
    axis.imshow(picture, cmap="gray")
    axis.set_title(title)
    axis.set_axis_off()

# %%
# At the small scale, the grain of each stone has edges. At the large scale, only the stones have.
#
# Picture: `skimage.data.gravel`, from CC0Textures, CC0.
