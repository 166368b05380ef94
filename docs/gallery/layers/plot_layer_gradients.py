"""
Gradients of a layer
====================

The gradient of the input is a convolution with the kernel turned; as a layer it is
`conv_transpose`. Here a kernel is learned by its gradient alone.
"""

import matplotlib.pyplot as plt
import numpy as np
from skimage import data

import imfilter
from imfilter import layers

random = np.random.default_rng(0)
x = data.camera()[60:260:2, 130:330:2].astype(np.float32)[None] / 255 - 0.5
target = layers.conv(x, imfilter.weights.SOBEL.kernel(axis=1)[None, None].astype(np.float32), padding=1)
weight, bias, losses = np.zeros((1, 1, 3, 3), np.float32), np.zeros(1, np.float32), []
for _ in range(300):
    difference = layers.conv(x, weight, bias, padding=1) - target
    losses.append(float(np.mean(difference**2)))
    step = 2 * difference / difference.size
    weight -= 0.4 * layers.conv_weight_gradient(step, x, (3, 3), padding=1)
    bias -= 0.4 * layers.conv_bias_gradient(step)
back = layers.conv_input_gradient(step, weight, x.shape[1:], padding=1)
larger = layers.conv_transpose(x, np.ones((1, 1, 2, 2), np.float32), stride=2)

figure, axes = plt.subplots(1, 4, figsize=(10, 2.8), layout="constrained")
axes[0].imshow(x[0], cmap="gray")
axes[1].semilogy(losses)
axes[2].imshow(weight[0, 0], cmap="RdBu_r")
axes[3].imshow(larger[0], cmap="gray")
titles = ("before", "loss", "learned kernel", f"conv_transpose, {larger.shape[1]} rows")
for axis, title in zip(axes, titles, strict=True):
    axis.set_title(title)

# %%
# The loss falls. The kernel becomes a Sobel operator: negative at the left, positive at the right.
# `conv_transpose` doubles the size.
#
# Picture: `skimage.data.camera`, by Lav Varshney, CC0.
