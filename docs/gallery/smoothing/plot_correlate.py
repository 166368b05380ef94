"""
Kernels of your own
===================

`correlate` lays a kernel on each pixel and sums the products. `convolve` turns the kernel first.
`imfilter.weights` has standard kernels by name.

The command::

    imfilter correlate camera.png relief.png --kernel "-2,-1,0; -1,1,1; 0,1,2"
"""

import matplotlib.pyplot as plt
import numpy as np
from skimage import data

import imfilter

image = data.camera()[60:310, 130:380]
emboss = np.array([[-2, -1, 0], [-1, 1, 1], [0, 1, 2]])
relief = imfilter.correlate(image, emboss, dtype="uint8")
turned = imfilter.convolve(image, emboss, dtype="uint8")
sharp = imfilter.correlate(image, imfilter.weights.SHARPEN, dtype="uint8")

pictures = {
    "before": image,
    "correlate: light from one side": relief,
    "convolve: the kernel is turned": turned,
    "weights.SHARPEN": sharp,
}
figure, axes = plt.subplots(2, 2, figsize=(8, 8.6), layout="constrained")
for axis, (title, picture) in zip(axes.flat, pictures.items(), strict=True):
    axis.imshow(picture, cmap="gray")
    axis.set_title(title)
    axis.set_axis_off()

# %%
# Compare the second and third picture: the light comes from the opposite side.
#
# Picture: `skimage.data.camera`, by Lav Varshney, CC0.
