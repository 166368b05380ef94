"""
Learn with a few layers
=======================

A :class:`imfilter.layers.Stack` runs forwards and backwards. `cross_entropy` gives the loss and its
gradient. The rest is the loop below.
"""

import matplotlib.pyplot as plt
import numpy as np

from imfilter import layers, show

random = np.random.default_rng(0)
angles = np.repeat((0, 1, 2, 3), 50) * np.pi / 4
r, c = np.mgrid[-8:8, -8:8]
phase = random.uniform(0, 6, (200, 1, 1))
waves = np.sin(0.9 * (r * np.sin(angles[:, None, None]) + c * np.cos(angles[:, None, None])) + phase)
x = (waves + random.normal(0, 0.4, waves.shape))[:, None].astype(np.float32)
labels = np.repeat(np.arange(4), 50)
stack = layers.Stack(
    [
        layers.Conv(8, 5, name="conv"),
        layers.Activation("relu"),
        layers.Pool(3, reduce="mean"),
        layers.Dropout(0.2),
        layers.Flatten(),
        layers.Dense(4, name="fc"),
    ],
    input_shape=(1, 16, 16),
)
weights, losses = stack.initial_weights(seed=1), []
for _ in range(60):
    loss, slope = layers.cross_entropy(stack.forward(x, weights), labels)
    losses.append(loss)
    for name, gradients in stack.backward(x, weights, slope)[1].items():
        for array, gradient in zip(weights[name], gradients, strict=True):
            array -= 0.3 * gradient
right = (stack.forward(x, weights).argmax(axis=1) == labels).mean()

figure, axes = plt.subplots(1, 3, figsize=(10, 3.2), layout="constrained")
axes[0].imshow(np.hstack(x[::50, 0]), cmap="gray")
axes[1].plot(losses)
axes[2].imshow(show.kernels(weights["conv"][0]))
for axis, title in zip(axes, ("four classes", f"loss; {right:.0%} are right", "kernels"), strict=True):
    axis.set_title(title)
axes[0].set_axis_off()
axes[2].set_axis_off()

# %%
# The four pictures belong to the four classes. Each learned kernel looks for a wave of one direction.
#
# Data: made by this code.
