"""
Richardson-Lucy deconvolution
=============================

This method is for counts of light. It repeats a correction, keeps values above 0, and stops when
you say.

The command::

    imfilter richardson_lucy blurred.png sharp.png --kernel blur.txt --iterations 30
"""

import matplotlib.pyplot as plt
import numpy as np
from skimage import data

import imfilter

random = np.random.default_rng(0)
stars = imfilter.color.rgb_to_gray(data.hubble_deep_field()[380:580, 480:680]).astype(np.float32)
spread = np.outer(np.hanning(15)[1:-1], np.hanning(15)[1:-1])
spread /= spread.sum()
image = random.poisson(imfilter.correlate(stars, spread)).astype(np.float32)
restored = imfilter.richardson_lucy(image, spread, 30)

pictures = {
    "blurred, with noise of counts": image,
    "30 iterations": restored,
    "the sharp picture": stars,
}
figure, axes = plt.subplots(1, 3, figsize=(9, 3.4), layout="constrained")
for axis, (title, picture) in zip(axes.flat, pictures.items(), strict=True):
    axis.imshow(picture, cmap="gray", vmin=0, vmax=120)
    axis.set_title(title)
    axis.set_axis_off()

# %%
# Galaxies that were one spot are separate again. The noise of the ground grows with the iterations.
#
# Picture: `skimage.data.hubble_deep_field`, by NASA, public domain.
