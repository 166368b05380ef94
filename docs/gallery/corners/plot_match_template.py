"""
Find a template
===============

`match_template` gives the correlation of each window with the template, from -1 to 1. It does not
depend on brightness or contrast.

The command::

    imfilter match_template coins.png matches.png --template coin.png --count 5
"""

import matplotlib.pyplot as plt
from skimage import data

import imfilter

image = data.coins()
template = image[168:220, 72:130]
found = imfilter.match_template(image, template)
places = imfilter.corner_peaks(found, min_distance=20, count=8, threshold=0.3)

figure, axes = plt.subplots(1, 3, figsize=(9, 3), layout="constrained")
shown = {"template": template, "match_template": found, "the best places": image}
for axis, (title, picture) in zip(axes, shown.items(), strict=True):
    axis.imshow(picture, cmap="gray")
    axis.set_title(title)
    axis.set_axis_off()
axes[2].plot(places[:, 1], places[:, 0], "r+")

# %%
# The brightest place is the coin that the template was cut from. Coins of the same size are the next
# ones.
#
# Picture: `skimage.data.coins`, Brooklyn Museum, no known copyright restrictions.
