"""
A kernel for each position
==========================

`dynamic_conv` takes kernels that differ from position to position.
"""

import matplotlib.pyplot as plt
import numpy as np
from skimage import data

from imfilter import layers

image = data.camera()[60:310, 130:380].astype(np.float32)
rows = np.linspace(0, 1, 250, dtype=np.float32)[:, None]
blur = np.full((7, 7), 1 / 49, np.float32)
sharp = np.zeros((7, 7), np.float32)
sharp[3, 3] = 1
weight = blur[..., None, None] * (1 - rows) + sharp[..., None, None] * rows  # 7 x 7 x 250 x 1
weight = np.broadcast_to(weight, (7, 7, 250, 250))
result = layers.dynamic_conv(image[None, None], weight[None, None, None], padding=3)

pictures = {
    "before": image,
    "blurred at the top": result[0, 0],
}
figure, axes = plt.subplots(1, 2, figsize=(8, 4.3), layout="constrained")
for axis, (title, picture) in zip(axes.flat, pictures.items(), strict=True):
    axis.imshow(picture, cmap="gray")
    axis.set_title(title)
    axis.set_axis_off()

# %%
# The building is blurred, and the feet of the tripod are sharp.
#
# Picture: `skimage.data.camera`, by Lav Varshney, CC0.
