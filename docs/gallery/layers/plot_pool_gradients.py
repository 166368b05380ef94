"""
Gradients of pooling
====================

The gradient of a maximum goes to the largest sample of each window. The gradient of a mean is
spread.
"""

import matplotlib.pyplot as plt
import numpy as np
from skimage import data

import imfilter
from imfilter import layers

x = data.coins()[20:84, 70:134].astype(np.float32)
pooled = imfilter.max_pool(x, 8)
slope = np.linspace(0.2, 1, 64, dtype=np.float32).reshape(1, 1, 8, 8)  # larger further down
largest = layers.max_pool_gradient(slope, x[None, None], 8)[0, 0]
spread = layers.avg_pool_gradient(slope, x[None, None], 8)[0, 0]

pictures = {
    "before": x,
    "max_pool_gradient": largest,
    "avg_pool_gradient": spread,
}
figure, axes = plt.subplots(1, 3, figsize=(9, 3.4), layout="constrained")
for axis, (title, picture) in zip(axes.flat, pictures.items(), strict=True):
    axis.imshow(picture, cmap="gray")
    axis.set_title(title)
    axis.set_axis_off()

# %%
# Each window of 8 x 8 has one white sample in the second picture. In the last one, all samples of a
# window are equal.
#
# Picture: `skimage.data.coins`, Brooklyn Museum, no known copyright restrictions.
