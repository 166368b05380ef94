"""
Luminance
=========

`rgb_to_gray` weighs red, green and blue about as the eye does. The mean of the channels does not.
"""

import matplotlib.pyplot as plt
import numpy as np

from imfilter import color

lch = np.empty((60, 240, 3))
lch[..., 0], lch[..., 1] = 65, 22  # the same lightness and chroma
lch[..., 2] = np.linspace(0, 2 * np.pi, 240)  # every hue
image = color.lab_to_rgb(color.lch_to_lab(lch)).clip(0, 1)
gray = color.rgb_to_gray(image)
mean = image.mean(axis=-1)

pictures = {
    "colours of one lightness": image,
    "rgb_to_gray": gray,
    "mean of the channels": mean,
}
figure, axes = plt.subplots(3, 1, figsize=(6, 5), layout="constrained")
for axis, (title, picture) in zip(axes.flat, pictures.items(), strict=True):
    axis.imshow(picture, cmap="gray", vmin=0.45, vmax=0.75)
    axis.set_title(title)
    axis.set_axis_off()

# %%
# To the eye, all these colours have about the same brightness. The luminance is nearly even. The mean
# makes yellow dark and blue bright.
#
# Picture: made by this code.
