"""
Luminance
=========

`rgb_to_gray` weighs red, green and blue as the eye does. The mean of the channels does not.
"""

import matplotlib.pyplot as plt
from skimage import data

from imfilter import color

image = data.coffee()[50:350, 100:500]
gray = color.rgb_to_gray(image)
mean = image.mean(axis=-1)

pictures = {
    "before": image,
    "rgb_to_gray": gray,
    "mean of the channels": mean,
}
figure, axes = plt.subplots(1, 3, figsize=(9, 2.7), layout="constrained")
for axis, (title, picture) in zip(axes.flat, pictures.items(), strict=True):
    axis.imshow(picture, cmap="gray")
    axis.set_title(title)
    axis.set_axis_off()

# %%
# Compare the wood and the cup: red wood is brighter in the luminance than blue shadows of the same
# mean.
#
# Picture: `skimage.data.coffee`, by Rachel Michetti, CC0.
