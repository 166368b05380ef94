"""
Branches, sums and normalization
================================

`Branches` concatenates channels, `Residual` adds its input, `BatchNorm` normalizes, and
`GlobalPool` gives one number for each channel.
"""

import matplotlib.pyplot as plt
import numpy as np
from skimage import data

from imfilter import layers

image = data.camera()[60:310, 130:380].astype(np.float32)[None] / 255
narrow = [layers.Conv(2, 3, padding=1, name="narrow")]
wide = [layers.Conv(2, 9, padding=4, name="wide")]
inside = layers.Conv(4, 3, padding=1, name="inside")
stack = layers.Stack(
    [
        layers.Branches([narrow, wide]),
        layers.Residual([inside, layers.BatchNorm(name="norm")], name="sum"),
        layers.GlobalPool(),
    ],
    input_shape=(1, 250, 250),
)
weights = stack.initial_weights(seed=3)
maps = next(maps for maps in stack.results(image, weights).values() if maps.shape[0] == 4)

figure, axes = plt.subplots(1, 5, figsize=(10, 2.4), layout="constrained")
for axis, (title, picture) in zip(
    axes, [("before", image[0]), *((f"map {i}", one) for i, one in enumerate(maps))], strict=True
):
    axis.imshow(picture, cmap="gray")
    axis.set_title(title)
    axis.set_axis_off()

# %%
# Each map has random weights. The first two come from narrow kernels, the others from wide ones, so
# they are softer.
#
# Picture: `skimage.data.camera`, by Lav Varshney, CC0.
