"""
Wiener deconvolution
====================

If the blur is known, `wiener` inverts it where the picture is stronger than the noise. `balance`
says where that is.

The command::

    imfilter wiener blurred.png sharp.png --kernel blur.txt --balance 0.01
"""

import matplotlib.pyplot as plt
import numpy as np
from skimage import data

import imfilter

random = np.random.default_rng(0)
sharp = data.camera()[60:310, 130:380].astype(np.float32)
motion = np.full((1, 13), 1 / 13)  # the camera moved along the rows
image = imfilter.correlate(sharp, motion) + random.normal(0, 1, sharp.shape).astype(np.float32)
restored = imfilter.wiener(image, motion, balance=0.005)

pictures = {
    "blurred by motion": image,
    "wiener": restored,
    "the sharp picture": sharp,
}
figure, axes = plt.subplots(1, 3, figsize=(9, 3.4), layout="constrained")
for axis, (title, picture) in zip(axes.flat, pictures.items(), strict=True):
    axis.imshow(picture, cmap="gray", vmin=0, vmax=255)
    axis.set_title(title)
    axis.set_axis_off()

# %%
# The tripod and the camera are sharp again. Weak stripes beside strong edges come from the noise.
#
# Picture: `skimage.data.camera`, by Lav Varshney, CC0.
