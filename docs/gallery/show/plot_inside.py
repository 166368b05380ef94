"""
What a small network looks at
=============================

`saliency` is the gradient of a score, `guided_backprop` the same with less noise. `class_model` is
a picture with a high score. `embed` gives features. `activity` tells which filters are dead, as
:class:`imfilter.show.Activity`.

The command::

    imfilter show saliency digit.png out.png --network lenet5 --weights lenet5.npz --label 2 --range=-1,1
"""

import matplotlib.pyplot as plt
import numpy as np

from imfilter import layers, show

random = np.random.default_rng(0)
x = random.normal(0, 0.1, (120, 1, 16, 16)).astype(np.float32)
labels = np.repeat((0, 1), 60)
for picture, label in zip(x[:, 0], labels, strict=True):  # a cross or a ring, somewhere
    i, j = random.integers(1, 8, 2)
    r, c = np.mgrid[-3:4, -3:4]
    picture[i : i + 7, j : j + 7] += (r * c == 0) if label == 0 else (np.hypot(r, c).round() == 3)
stack = layers.Stack(
    [
        layers.Conv(8, 5, name="conv"),
        layers.Activation("relu"),
        layers.Pool(3),
        layers.Flatten(),
        layers.Dense(8, name="features"),
        layers.Activation("relu"),
        layers.Dense(2, name="fc"),
    ],
    input_shape=(1, 16, 16),
)
weights = stack.initial_weights(seed=1)
for _ in range(80):
    slope = layers.cross_entropy(stack.forward(x, weights), labels)[1]
    for name, gradients in stack.backward(x, weights, slope)[1].items():
        for array, gradient in zip(weights[name], gradients, strict=True):
            array -= 0.2 * gradient
one = x[80]
saliency = show.saliency(stack, weights, one, 1)
guided = show.guided_backprop(stack, weights, one, 1)
model = show.class_model(stack, weights, 1, steps=60)
features = show.embed(stack, weights, x)
dead = show.activity(stack, weights, x).dead

figure, axes = plt.subplots(1, 5, figsize=(11, 2.6), layout="constrained")
shown = {"a ring": one, "saliency": saliency, "guided_backprop": guided, "class_model": model}
for axis, (title, picture) in zip(axes, shown.items(), strict=False):
    axis.imshow(np.squeeze(picture), cmap="gray")
    axis.set_title(title)
    axis.set_axis_off()
best = np.argsort(features.std(axis=0))[-2:]
axes[4].scatter(*features[:, best].T, c=labels, s=8, cmap="coolwarm")
axes[4].set_title("embed")

# %%
# The network has learned crosses and rings. The saliency is strongest on the ring. The points are two
# features of all pictures, with a colour for each class.
#
# Data: made by this code.
