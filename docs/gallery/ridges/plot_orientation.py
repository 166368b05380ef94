"""
The angle of texture
====================

`orientation` is the angle of the strongest change. `coherence` says how clear it is, from 0 to 1.

The command::

    imfilter orientation brick.png angle.png --sigma 4
    imfilter coherence brick.png clear.png --sigma 4
"""

import matplotlib.pyplot as plt
from skimage import data

import imfilter

image = data.brick()[100:400, 100:400]
angle = imfilter.orientation(image, 4)
clear = imfilter.coherence(image, 4)

figure, axes = plt.subplots(1, 3, figsize=(9, 3.4), layout="constrained")
axes[0].imshow(image, cmap="gray")
axes[1].imshow(angle, cmap="twilight")
axes[2].imshow(clear, cmap="gray")
for axis, title in zip(axes, ("before", "orientation", "coherence"), strict=True):
    axis.set_title(title)
    axis.set_axis_off()

# %%
# Along the joints, the angle is the same and clear. Where joints meet, the coherence is low.
#
# Picture: `skimage.data.brick`, from CC0Textures, CC0.
