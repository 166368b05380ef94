"""
Contrast in colour
==================

CLAHE of red, green and blue changes the colours. CLAHE of the lightness in CIELAB keeps them.

The command::

    imfilter clahe rocket.png clear.png --clip-limit 3
"""

import matplotlib.pyplot as plt
from skimage import data

import imfilter
from imfilter import color

image = data.rocket()[60:310, 180:430]
lab = color.rgb_to_lab(image)
lab[..., 0] = imfilter.clahe(lab[..., 0], clip_limit=3, value_range=(0, 100))
light = color.lab_to_rgb(lab).clip(0, 1)
channels = imfilter.clahe(image, clip_limit=3, channel_axis=-1)

pictures = {
    "before": image,
    "lightness only": light,
    "red, green and blue": channels,
}
figure, axes = plt.subplots(1, 3, figsize=(9, 3.4), layout="constrained")
for axis, (title, picture) in zip(axes.flat, pictures.items(), strict=True):
    axis.imshow(picture, cmap="gray")
    axis.set_title(title)
    axis.set_axis_off()

# %%
# Look at the sky: its colour stays in the second picture, and changes in the last one.
#
# Picture: `skimage.data.rocket`, by SpaceX, public domain.
