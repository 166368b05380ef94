"""
More colour, the same lightness
===============================

CIELAB has lightness and two colour axes. As LCh, the second number is how colourful a pixel is.
"""

import matplotlib.pyplot as plt
from skimage import data

from imfilter import color

image = data.coffee()[50:350, 100:500]
lch = color.lab_to_lch(color.rgb_to_lab(image))
lch[..., 1] *= 1.6
colourful = color.lab_to_rgb(color.lch_to_lab(lch)).clip(0, 1)

pictures = {
    "before": image,
    "chroma times 1.6": colourful,
}
figure, axes = plt.subplots(1, 2, figsize=(8, 3.3), layout="constrained")
for axis, (title, picture) in zip(axes.flat, pictures.items(), strict=True):
    axis.imshow(picture, cmap="gray")
    axis.set_title(title)
    axis.set_axis_off()

# %%
# The wood is redder, and neither brighter nor darker.
#
# Picture: `skimage.data.coffee`, by Rachel Michetti, CC0.
