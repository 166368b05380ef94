"""
Second derivatives as a matrix
==============================

`hessian` returns the second derivatives along a new first axis. `hessian_eigenvalues` sorts them,
the largest first.

The command::

    imfilter hessian retina.png curve.png --sigma 3 --which largest --signed
"""

import matplotlib.pyplot as plt
from skimage import data

import imfilter

image = imfilter.color.rgb_to_gray(data.retina()[450:850, 500:900])

elements = imfilter.hessian(image, 3)
largest, smallest = imfilter.hessian_eigenvalues(image, 3)

pictures = {
    "before": image,
    "largest eigenvalue": largest,
    "smallest eigenvalue": smallest,
}
figure, axes = plt.subplots(1, 3, figsize=(9, 3.4), layout="constrained")
for axis, (title, picture) in zip(axes.flat, pictures.items(), strict=True):
    axis.imshow(picture, cmap="gray")
    axis.set_title(title)
    axis.set_axis_off()

# %%
# A dark vessel curves upwards across its direction, so it is white in the second picture. Bright
# spots are dark in the last.
#
# Picture: `skimage.data.retina`, CC0.
