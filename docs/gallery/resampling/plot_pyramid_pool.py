"""
Numbers for a picture of any size
=================================

`global_pool` gives one number for each channel, and `pyramid_pool` one for each cell of grids: 1 +
4 + 16 for each channel.
"""

import matplotlib.pyplot as plt
import numpy as np
from skimage import data

import imfilter

image = data.chelsea()
mean = imfilter.global_pool(image, channel_axis=-1)
numbers = imfilter.pyramid_pool(image, (1, 2, 4), reduce="mean", channel_axis=-1)
numbers = np.reshape(numbers, (-1, 3)) if np.ndim(numbers) == 1 else np.asarray(numbers)

numbers = numbers if numbers.shape[-1] == 3 else numbers.T
figure, axes = plt.subplots(1, 2, figsize=(9, 3.4), layout="constrained")
axes[0].imshow(image)
axes[0].set_title("before")
axes[0].set_axis_off()
for channel, name in enumerate(("tab:red", "tab:green", "tab:blue")):
    axes[1].bar(np.arange(len(numbers)) + 0.27 * channel, numbers[:, channel], 0.27, color=name)
    axes[1].axhline(mean[channel], color=name)
axes[1].set_title("pyramid_pool and global_pool")
axes[1].set_xlabel("cell")

# %%
# The bars are the means of red, green and blue in the 21 cells. The lines are the means of the whole
# picture.
#
# Picture: `skimage.data.chelsea`, by Stéfan van der Walt, CC0.
